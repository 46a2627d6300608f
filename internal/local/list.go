package local

import (
	"errors"
	"fmt"
	"strings"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/settings"
	"github.com/podtest/podtest/internal/wire"
)

// ended is the end of a run as an error.
type ended struct{ plan.Ending }

func (e ended) Error() string { return e.Message }

func endedBy(result v1alpha1.Result, reason string, exit int32, format string, args ...any) error {
	return ended{plan.Ending{Result: string(result), Reason: reason, Exit: exit, Message: fmt.Sprintf(format, args...)}}
}

func listFailed(err error) error {
	message := strings.ReplaceAll(err.Error(), "in the image", "on this machine")
	return endedBy(v1alpha1.ResultError, v1alpha1.ReasonListFailed, v1alpha1.ExitListFailed, "%s", message)
}

func wrongSetup(format string, args ...any) error {
	return endedBy(v1alpha1.ResultError, v1alpha1.ReasonInvalidSpec, v1alpha1.ExitSetup, format, args...)
}

func wrongFilter(message string) error {
	return endedBy(v1alpha1.ResultError, v1alpha1.ReasonInvalidFilter, v1alpha1.ExitFilter, "%s", message)
}

// list asks the test binaries for their tests, and resolves what holds for each.
func (p *play) list() error {
	if err := p.check(); err != nil {
		return err
	}
	parts, err := p.askRunner()
	if err != nil {
		return err
	}
	if last := parts[len(parts)-1]; last.Error != "" {
		return listFailed(errors.New(last.Error))
	}
	if p.cat, err = catalog.New(parts...); err != nil {
		return listFailed(err)
	}
	p.goHome()
	p.cat.Stress = p.run.Spec.Stress != nil
	p.set, err = settings.Resolve(&p.run.Spec, p.o.From, p.cat)
	if _, filter := errors.AsType[*settings.FilterError](err); filter {
		return wrongFilter(err.Error())
	}
	if err != nil {
		return wrongSetup("%s", err)
	}
	p.setListed()
	return nil
}

// check tells what is wrong with the spec before anything is started.
func (p *play) check() error {
	var all []string
	filters := true
	for _, wrong := range suites(&p.run.Spec) {
		all, filters = append(all, wrong), false
	}
	for _, wrong := range settings.CheckMerged(&p.run.Spec, p.o.From) {
		all = append(all, wrong.Field+": "+wrong.Message)
		filters = filters && wrong.Filter
	}
	switch {
	case len(all) == 0:
		return nil
	case filters:
		return wrongFilter(strings.Join(all, "\n"))
	}
	return wrongSetup("%s", strings.Join(all, "\n"))
}

// askRunner has a runner list.
func (p *play) askRunner() ([]wire.Catalog, error) {
	r, err := startRunner(p.o.Runner, p.environ)
	if err != nil {
		return nil, listFailed(err)
	}
	told := make(chan listing, 1)
	go func() { told <- listen(r, manifest.AgentConfig(p.run, manifest.AgentLists)) }()
	interrupted := false
	for {
		select {
		case l := <-told:
			_ = r.send(wire.ToRunner{Done: &wire.Done{}})
			err := r.end()
			p.o.Family.Sweep()
			switch {
			case interrupted:
				return nil, endedBy(v1alpha1.ResultCancelled, v1alpha1.ReasonCancelled, v1alpha1.ExitCancelled,
					"interrupted before the tests were listed")
			case l.err != nil:
				return nil, listFailed(fmt.Errorf("the runner died: %w", errors.Join(err, l.err)))
			}
			return l.parts, nil
		case <-p.o.Interrupt:
			if interrupted {
				r.kill()
			}
			interrupted = true
			_ = r.send(wire.ToRunner{Done: &wire.Done{}})
		case <-p.tick.C:
			p.tell(p.follower.Progress(p.o.Now()))
		}
	}
}

// listing is what a runner has told.
type listing struct {
	parts []wire.Catalog
	err   error
}

func listen(r *runner, c wire.Config) (l listing) {
	if l.err = r.greet(c); l.err != nil {
		return l
	}
	for {
		var m wire.ToReporter
		if l.err = r.from.Receive(&m); l.err != nil {
			return l
		}
		switch {
		case m.Catalog != nil:
			l.parts = append(l.parts, *m.Catalog)
			if m.Catalog.Last {
				return l
			}
		case m.Bye != nil:
			l.err = errors.New("it ended without telling any tests")
			return l
		}
	}
}

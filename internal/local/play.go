package local

import (
	"math"
	"os"
	"strings"
	"time"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/settings"
	"github.com/podtest/podtest/internal/wire"
)

// play is a run in progress.
type play struct {
	o       Options
	run     *v1alpha1.TestRun
	cat     *catalog.Catalog
	set     *settings.Resolved
	told    []wire.TestSettings // as runners are told
	state   *plan.State
	host    string
	temp    string // holds all that is left on disk while the run goes on
	environ []string
	setUp   []int // fixtures whose setup was begun

	workers map[int]*worker // that live
	ledgers []*ledger
	outputs outputs
	events  chan event
	tick    *time.Ticker
	asked   int // how often the user has asked for the end
	over    bool

	follower report.Follower
	shown    time.Time // when all was shown last
	broken   error     // nobody reads any more
	began    time.Time
}

const (
	eventsHeld    = 256
	progressEvery = 100 * time.Millisecond
)

func nameOf(entry string) string {
	name, _, _ := strings.Cut(entry, "=")
	return name
}

func (p *play) close() {
	p.tick.Stop()
	_ = os.RemoveAll(p.temp)
}

// work runs the selected tests until there is an end.
func (p *play) work() error {
	p.told = manifest.AgentSettings(p.run, p.set)
	p.state = plan.New(p.facts(), p.o.Now())
	defer p.dismiss()
	for {
		again, err := p.advance()
		if err != nil {
			return err
		}
		p.show()
		p.await(again)
	}
}

// facts are those of one worker that takes tests of all classes: what is kept apart in pods is kept apart in processes
// anyway.
func (p *play) facts() plan.Facts {
	f := manifest.Facts(p.run, p.set)
	f.Classes = []string{plan.ClassDefault}
	f.Settings.Alone, f.Settings.MaxTests = false, math.MaxInt
	policies := make([]plan.Policy, len(f.Policies))
	for i, policy := range f.Policies {
		policy.Class, policy.Alone, policy.RetryAlone = 0, false, false
		policies[i] = policy
	}
	f.Policies = policies
	return f
}

// advance does what is to be done now, and says when to look again; zero: nobody knows. The error is the end.
func (p *play) advance() (time.Time, error) {
	now := p.o.Now()
	step := p.state.Next(now)
	if step.Ending != nil {
		p.over = true
		return now, ended{p.asNextest(*step.Ending)}
	}
	for _, s := range step.Start {
		if err := p.start(s); err != nil {
			return now, wrongSetup("%s", err)
		}
	}
	again := step.Again
	for _, w := range p.workers {
		if g := p.grant(w); sooner(g, again) {
			again = g
		}
	}
	if at := p.state.TestsStarted(); !at.IsZero() {
		p.noteStart(at)
	}
	return again, nil
}

// asNextest ends a run that the user has interrupted with nextest's exit code: its tests have not passed.
func (p *play) asNextest(e plan.Ending) plan.Ending {
	if e.Reason == v1alpha1.ReasonCancelled {
		e.Message = "interrupted" + strings.TrimPrefix(e.Message, "cancelled")
		e.Exit = v1alpha1.ExitTestsFailed
	}
	return e
}

func sooner(a, than time.Time) bool { return !a.IsZero() && (than.IsZero() || a.Before(than)) }

// await waits for something to happen, and takes in all that has.
func (p *play) await(again time.Time) {
	var due <-chan time.Time
	if !again.IsZero() {
		timer := time.NewTimer(max(0, again.Sub(p.o.Now())))
		defer timer.Stop()
		due = timer.C
	}
	select {
	case e := <-p.events:
		p.take(e)
	case <-p.o.Interrupt:
		p.interrupted()
	case <-due:
	case <-p.tick.C:
	}
	for range eventsHeld {
		select {
		case e := <-p.events:
			p.take(e)
		default:
			return
		}
	}
}

// interrupted: at first what runs is asked to end, then it is killed.
func (p *play) interrupted() {
	p.asked++
	p.state.Cancel(p.asked > 1)
	text := "the tests that run are asked to end; interrupt again to kill them"
	if p.asked > 1 {
		text = "the tests that run are killed"
	}
	now := p.o.Now()
	p.tell(report.Note{Word: "INTERRUPTED", Elapsed: report.Since(p.began, now), Text: text})
}

// dismiss ends all runners, and returns when nothing of them is left.
func (p *play) dismiss() {
	for _, w := range p.workers {
		if p.asked > 1 {
			w.stop(plan.StopKill)
		}
		w.patience = time.AfterFunc(dismissPatience, w.runner.kill)
		_ = w.runner.send(wire.ToRunner{Done: &wire.Done{}})
	}
	for len(p.workers) > 0 {
		select {
		case e := <-p.events:
			p.take(e)
		case <-p.o.Interrupt:
			for _, w := range p.workers {
				w.stop(plan.StopKill)
			}
		}
	}
	p.o.Family.Sweep()
}

package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/podtest/podtest/internal/agent/process"
	"github.com/podtest/podtest/internal/harness"
	"github.com/podtest/podtest/internal/wire"
)

// partSize is about how much of a catalog goes into one message, in bytes of JSON; the collector takes 4 MiB.
const partSize = 2 << 20

// list asks all binaries for their tests, tells the reporter, and returns when the catalog is stored.
func (r *runner) list(ctx context.Context) error {
	ctx, end := context.WithCancelCause(ctx)
	defer end(nil)
	go func() { end(orDone(r.receive(func(m wire.ToRunner) bool { return m.Done == nil }))) }()

	timed, stop := r.timed(ctx)
	defer stop()
	binaries, tests, err := harness.List(timed, r.config.Suites, r.harnesses, harness.PruneBy(r.config), r.runToList)
	if ctx.Err() == nil {
		if err := r.tell(binaries, tests, err); err != nil {
			return err
		}
		<-ctx.Done()
	}
	return r.bye("", context.Cause(ctx))
}

// orDone is the end that the reporter asked for, if nothing went wrong.
func orDone(err error) error {
	if err == nil {
		return errDone
	}
	return err
}

func (r *runner) timed(ctx context.Context) (context.Context, context.CancelFunc) {
	limit := time.Duration(r.config.ListTimeoutMS) * time.Millisecond
	if limit <= 0 {
		return context.WithCancel(ctx)
	}
	return context.WithTimeoutCause(ctx, limit, listTimeout(limit))
}

type listTimeout time.Duration

func (t listTimeout) Error() string {
	return fmt.Sprintf("not done when listTimeout (%s) was over: raise spec.listTimeout if the binary needs longer",
		time.Duration(t))
}

func (r *runner) tell(binaries []wire.Binary, tests []wire.Listed, err error) error {
	if err != nil {
		return r.send(wire.ToReporter{Catalog: &wire.Catalog{Version: wire.Version, Last: true, Error: listError(err)}})
	}
	for _, part := range parts(binaries, tests) {
		if err := r.send(wire.ToReporter{Catalog: &part}); err != nil {
			return err
		}
	}
	return nil
}

// maxListError bounds what a condition will show.
const maxListError = 16 << 10

func listError(err error) string { return cutEnd(plain(err.Error()), maxListError) }

// parts cuts a catalog into messages. Each part holds the binaries that were not told before; indices count all.
func parts(binaries []wire.Binary, tests []wire.Listed) []wire.Catalog {
	catalogs := []wire.Catalog{{Version: wire.Version, Binaries: binaries}}
	size := 0
	for _, b := range binaries {
		size += len(b.ID) + len(b.Path) + len(b.Dir) + 64
	}
	for _, t := range tests {
		if size > partSize {
			catalogs = append(catalogs, wire.Catalog{Version: wire.Version, Part: len(catalogs)})
			size = 0
		}
		last := &catalogs[len(catalogs)-1]
		last.Tests = append(last.Tests, t)
		size += len(t.Name)*2 + 32
	}
	catalogs[len(catalogs)-1].Last = true
	return catalogs
}

// listLeak is how long the streams of a binary that has listed may stay open.
const (
	listLeak  = 2 * time.Second
	listGrace = time.Second
)

// runToList runs one command that lists. Its output counts only if all of it came.
func (r *runner) runToList(ctx context.Context, c harness.Command, w io.Writer) (harness.Exit, error) {
	if err := context.Cause(ctx); err != nil {
		return harness.Exit{}, err
	}
	stop := process.NewStopper()
	unhook := context.AfterFunc(ctx, func() { stop.Stop(listGrace) })
	defer unhook()
	p := process.Runner{Stop: stop, Family: r.options.Family}
	end, err := p.Run(process.Command{
		Argv: slices.Concat(r.config.ListWrapper, c.Argv), Dir: c.Dir,
		Env: r.options.environ(r.config).forLists(c.Env), Watch: w,
	}, process.Limits{Grace: listGrace, Leak: listLeak})
	switch {
	case err != nil:
		return harness.Exit{}, err
	case end.Stopped:
		return harness.Exit{}, withStderr(context.Cause(ctx), &p.Stderr)
	case end.Open:
		return harness.Exit{}, errors.New("it exited, but left a process that holds its output open: end it before")
	}
	exit := harness.Exit{Code: end.Status.ExitStatus(), Stderr: p.Stderr.End(stderrForHarness)}
	if end.Status.Signaled() {
		exit.Signal = signalName(end.Status.Signal())
	}
	return exit, nil
}

func withStderr(err error, s *process.Stream) error {
	text := harness.Printable(s.End(stderrForHarness))
	if text == "" {
		return err
	}
	return fmt.Errorf("%w; it printed to standard error: %s", err, text)
}

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"sync"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/report/ci"
	"github.com/podtest/podtest/internal/report/follow"
)

func (c *cli) watchVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "watch NAME",
		Short: "Follow a run that exists, from its beginning, and exit with its exit code",
		Example: c.example(
			"podtest watch checkout --namespace ci"),
		Args:              c.named("", 0, 0),
		ValidArgsFunction: c.completeRuns,
	}
	o := addFollowFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		cluster, run, err := c.get(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		return c.follow(cmd.Context(), cluster, run, o)
	}
	return cmd
}

// followFlags are those of the verbs that follow a run: run, watch and rerun.
type followFlags struct {
	display *displayFlags
	files   *reportFiles
	ci      *ciFlags
	cancel  *bool // the first interrupt cancels the run
}

func addFollowFlags(cmd *cobra.Command) followFlags {
	return followFlags{
		display: addDisplayFlags(cmd), files: addReportFiles(cmd), ci: addCIFlag(cmd),
		cancel: cmd.Flags().Bool("cancel-on-interrupt", false,
			"when interrupted, cancel the run and follow it to its end; the second time kill its tests and end at once"),
	}
}

// follow shows a run until it ends and writes its reports; the error is its exit code, if that is not 0.
func (c *cli) follow(ctx context.Context, cluster client.WithWatch, run *v1alpha1.TestRun, o followFlags) error {
	shown, err := c.begin(o)
	if err != nil {
		return err
	}
	if *o.cancel && ctx.Err() == nil {
		shown = &guarded{sink: shown}
		following, done := c.cancelling(ctx, cluster, run, shown)
		defer done()
		ctx = following
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	var broken error // such as a closed pipe: nobody reads any more
	source := follow.Source{
		Client: cluster, Follower: o.display.follower(c.command), Tick: time.Second, Now: c.now,
		Print: func(e report.Event) {
			if err := shown.Show(e); err != nil && broken == nil {
				broken = err
				stop(broken)
			}
		},
	}
	end, err := source.Follow(ctx, run)
	if err := shown.Close(); err != nil && broken == nil {
		broken = err
	}
	if broken != nil {
		return c.unwritten(broken)
	}
	if err != nil {
		return c.left(run, err)
	}
	return c.exit(end, c.report(ctx, cluster, end, o))
}

// begin is the display of a run, in the log of a CI system too.
func (c *cli) begin(o followFlags) (sink, error) {
	if o.display.machine() {
		o.ci.asked = string(ci.None) // standard output is for events alone
	}
	if err := c.beginCI(o.ci); err != nil {
		return nil, err
	}
	return c.display(o.display, o.ci), nil
}

// exit is the exit code of a run that has ended. Trouble with its reports is the smaller news, unless all is well.
func (c *cli) exit(end *v1alpha1.TestRun, trouble error) error {
	switch code := end.Status.ExitCode; {
	case code == nil:
		return fmt.Errorf("TestRun %s/%s has ended without an exit code: is it of another version of podtest?",
			end.Namespace, end.Name)
	case *code == 0:
		return trouble
	case trouble != nil:
		fmt.Fprintf(c.err, "error: %s\n", c.explain(trouble))
	}
	return exitCode(*end.Status.ExitCode)
}

// report tells of a run that has ended: to the CI system, and in files. Of a run whose tests are not known there is
// nothing to write to files.
func (c *cli) report(ctx context.Context, cluster client.WithWatch, end *v1alpha1.TestRun, o followFlags) error {
	in := report.Input{Run: end, Now: c.now()}
	unknown := listed(end)
	if (o.files.wanted() || o.ci.wantsInput()) && unknown == nil {
		var err error
		if err = c.settled(ctx, cluster, end); err != nil {
			return err
		}
		if in, err = c.input(ctx, cluster, end); err != nil {
			return err
		}
	}
	return c.reportOf(in, unknown, o)
}

// settled waits a moment for the ends of the workers: the verdict may be told before their pods are gone.
func (c *cli) settled(ctx context.Context, cluster client.Client, run *v1alpha1.TestRun) error {
	for range c.patience {
		book, err := open(ctx, cluster, run)
		if err != nil {
			return err
		}
		unfinished := func(w report.Worker) bool { return w.Cause == "" }
		if !slices.ContainsFunc(book.Workers(), unfinished) {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(time.Second / 4):
		}
	}
	return nil
}

// reportOf is report of a run of which all is there; unknown says why its tests are not known.
func (c *cli) reportOf(in report.Input, unknown error, o followFlags) error {
	c.endCI(o.ci, in)
	c.hintCI(o.ci, o.files)
	switch {
	case !o.files.wanted():
		return nil
	case unknown != nil:
		fmt.Fprintf(c.err, "no report is written: %s\n", report.Block(unknown.Error()))
		return nil
	}
	return o.files.write(in, c.command)
}

// left is for a run that is not followed to its end.
func (c *cli) left(run *v1alpha1.TestRun, err error) error {
	switch {
	case errors.Is(err, errKilled):
		fmt.Fprintf(c.err, "interrupted twice: the tests of the run are killed\n")
		return exitCode(v1alpha1.ExitCancelled)
	case errors.Is(err, context.Canceled):
		which := fmt.Sprintf("--namespace %s %s", run.Namespace, run.Name)
		fmt.Fprintf(c.err, "interrupted: the run goes on\n  follow it:   %s watch %s\n  or end it:   %s cancel %s\n",
			c.command, which, c.command, which)
		return exitCode(v1alpha1.ExitCancelled)
	case errors.Is(err, follow.ErrDeleted):
		fmt.Fprintf(c.err, "error: %s\n", c.explain(err))
		return exitCode(v1alpha1.ExitCancelled)
	}
	return err
}

// errKilled ends the following of a run whose tests are killed.
var errKilled = errors.New("interrupted twice")

// cancelling has the first interrupt cancel the run, and the second kill its tests and end the context it returns.
// done is to be called when the run is no longer followed.
func (c *cli) cancelling(
	ctx context.Context, cluster client.Client, run *v1alpha1.TestRun, shown sink,
) (following context.Context, done func()) {
	interrupts, ignore := c.interrupts()
	following, stop := context.WithCancelCause(context.WithoutCancel(ctx))
	var watching sync.WaitGroup
	watching.Go(func() {
		for _, force := range []bool{false, true} {
			select {
			case <-following.Done():
				return
			case <-interrupts:
			}
			if err := c.cancel(following, cluster, run, force); err != nil {
				stop(err)
				return
			}
			if !force {
				_ = shown.Show(report.Note{ // what comes next tells if it cannot be written
					Word: "INTERRUPTED", Elapsed: report.Since(run.CreationTimestamp.Time, c.now()),
					Text: "the run is cancelled: what runs is asked to end; interrupt again to kill it",
				})
			}
		}
		stop(errKilled)
	})
	return following, func() {
		ignore()
		stop(nil)
		watching.Wait()
	}
}

// guarded is a sink for several who have something to show.
type guarded struct {
	sink
	one sync.Mutex
}

func (g *guarded) Show(e report.Event) error {
	g.one.Lock()
	defer g.one.Unlock()
	return g.sink.Show(e)
}

func (g *guarded) Close() error {
	g.one.Lock()
	defer g.one.Unlock()
	return g.sink.Close()
}

// interrupted tells of signals that ask podtest to end.
func interrupted() (signals <-chan os.Signal, ignore func()) {
	ch := make(chan os.Signal, 2)
	signal.Notify(ch, os.Interrupt, syscall.SIGTERM)
	return ch, func() { signal.Stop(ch) }
}

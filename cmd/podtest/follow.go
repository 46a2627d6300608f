package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/report"
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
}

func addFollowFlags(cmd *cobra.Command) followFlags {
	return followFlags{display: addDisplayFlags(cmd), files: addReportFiles(cmd), ci: addCIFlag(cmd)}
}

// follow shows a run until it ends and writes its reports; the error is its exit code, if that is not 0.
func (c *cli) follow(ctx context.Context, cluster client.WithWatch, run *v1alpha1.TestRun, o followFlags) error {
	if err := c.beginCI(o.ci); err != nil {
		return err
	}
	shown := c.display(o.display, o.ci)
	var broken error // such as a closed pipe: nobody reads any more
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	source := follow.Source{
		Client: cluster, Command: c.command, Tick: time.Second, Now: c.now,
		Print: func(e report.Event) {
			if err := shown.Show(e); err != nil && broken == nil {
				broken = err
				stop(broken)
			}
		},
	}
	end, err := source.Follow(ctx, run)
	switch {
	case broken != nil:
		fmt.Fprintf(c.err, "error: %v\n", broken)
		return exitCode(v1alpha1.ExitOutput)
	case errors.Is(err, context.Canceled):
		which := fmt.Sprintf("--namespace %s %s", run.Namespace, run.Name)
		fmt.Fprintf(c.err, "\ninterrupted: the run goes on\n  follow it:   %s watch %s\n  or end it:   %s cancel %s\n",
			c.command, which, c.command, which)
		return exitCode(v1alpha1.ExitCancelled)
	case errors.Is(err, follow.ErrDeleted):
		fmt.Fprintf(c.err, "\nerror: %v\n", err)
		return exitCode(v1alpha1.ExitCancelled)
	case err != nil:
		return err
	}
	return c.exit(end, c.report(ctx, cluster, end, o))
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
		if in, err = c.input(ctx, cluster, end); err != nil {
			return err
		}
	}
	return c.reportOf(in, unknown, o)
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
	return o.files.write(in)
}

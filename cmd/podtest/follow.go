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
}

func addFollowFlags(cmd *cobra.Command) followFlags {
	return followFlags{display: addDisplayFlags(cmd), files: addReportFiles(cmd)}
}

// follow shows a run until it ends and writes its reports; the error is its exit code, if that is not 0.
func (c *cli) follow(ctx context.Context, cluster client.WithWatch, run *v1alpha1.TestRun, o followFlags) error {
	shown := c.display(o.display)
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
		return broken
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
	if o.files.wanted() {
		in, err := c.input(ctx, cluster, end)
		if err != nil {
			return err
		}
		if err := o.files.write(in); err != nil {
			return err
		}
	}
	switch {
	case end.Status.ExitCode == nil:
		return fmt.Errorf("TestRun %s/%s has ended without an exit code: is it of another version of podtest?",
			run.Namespace, run.Name)
	case *end.Status.ExitCode != 0:
		return exitCode(*end.Status.ExitCode)
	}
	return nil
}

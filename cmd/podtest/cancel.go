package main

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
)

func (c *cli) cancelVerb() *cobra.Command {
	force := false
	cmd := &cobra.Command{
		Use:   "cancel NAME",
		Short: "End a run: running tests are stopped, the rest are not run",
		Long: `Ends a run: running tests are asked to end and killed when their grace period is over, with --force at once;
the rest are not run. What has its verdict keeps it, and all results stay readable. It cannot be taken back; to pause
a run, set its spec.suspend.`,
		Example: c.example(
			"podtest cancel checkout --namespace ci",
			"podtest cancel checkout --force"),
		Args:              c.named("", 0, 0),
		ValidArgsFunction: c.completeRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			cluster, run, err := c.get(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if run.Status.CompletionTime != nil {
				fmt.Fprintf(c.out, "testrun.podtest.dev/%s has ended before: %s\n", run.Name, run.Status.Result)
				return nil
			}
			if err := c.cancel(cmd.Context(), cluster, run, force); err != nil {
				return err
			}
			fmt.Fprintf(c.out, "testrun.podtest.dev/%s is being cancelled\n", run.Name)
			return nil
		},
	}
	cmd.Flags().BoolVar(&force, "force", false, "kill running tests at once")
	return cmd
}

// cancel asks for the end of a run.
func (c *cli) cancel(ctx context.Context, cluster client.Client, run *v1alpha1.TestRun, force bool) error {
	wish := `{"spec":{"cancel":true}}`
	if force {
		wish = `{"spec":{"cancel":true,"force":true}}`
	}
	patch := client.RawPatch(types.MergePatchType, []byte(wish))
	if err := cluster.Patch(ctx, run.DeepCopy(), patch, client.FieldOwner(fieldOwner)); err != nil {
		return fmt.Errorf("cancelling TestRun %s/%s: %w", run.Namespace, run.Name, err)
	}
	return nil
}

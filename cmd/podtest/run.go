package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
)

func (c *cli) runVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "run (-f FILE | -k FOLDER | --image IMAGE …) [NAMES]... [-- NAMES --skip NAME --exact]",
		Short: "Create TestRuns, follow them, and exit with their exit code",
		Long: `Creates the TestRuns of a manifest, of a kustomization, or of flags alone, follows one after the other
until it ends, and exits with its exit code; of several, with the first that is not 0. TestProfiles
among them are applied first. All is checked before the first of them is created. A run has one life:
to run the same tests again, give it another name with --name, or --generate-name.

Flags are spelt as cargo-nextest spells them. They win over the manifest: --filterset takes the place of
its filter, --retries and --flaky-result hold for every test, whatever overrides say. NAMES choose, among
what the filterset selects, the tests whose name contains one of them. After -- there may be more names,
--skip NAME (no test whose name contains it), --exact (names after -- are whole names), --ignored and
--include-ignored.`,
		Example: c.example(
			"podtest run -f testrun.yaml --namespace ci",
			"podtest run -f profile.yaml -f runs/ --retries 2 --max-fail 5",
			"podtest run -f - < testrun.yaml",
			"podtest run -k overlays/ci -E 'test(/^TestCheckout/) - test(slow)'",
			"podtest run --image registry.example/checkout-tests:1 --go '/tests/*.test' -j 8",
			"podtest run --image registry.example/t:1 --exec-list '/t list' --exec-run '/t run {id}' --memory 1Gi",
			"podtest run -f testrun.yaml --generate-name cart -- --skip slow",
			"podtest run -f testrun.yaml --follow=false -o name",
			"podtest run --local --go './*.test'"),
		Args:              cobra.ArbitraryArgs,
		ValidArgsFunction: cobra.NoFileCompletions,
	}
	source, creation, shown := addSourceFlags(cmd), addCreateFlags(cmd), addFollowFlags(cmd)
	here := addLocalFlags(cmd, source)
	completeBy(cmd, "profile", c.completeProfiles)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if here.on {
			return c.runLocal(args, here, shown)
		}
		if err := creation.complete(); err != nil {
			return err
		}
		set, err := source.read(c, args)
		if err != nil {
			return err
		}
		runs, cluster, err := c.create(cmd.Context(), set, creation)
		if err != nil || !creation.follow {
			return err
		}
		return c.followAll(cmd.Context(), cluster, runs, shown)
	}
	return cmd
}

// followAll follows one run after the other; the error is the first exit code that is not 0.
func (c *cli) followAll(
	ctx context.Context, cluster client.WithWatch, runs []*v1alpha1.TestRun, o followFlags,
) error {
	var first error
	for _, run := range runs {
		err := c.follow(ctx, cluster, run, o)
		if first == nil {
			first = err
		}
		if code := exitCode(0); err != nil && (ctx.Err() != nil || !errors.As(err, &code)) {
			return err
		}
	}
	return first
}

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/local"
	"github.com/podtest/podtest/internal/records"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/settings"
)

// listForms are how a list of tests may be shown.
var listForms = []string{"table", "human", "name", "json", "plan"}

// listFlags say what of a list is shown, and how.
type listFlags struct {
	output string
	all    bool
}

func (c *cli) listVerb() *cobra.Command {
	var o listFlags
	cmd := &cobra.Command{
		Use:   "list (NAME | --local (-f FILE | --go PATTERN …) [NAMES]...)",
		Short: "Show the tests of a run and what holds for each, or with --local those of binaries on this machine",
		Long: `Shows the tests of a run in the order of its catalog. NAME is a run of the cluster; one with
spec.mode: List starts no test pod: apply it to see the plan only. With --local the tests are those of
binaries on this machine, and no cluster is asked; manifests and flags are those of run --local.

Forms (-o): table, each test with its class of pods, group, weight, priority, attempts and timeout, is
what a run is shown as; human, the binaries with their tests beneath them as cargo-nextest shows them,
is what --local shows on a terminal; name, a line "<binary id> <name>" for each test, elsewhere; json is the shape of
cargo nextest list --message-format json and holds all tests; plan is a JSON object a line with every
setting, and which part of the spec said so.`,
		Example: c.example(
			"podtest list checkout --namespace ci",
			"podtest list checkout --all",
			"podtest list checkout -o plan | jq -r 'select(.class == \"heavy\") | .name'",
			"podtest list --local --go './*.test' -E 'test(/^TestCart/)'"),
		ValidArgsFunction: c.completeRuns,
	}
	here := addLocalFlags(cmd, addSourceFlags(cmd))
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if o.output != "" && !slices.Contains(listForms, o.output) {
			return fmt.Errorf("-o %s: want %s", o.output, strings.Join(listForms, ", "))
		}
		if here.on {
			return c.listHere(args, here, o)
		}
		return c.listRun(cmd.Context(), cmd, args, o)
	}
	cmd.Flags().StringVarP(&o.output, "output", "o", "",
		"table, human, name, json (as nextest's), or plan (JSON, an object a line)")
	cmd.Flags().BoolVar(&o.all, "all", false, "tests that are not selected too, with the reason; of table and plan")
	complete(cmd, "output", listForms...)
	return cmd
}

// onlyHere refuses flags that mean nothing for a run of the cluster.
func onlyHere(cmd *cobra.Command) error {
	var wrong error
	cmd.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Changed && !slices.Contains([]string{"all", "output", "local"}, f.Name) {
			wrong = fmt.Errorf("--%s goes with --local: a run of the cluster is listed as it is", f.Name)
		}
	})
	return wrong
}

// listRun lists a run of the cluster.
func (c *cli) listRun(ctx context.Context, cmd *cobra.Command, args []string, o listFlags) error {
	if err := c.named("", 0, 0)(cmd, args); err != nil {
		return err
	}
	if err := onlyHere(cmd); err != nil {
		return err
	}
	cluster, run, err := c.get(ctx, args[0])
	if err != nil {
		return err
	}
	if err := listed(run); err != nil {
		return err
	}
	cat, set, err := records.LoadTests(ctx, cluster, run)
	if err != nil {
		return fmt.Errorf("TestRun %s/%s: %w", run.Namespace, run.Name, err)
	}
	if o.output == "" {
		o.output = "table"
	}
	return c.showList(cat, set, o)
}

// listHere lists the tests of this machine; the error is the exit code of a run that would end here.
func (c *cli) listHere(args []string, here *localFlags, o listFlags) error {
	runs, err := here.read(c, args)
	if err != nil {
		return err
	}
	if o.output == "" {
		o.output = "name"
		if renderOptions(c.out).Terminal {
			o.output = "human"
		}
	}
	interrupt := onInterrupt()
	defer interrupt.stop()
	for _, m := range runs {
		m.options.Interrupt = interrupt.c
		l, err := local.List(m.options)
		if err != nil {
			return err
		}
		if code := l.Run.Status.ExitCode; code != nil {
			fmt.Fprintf(c.err, "error: %s\n", report.Block(l.Why))
			return exitCode(*code)
		}
		if err := c.showList(l.Catalog, l.Settings, o); err != nil {
			return err
		}
	}
	return nil
}

func (c *cli) showList(cat *catalog.Catalog, set *settings.Resolved, o listFlags) error {
	if o.output == "json" {
		return report.WriteListJSON(c.out, cat, set)
	}
	planned := report.Plan(cat, set, o.all && (o.output == "table" || o.output == "plan"))
	switch o.output {
	case "plan":
		return report.WriteJSONLines(c.out, planned)
	case "human", "name":
		return report.WriteNames(c.out, planned, o.output == "name")
	}
	return report.WritePlan(c.out, planned)
}

package main

import (
	"context"

	"github.com/spf13/cobra"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/report"
)

// compareFlags say what counts as a difference and how it is shown.
type compareFlags struct {
	output    string
	limit     int
	exitCode  bool
	least     report.Thresholds
	leastMiBs uint64
}

func (c *cli) compareVerb() *cobra.Command {
	o := compareFlags{output: "table", least: report.DefaultThresholds}
	cmd := &cobra.Command{
		Use:   "compare A B",
		Short: "Show what has changed from one run to another",
		Long: `Shows which tests fail newly, still and no longer, became flaky, are only in one of two runs, or take notably
more time or memory, from run A to run B. Tests are told by binary id and name, so the runs may be of other images and
suites. Time and memory are those of tests that passed in both.

The exit code is 0 whatever has changed; with --exit-code it is 100, as of a run whose tests failed, if a test fails in
B that does not fail in A.`,
		Example: c.example(
			"podtest compare nightly-41 nightly-42 --namespace ci",
			"podtest compare main-x7k2q @latest --exit-code",
			"podtest compare nightly-41 nightly-42 -o markdown --limit 20 >> \"$GITHUB_STEP_SUMMARY\""),
		Args: c.named(" and another's", 1, 1),
		ValidArgsFunction: func(cmd *cobra.Command, args []string, word string) ([]string, cobra.ShellCompDirective) {
			if len(args) > 1 {
				return nil, cobra.ShellCompDirectiveNoFileComp
			}
			return c.completeRuns(cmd, nil, word)
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(o.output, "table", "markdown"); err != nil {
				return err
			}
			o.least.MemoryKiB = o.leastMiBs << 10
			return c.compare(cmd.Context(), args[0], args[1], o)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&o.output, "output", "o", o.output, "table, markdown or one of "+documentFormats)
	flags.IntVar(&o.limit, "limit", 50, "how many tests of each kind are shown in a table or as markdown; 0: all")
	flags.BoolVar(&o.exitCode, "exit-code", false, "exit with 100 if tests fail newly")
	flags.Float64Var(&o.least.Ratio, "time-ratio", o.least.Ratio, "slower and faster: by this factor at least")
	flags.DurationVar(&o.least.Duration, "time-least", o.least.Duration, "slower and faster: by this time at least")
	flags.Float64Var(&o.least.MemoryRatio, "memory-ratio", o.least.MemoryRatio, "more memory: by this factor at least")
	flags.Uint64Var(&o.leastMiBs, "memory-least", o.least.MemoryKiB>>10, "more memory: by so many MiB at least")
	return cmd
}

func (c *cli) compare(ctx context.Context, a, b string, o compareFlags) error {
	before, err := c.resultsOf(ctx, a)
	if err != nil {
		return err
	}
	after, err := c.resultsOf(ctx, b)
	if err != nil {
		return err
	}
	compared := report.Compare(before, after, o.least)
	switch o.output {
	case "table":
		err = compared.Write(c.out, o.limit)
	case "markdown":
		err = compared.WriteMarkdown(c.out, o.limit)
	default:
		err = c.document(o.output, "TestComparison", compared)
	}
	if err == nil && o.exitCode && len(compared.Section(report.NewlyFailing).Tests) > 0 {
		return exitCode(v1alpha1.ExitTestsFailed)
	}
	return err
}

func (c *cli) resultsOf(ctx context.Context, name string) (report.ResultList, error) {
	cluster, run, err := c.get(ctx, name)
	if err != nil {
		return report.ResultList{}, err
	}
	book, err := open(ctx, cluster, run)
	if err != nil {
		return report.ResultList{}, err
	}
	return report.NewResultList(run, book.Results(run)), nil
}

package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/report"
)

// resultsFlags say which results are shown and how.
type resultsFlags struct {
	output, filterset, sort string
	outcomes                []string
	noHeaders               bool
}

func (c *cli) resultsVerb() *cobra.Command {
	o := resultsFlags{output: "table"}
	cmd := &cobra.Command{
		Use:   "results NAME",
		Short: "Show what became of each test of a run, a line a test",
		Long: `Shows what became of each selected test of a run, in the order of its catalog, also while the run
goes on. It reads the run's TestRecords and TestBatches, so it needs no manager. NAME may be @latest, as for all verbs:
the newest run of the namespace.

-o jsonl writes an object a line, which suits jq and grep; -o json and the like write one document.`,
		Example: c.example(
			"podtest results checkout --namespace ci",
			"podtest results @latest --outcome failed,timedOut,flaky",
			"podtest results checkout -E 'binary_id(unit::*) & test(cart)' --sort duration -o wide",
			"podtest results checkout -o jsonl | jq -r 'select(.peakRssKiB > 500000) | .name'"),
		Args:              c.named("", 0, 0),
		ValidArgsFunction: c.completeRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			cluster, run, err := c.get(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			results, err := o.results(cmd.Context(), cluster, run)
			if err != nil {
				return err
			}
			return c.writeResults(o, run, results)
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&o.output, "output", "o", o.output, "table, wide, name, jsonl or one of "+documentFormats)
	flags.StringVarP(&o.filterset, "filterset", "E", "", "only tests that this filterset matches, as in spec.filter")
	flags.StringSliceVar(&o.outcomes, "outcome", nil,
		"only tests that ended so: "+strings.Join(report.Words, ", ")+"; several with commas between")
	flags.StringVar(&o.sort, "sort", "", "order: "+strings.Join(report.Orders, ", ")+"; all but name largest first")
	flags.BoolVar(&o.noHeaders, "no-headers", false, "tables without their first line")
	return cmd
}

func (o *resultsFlags) check() error {
	if err := checkFormat(o.output, "table", "wide", "name", "jsonl"); err != nil {
		return err
	}
	for _, w := range o.outcomes {
		if !slices.Contains(report.Words, w) {
			return fmt.Errorf("--outcome %s: want some of %s", w, strings.Join(report.Words, ", "))
		}
	}
	if o.sort != "" && !slices.Contains(report.Orders, o.sort) {
		return fmt.Errorf("--sort %s: want one of %s", o.sort, strings.Join(report.Orders, ", "))
	}
	return nil
}

// results are those that are asked for.
func (o *resultsFlags) results(
	ctx context.Context, cluster client.Client, run *v1alpha1.TestRun,
) ([]report.Result, error) {
	book, err := open(ctx, cluster, run)
	if err != nil {
		return nil, err
	}
	matches := func(uint32) bool { return true }
	if o.filterset != "" {
		whole, _, err := effective(ctx, cluster, run)
		if err != nil {
			return nil, err
		}
		if matches, err = book.Matching(&whole.Spec, o.filterset); err != nil {
			return nil, fmt.Errorf("--filterset: %w", err)
		}
	}
	results := slices.DeleteFunc(book.Results(run), func(r report.Result) bool {
		return len(o.outcomes) > 0 && !slices.ContainsFunc(o.outcomes, r.Is) || !matches(r.Ordinal)
	})
	report.Sort(results, o.sort)
	return results, nil
}

func (c *cli) writeResults(o resultsFlags, run *v1alpha1.TestRun, results []report.Result) error {
	switch o.output {
	case "table", "wide":
		return report.Table{Wide: o.output == "wide", NoHeaders: o.noHeaders}.Write(c.out, results)
	case "name":
		return report.WriteResultNames(c.out, results)
	case "jsonl":
		return report.WriteJSONLines(c.out, results)
	}
	return c.document(o.output, "TestResults", report.NewResultList(run, results))
}

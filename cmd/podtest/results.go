package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/podtest/podtest/internal/report"
)

func (c *cli) resultsVerb() *cobra.Command {
	output := "table"
	var outcomes []string
	cmd := &cobra.Command{
		Use:   "results NAME",
		Short: "Show what became of each test of a run, a line a test",
		Long: `Shows what became of each selected test of a run, in the order of its catalog, also while the run
goes on. It reads the run's TestRecords and TestBatches, so it needs no manager.`,
		Example: c.example(
			"podtest results checkout --namespace ci",
			"podtest results checkout --outcome failed,timedOut",
			"podtest results checkout -o json | jq -r 'select(.peakRssKiB > 500000) | .name'"),
		Args:              c.named("", 0, 0),
		ValidArgsFunction: c.completeRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			if output != "table" && output != "json" {
				return fmt.Errorf("-o %s: want table or json", output)
			}
			if err := checkOutcomes(outcomes); err != nil {
				return err
			}
			cluster, run, err := c.get(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			book, err := open(cmd.Context(), cluster, run)
			if err != nil {
				return err
			}
			results := only(book.Results(run), outcomes)
			if output == "json" {
				return report.WriteJSON(c.out, results)
			}
			return report.WriteTable(c.out, results)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", output, "table or json (an object a line)")
	cmd.Flags().StringSliceVar(&outcomes, "outcome", nil,
		"only tests that ended so: "+strings.Join(report.Outcomes, ", ")+"; several with commas between")
	return cmd
}

func checkOutcomes(outcomes []string) error {
	for _, o := range outcomes {
		if !slices.Contains(report.Outcomes, o) {
			return fmt.Errorf("--outcome %s: want some of %s", o, strings.Join(report.Outcomes, ", "))
		}
	}
	return nil
}

func only(results []report.Result, outcomes []string) []report.Result {
	if len(outcomes) == 0 {
		return results
	}
	return slices.DeleteFunc(results, func(r report.Result) bool { return !slices.Contains(outcomes, r.Outcome) })
}

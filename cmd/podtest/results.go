package main

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/records"
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
		Args: c.named("", 0, 0),
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

// listed is an error while the tests of a run are not known.
func listed(run *v1alpha1.TestRun) error {
	if run.Status.Catalog != nil {
		return nil
	}
	why := "nobody has looked at the run yet: is podtest installed?"
	if l := meta.FindStatusCondition(run.Status.Conditions, v1alpha1.ConditionListed); l != nil {
		why = l.Message
	}
	return fmt.Errorf("the tests of TestRun %s/%s are not known: %s", run.Namespace, run.Name, why)
}

// open reads the catalog and all ledgers of a run.
func open(ctx context.Context, cluster client.Client, run *v1alpha1.TestRun) (*report.Book, error) {
	if err := listed(run); err != nil {
		return nil, err
	}
	cat, set, err := records.LoadTests(ctx, cluster, run)
	if err != nil {
		return nil, fmt.Errorf("TestRun %s/%s: %w", run.Namespace, run.Name, err)
	}
	book := report.NewBook(cat, set)
	var page v1alpha1.TestBatchList
	opts := []client.ListOption{
		client.InNamespace(run.Namespace), client.MatchingLabels{v1alpha1.LabelRunUID: string(run.UID)}, client.Limit(100),
	}
	for {
		if err := cluster.List(ctx, &page, append(opts, client.Continue(page.Continue))...); err != nil {
			return nil, fmt.Errorf("listing the batches of TestRun %s/%s: %w", run.Namespace, run.Name, err)
		}
		for i := range page.Items {
			if page.Items[i].Spec.Run.UID != run.UID {
				continue
			}
			if _, err := book.Read(&page.Items[i]); err != nil {
				return nil, err
			}
		}
		if page.Continue == "" {
			return book, nil
		}
	}
}

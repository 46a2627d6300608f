package main

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/records"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/wire"
)

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

// input reads all that reports of a run are made from, also while it goes on.
func (c *cli) input(ctx context.Context, r client.Client, run *v1alpha1.TestRun) (report.Input, error) {
	book, err := open(ctx, r, run)
	if err != nil {
		return report.Input{}, err
	}
	outputs := map[report.Try]wire.Output{}
	err = records.LoadOutputs(ctx, r, run, func(_ string, o wire.Output) error {
		outputs[report.Try{Ordinal: o.Ordinal, Attempt: o.Attempt}] = o
		return nil
	})
	if err != nil {
		return report.Input{}, fmt.Errorf("TestRun %s/%s: %w", run.Namespace, run.Name, err)
	}
	return report.Input{Run: run, Book: book, Outputs: outputs, Now: c.now()}, nil
}

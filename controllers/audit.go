package controllers

import (
	"context"
	"errors"
	"fmt"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/collector"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
)

// audit holds what the run is about to tell against its ledgers as they are stored. What it returns does not agree.
func (r *TestRunReconciler) audit(
	ctx context.Context, run *v1alpha1.TestRun, live *collector.Run, e plan.Ending,
) ([]error, error) {
	batches, err := r.storedBatches(ctx, run)
	if err != nil {
		return nil, err
	}
	var ledgers [][]outcome.Row
	for i := range batches {
		rows, err := outcome.Decode(batches[i].Status.Ledger)
		if err != nil {
			return []error{fmt.Errorf("the ledger of batch %s cannot be read: %w", batches[i].Name, err)}, nil
		}
		ledgers = append(ledgers, rows)
	}
	return live.Audit(ledgers, e.Result == string(v1alpha1.ResultPassed)), nil
}

// storedBatches are the run's batches, read past the cache.
func (r *TestRunReconciler) storedBatches(
	ctx context.Context, run *v1alpha1.TestRun,
) ([]v1alpha1.TestBatch, error) {
	var batches v1alpha1.TestBatchList
	sel := client.MatchingLabels{v1alpha1.LabelRunUID: string(run.UID)}
	if err := r.Live.List(ctx, &batches, client.InNamespace(run.Namespace), sel); err != nil {
		return nil, fmt.Errorf("reading the batches: %w", err)
	}
	return batches.Items, nil
}

// accountingBroken ends a run whose sums do not hold: better no verdict than a wrong one.
func accountingBroken(wrong []error) plan.Ending {
	return plan.Ending{
		Result: string(v1alpha1.ResultError), Reason: v1alpha1.ReasonAccountingBroken,
		Message: "podtest's own accounting is broken, please report this: " + errors.Join(wrong...).Error(),
		Exit:    v1alpha1.ExitInfrastructure,
	}
}

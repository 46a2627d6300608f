package controllers

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/records"
	"github.com/podtest/podtest/internal/settings"
)

// freezeBefore reads what an earlier pass has stored of the runs before a rerun, or else asks its parent, and stores
// that. The ending says what is wrong with the parent.
func (r *TestRunReconciler) freezeBefore(
	ctx context.Context, run *v1alpha1.TestRun,
) (*settings.Before, *plan.Ending, error) {
	before, err := records.GetBefore(ctx, r.store(), run)
	if err == nil || !errors.Is(err, records.ErrNotFound) || endedEarly(run) {
		return before, nil, ignoreMissing(err)
	}
	parent, wrong, err := r.parent(ctx, run)
	if wrong != "" {
		message := fmt.Sprintf("spec.rerun: TestRun %s %s", run.Spec.Rerun.Name, wrong)
		return nil, setupFailed(v1alpha1.ReasonInvalidSpec, message), nil
	}
	if err != nil {
		return nil, nil, err
	}
	if before, err = r.standings(ctx, parent); err != nil {
		return nil, nil, fmt.Errorf("spec.rerun: reading TestRun %s: %w", parent.Name, err)
	}
	return before, nil, records.PutBefore(ctx, r.store(), run, before)
}

func ignoreMissing(err error) error {
	if errors.Is(err, records.ErrNotFound) {
		return nil
	}
	return err
}

// parent is the run that is run again, or what keeps it from that.
func (r *TestRunReconciler) parent(
	ctx context.Context, run *v1alpha1.TestRun,
) (parent *v1alpha1.TestRun, wrong string, err error) {
	parent = &v1alpha1.TestRun{}
	err = r.Live.Get(ctx, client.ObjectKey{Namespace: run.Namespace, Name: run.Spec.Rerun.Name}, parent)
	switch {
	case apierrors.IsNotFound(err):
		return nil, "does not exist in namespace " + run.Namespace, nil
	case err != nil:
		return nil, "", fmt.Errorf("reading TestRun %s: %w", run.Spec.Rerun.Name, err)
	case !complete(parent):
		return nil, "has not ended yet: wait for it (podtest watch), or cancel it", nil
	case parent.Status.Catalog == nil:
		return nil, "never knew its tests, so that there is nothing to run again: create a new run", nil
	}
	return parent, "", nil
}

// standings is what is known after a run that has ended: its own verdicts, and for tests that it did not select what it
// knew of the runs before it.
func (r *TestRunReconciler) standings(ctx context.Context, run *v1alpha1.TestRun) (*settings.Before, error) {
	run = run.DeepCopy()
	from, err := records.Effective(ctx, r.store(), run)
	if err != nil {
		return nil, err
	}
	known, err := r.known(ctx, run, from)
	if err != nil {
		return nil, err
	}
	batches, err := r.storedBatches(ctx, run)
	if err != nil {
		return nil, err
	}
	ledger, err := fold(batches)
	if err != nil {
		return nil, err
	}
	before := from.Before
	if before == nil {
		before = &settings.Before{}
	}
	for ordinal := range known.Catalog.Tests {
		if known.Settings.Selected(uint32(ordinal)) {
			b, t := known.Catalog.Test(uint32(ordinal))
			before.Learn(b.ID, t.Name, ledger.standing(ordinal, known.Settings))
		}
	}
	return before, nil
}

// folded are the tests of a run by ordinal, each with its attempts.
type folded struct {
	tests map[uint32]*outcome.Folding
	end   int // above all ordinals
}

func fold(batches []v1alpha1.TestBatch) (folded, error) {
	all := folded{tests: map[uint32]*outcome.Folding{}}
	for i := range batches {
		rows, err := outcome.Decode(batches[i].Status.Ledger)
		if err != nil {
			return all, fmt.Errorf("reading the ledger of batch %s: %w", batches[i].Name, err)
		}
		for _, row := range rows {
			if all.tests[row.Ordinal] == nil {
				all.tests[row.Ordinal] = &outcome.Folding{}
			}
			all.tests[row.Ordinal].Add(row)
			all.end = max(all.end, int(row.Ordinal)+1)
		}
	}
	return all, nil
}

// standing is how a test of the catalog stands: of a stress run, as in its worst round.
func (f folded) standing(ordinal int, set *settings.Resolved) settings.Standing {
	rule := outcome.Rule{FlakyFails: set.Policy(uint32(ordinal)).FlakyFails}.Cut()
	worst := settings.HasPassed
	for o := ordinal; o < max(len(set.Tests), f.end); o += len(set.Of) {
		row, decided := outcome.Row{}, false
		if t := f.tests[uint32(o)]; t != nil {
			row, decided, _ = t.Final(rule)
		}
		switch {
		case decided && !row.Outcome.Good():
			return settings.HasFailed
		case !decided:
			worst = settings.HasNotRun
		}
	}
	return worst
}

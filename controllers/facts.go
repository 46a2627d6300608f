package controllers

import (
	"fmt"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/settings"
)

// factsOf is all that is stored of a run, as plan takes it.
func factsOf(run *v1alpha1.TestRun, set *settings.Resolved, batches []v1alpha1.TestBatch) (plan.Facts, error) {
	f := manifest.Facts(run, set)
	for i := range batches {
		b := &batches[i]
		if b.Spec.Run.UID != run.UID {
			continue
		}
		fact, err := batchFact(b)
		if err != nil {
			return f, err
		}
		f.Batches = append(f.Batches, fact)
	}
	return f, nil
}

func batchFact(b *v1alpha1.TestBatch) (plan.Batch, error) {
	rows, err := outcome.Decode(b.Status.Ledger)
	if err != nil {
		return plan.Batch{}, fmt.Errorf("reading the ledger of batch %s: %w", b.Name, err)
	}
	fact := plan.Batch{
		Index: int(b.Spec.Index), Class: b.Spec.Class, Rows: rows, Discarded: int(b.Status.Discarded),
	}
	for _, o := range b.Spec.Tests {
		fact.Tests = append(fact.Tests, uint32(o))
	}
	if e := b.Status.End; e != nil {
		fact.End = &plan.End{Cause: plan.Cause(e.Cause), Message: e.Message}
		for _, l := range e.Lost {
			fact.End.Lost = append(fact.End.Lost,
				plan.Held{Ordinal: uint32(l.Ordinal), Attempt: uint16(l.Attempt), Started: true})
		}
	}
	return fact, nil
}

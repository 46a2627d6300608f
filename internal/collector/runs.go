// Package collector is the manager's HTTPS endpoint that reporters talk to, and what the leader keeps of each run
// between passes: its plan.State, the ledgers of its batches, and when they are written. Only what is written to a
// TestBatch is acknowledged. Reconcilers and HTTP handlers meet in Runs.
package collector

import (
	"context"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/wire"
)

// Runs are the live runs of this leader, by UID. Safe for concurrent use.
type Runs struct{}

// NewRuns makes an empty set. c writes TestBatch status and TestRecords.
func NewRuns(c client.Client) *Runs { panic("contract") }

// Changed yields a TestRun (name and namespace only) when its reconciler should look again: the listing is complete or
// failed, the first failure came in, all tests have their verdict; else at most once a second for each run.
func (r *Runs) Changed() <-chan event.GenericEvent { panic("contract") }

// Expect makes the collector serve the listing pods of a run until Open or Forget.
func (r *Runs) Expect(run *v1alpha1.TestRun) { panic("contract") }

// Listed is what a listing pod of the run has told, all parts of it, or false while there is none. The pod gets its
// acknowledgement with Open (or Forget, if listing failed).
func (r *Runs) Listed(uid types.UID) (wire.Catalog, bool) { panic("contract") }

// Open begins to serve the workers of a run, from its recorded facts. It replaces nothing: the run that is there already is returned.
func (r *Runs) Open(run *v1alpha1.TestRun, cat *catalog.Catalog, facts plan.Facts, batches []v1alpha1.TestBatch) *Run {
	panic("contract")
}

// Get is the open run, or nil.
func (r *Runs) Get(uid types.UID) *Run { panic("contract") }

// Forget ends serving a run: reporters are told 410.
func (r *Runs) Forget(uid types.UID) { panic("contract") }

// Run is an open run. Safe for concurrent use.
type Run struct{}

// Update calls f with the State, under the run's lock. Waiting workers are answered anew afterwards.
func (r *Run) Update(f func(*plan.State)) { panic("contract") }

// AddBatch tells of a TestBatch that was made.
func (r *Run) AddBatch(b *v1alpha1.TestBatch) { panic("contract") }

// Flush writes every ledger that has something new, and returns when all of it is durable.
func (r *Run) Flush(ctx context.Context) error { panic("contract") }

// Close records how a batch's worker ended, with rows that came another way (termination message, plan.Judge), in one
// write, then tells the State. Closing a closed batch does nothing.
func (r *Run) Close(ctx context.Context, batch string, pod v1alpha1.BatchPod, end plan.End, late []outcome.Row) error {
	panic("contract")
}

// Failures are the first failed tests with what they said, at most 50, and Slowest the ten slowest.
func (r *Run) Failures() []v1alpha1.Failure { panic("contract") }

// Slowest are the tests that took longest, at most 10, longest first.
func (r *Run) Slowest() []v1alpha1.SlowTest { panic("contract") }

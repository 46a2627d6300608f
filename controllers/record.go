package controllers

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/types"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
)

// record writes the status in one patch, if it has changed, on condition that nobody wrote meanwhile.
func (r *TestRunReconciler) record(ctx context.Context, was, run *v1alpha1.TestRun) error {
	if equality.Semantic.DeepEqual(was.Status, run.Status) {
		return nil
	}
	patch := client.MergeFromWithOptions(was, client.MergeFromWithOptimisticLock{})
	effective := run.Spec.TestSettings // the answer has the run's own settings, without those of its profile
	err := r.Status().Patch(ctx, run, patch)
	run.Spec.TestSettings = effective
	if err != nil {
		return fmt.Errorf("writing the status: %w", err)
	}
	r.pace.wrote(run.UID, r.Clock.Now())
	return nil
}

// staleAgain is when to look again after a pass that was made on what the cache had not yet caught up with.
const staleAgain = 100 * time.Millisecond

// ours turns the errors that the next pass heals by itself into none. After a conflict nothing else may bring that
// pass: the write that came between may have been our own, and those of the status bring none.
func ours(res ctrl.Result, err error) (ctrl.Result, error) {
	switch {
	case apierrors.IsConflict(err):
		return ctrl.Result{RequeueAfter: staleAgain}, nil
	case apierrors.IsNotFound(err):
		return res, nil
	}
	return res, err
}

// statusEvery is how often a run's status is written while only its numbers change.
const statusEvery = time.Second

// pacer remembers when each run began, to the microsecond, and when its status was written last: soft state, for
// manners only. Another leader has the second of status.startTime.
type pacer struct {
	mu   sync.Mutex
	runs map[types.UID]*pace
}

type pace struct {
	begun, wrote time.Time
	doubted      bool
}

// firstDoubt is true once for each run.
func (p *pacer) firstDoubt(uid types.UID) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	first := !p.of(uid).doubted
	p.of(uid).doubted = true
	return first
}

func (p *pacer) of(uid types.UID) *pace {
	if p.runs == nil {
		p.runs = map[types.UID]*pace{}
	}
	if p.runs[uid] == nil {
		p.runs[uid] = &pace{}
	}
	return p.runs[uid]
}

// began notes the first pass over a run.
func (p *pacer) began(run *v1alpha1.TestRun, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if run.Status.StartTime == nil && p.of(run.UID).begun.IsZero() {
		p.of(run.UID).begun = now
	}
}

// start is when a run began.
func (p *pacer) start(run *v1alpha1.TestRun) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	if begun := p.of(run.UID).begun; !begun.IsZero() {
		return begun
	}
	return run.Status.StartTime.Time
}

// wait is how long a write has to be put off; 0 for at once.
func (p *pacer) wait(uid types.UID, now time.Time, urgent bool) time.Duration {
	if urgent {
		return 0
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(0, p.of(uid).wrote.Add(statusEvery).Sub(now))
}

func (p *pacer) wrote(uid types.UID, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.of(uid).wrote = now
	if len(p.runs) > manyRuns {
		maps.DeleteFunc(p.runs, func(_ types.UID, old *pace) bool { return now.Sub(old.wrote) > time.Hour })
	}
}

// manyRuns is when those are looked for that were deleted before their end, of which nobody told.
const manyRuns = 1000

func (p *pacer) forget(uid types.UID) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.runs, uid)
}

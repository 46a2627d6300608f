package controllers

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/collector"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/records"
	"github.com/podtest/podtest/internal/settings"
)

// run is a pass over a run whose tests are known.
func (r *TestRunReconciler) run(
	ctx context.Context, run *v1alpha1.TestRun, from settings.Provenance,
) (ctrl.Result, error) {
	live, prepared, err := r.ready(ctx, run, from)
	if err != nil || live == nil {
		return prepared, err
	}
	now := r.Clock.Now()
	var step plan.Step
	live.Update(func(s *plan.State) {
		s.Resize(int(run.Spec.Parallelism))
		s.Suspend(run.Spec.Suspend)
		if run.Spec.Cancel {
			s.Cancel(run.Spec.Force)
		}
		step = s.Next(now)
	})
	if step.Ending != nil {
		return ctrl.Result{}, r.conclude(ctx, run, live, *step.Ending)
	}
	wait, failed, err := r.keepServices(ctx, run, live)
	if err != nil {
		return ctrl.Result{}, err
	}
	if failed != nil {
		return ctrl.Result{}, r.conclude(ctx, run, live, *failed)
	}
	again, err := r.recordProgress(ctx, run, live, step)
	if err != nil {
		return ctrl.Result{}, err
	}
	if err := r.start(ctx, run, live, step.Start); err != nil {
		return ctrl.Result{}, err
	}
	return ctrl.Result{RequeueAfter: sooner(wait, sooner(again, until(step.Again, now)))}, nil
}

// ready is the run as the leader keeps it, once its fixtures are there; nil: they are not, yet or any more.
func (r *TestRunReconciler) ready(
	ctx context.Context, run *v1alpha1.TestRun, from settings.Provenance,
) (*collector.Run, ctrl.Result, error) {
	if live := r.Runs.Get(run.UID); live != nil {
		return live, ctrl.Result{}, nil
	}
	ok, wait, failed, err := r.prepare(ctx, run)
	if err != nil {
		return nil, ctrl.Result{}, err
	}
	if ok {
		live, err := r.open(ctx, run, from)
		return live, ctrl.Result{}, err
	}
	was := run.DeepCopy()
	r.begin(run)
	if failed != nil {
		return nil, ctrl.Result{}, r.end(ctx, was, run, *failed)
	}
	setUnderway(run, v1alpha1.ReasonPreparing, "fixtures are being set up", nil)
	return nil, ctrl.Result{RequeueAfter: wait}, r.record(ctx, was, run)
}

// known is what is stored of a run's tests, and what its spec makes of them.
func (r *TestRunReconciler) known(
	ctx context.Context, run *v1alpha1.TestRun, from settings.Provenance,
) (collector.Known, error) {
	cat, err := records.LoadCatalog(ctx, r.Live, run)
	if err != nil {
		return collector.Known{}, fmt.Errorf("reading the catalog: %w", err)
	}
	cat.Stress = run.Spec.Stress != nil
	set, err := settings.Resolve(&run.Spec, from, cat)
	if err != nil {
		return collector.Known{}, fmt.Errorf("resolving the settings of the tests: %w", err)
	}
	return collector.Known{Catalog: cat, Settings: set}, nil
}

// open is the run as the leader keeps it; a new leader rebuilds it from what is stored.
func (r *TestRunReconciler) open(
	ctx context.Context, run *v1alpha1.TestRun, from settings.Provenance,
) (*collector.Run, error) {
	if live := r.Runs.Get(run.UID); live != nil {
		return live, nil
	}
	known, err := r.known(ctx, run, from)
	if err != nil {
		return nil, err
	}
	batches, err := r.storedBatches(ctx, run)
	if err != nil {
		return nil, err
	}
	facts, err := factsOf(run, known.Settings, batches)
	if err != nil {
		return nil, err
	}
	return r.Runs.Open(run, known, facts, batches), nil
}

// recordProgress writes the numbers of this moment, at most once a second unless something else has changed too. It
// returns how long a write was put off.
func (r *TestRunReconciler) recordProgress(
	ctx context.Context, run *v1alpha1.TestRun, live *collector.Run, step plan.Step,
) (time.Duration, error) {
	was := run.DeepCopy()
	r.begin(run)
	setRunning(run, step.Blocked)
	firstFailure := len(was.Status.Failures) == 0
	r.fill(run, live)
	urgent := conditionsChanged(was, run) || (firstFailure && len(run.Status.Failures) > 0)
	if wait := r.pace.wait(run.UID, r.Clock.Now(), urgent); wait > 0 {
		return wait, nil
	}
	return 0, r.record(ctx, was, run)
}

// start makes the batches that are asked for. The TestBatch is the record; its own controller makes the pod.
func (r *TestRunReconciler) start(
	ctx context.Context, run *v1alpha1.TestRun, live *collector.Run, starts []plan.Start,
) error {
	for _, s := range starts {
		b := manifest.Batch(run, s.Index, live.Class(s.Class), s.Tests)
		err := r.Create(ctx, b)
		if apierrors.IsAlreadyExists(err) {
			err = r.adopt(ctx, run, b)
		}
		if apierrors.IsForbidden(err) || errors.Is(err, errForeign) {
			now := r.Clock.Now()
			live.Update(func(st *plan.State) { st.CreateFailed(*refusal(err), now) })
			r.Runs.Notify(run.UID)
			return nil
		}
		if err != nil {
			return fmt.Errorf("creating batch %s: %w", b.Name, err)
		}
		live.AddBatch(b)
	}
	return nil
}

// adopt takes a batch that exists for ours only if it is.
func (r *TestRunReconciler) adopt(ctx context.Context, run *v1alpha1.TestRun, b *v1alpha1.TestBatch) error {
	if err := r.Live.Get(ctx, client.ObjectKeyFromObject(b), b); err != nil {
		return err
	}
	if !metav1.IsControlledBy(b, run) {
		return foreign("TestBatch", b)
	}
	return nil
}

// conclude records the end of a run: first all ledgers, then the verdict.
func (r *TestRunReconciler) conclude(
	ctx context.Context, run *v1alpha1.TestRun, live *collector.Run, e plan.Ending,
) error {
	live.Freeze() // what comes after the verdict changes nothing
	if err := live.Flush(ctx); err != nil {
		return fmt.Errorf("writing the ledgers: %w", err)
	}
	switch wrong, err := r.audit(ctx, run, live, e); {
	case err != nil:
		return err
	case len(wrong) > 0 && r.pace.firstDoubt(run.UID):
		r.Runs.Reopen(live) // memory was wrong, the ledgers are not: the next pass has them alone
		return nil
	case len(wrong) > 0:
		e = accountingBroken(wrong)
	}
	was := run.DeepCopy()
	r.begin(run)
	r.fill(run, live)
	run.Status.Failures = withNotRun(run.Status.Failures, live.NotRun(maxFailures), e.Message)
	return r.end(ctx, was, run, e)
}

// end writes a run's verdict.
func (r *TestRunReconciler) end(ctx context.Context, was, run *v1alpha1.TestRun, e plan.Ending) error {
	r.setEnded(run, e)
	if err := r.record(ctx, was, run); err != nil {
		return err
	}
	if complete(run) {
		observeEnd(run)
	}
	kind := corev1.EventTypeNormal
	if e.Result != string(v1alpha1.ResultPassed) {
		kind = corev1.EventTypeWarning
	}
	r.tell(run, kind, e.Reason, "Complete", e.Message)
	return nil
}

func until(t, now time.Time) time.Duration {
	if t.IsZero() {
		return 0
	}
	return max(t.Sub(now), time.Millisecond)
}

// sooner is the shorter of two waits, where 0 is none.
func sooner(a, b time.Duration) time.Duration {
	if a == 0 || (b != 0 && b < a) {
		return b
	}
	return a
}

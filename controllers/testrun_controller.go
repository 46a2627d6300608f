// Package controllers holds the only code that decides with a client in hand: each pass observes, decides, records
// and acts, in this order. What to decide is asked of internal/plan; this package turns the answers into objects.
package controllers

import (
	"context"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/collector"
	"github.com/podtest/podtest/internal/manifest"
)

// TestRunReconciler brings a TestRun from its spec to its verdict: it has its tests listed, makes the batches that run
// them, and writes what has become of them into its status.
type TestRunReconciler struct {
	client.Client
	// Live reads past the cache: what a State is rebuilt from must not be stale.
	Live      client.Reader
	Runs      *collector.Runs
	Collector CollectorFunc
	Clock     clock.PassiveClock
	Events    events.EventRecorder

	pace   pacer
	frozen profiles
}

// CollectorFunc tells how reporters reach the collector now.
type CollectorFunc func(context.Context) (manifest.Collector, error)

// Reconcile is one pass over one run. A run is listed, then its tests run, then it is finished; which of these, its
// status tells.
func (r *TestRunReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	run := &v1alpha1.TestRun{}
	if err := r.Get(ctx, req.NamespacedName, run); err != nil {
		if apierrors.IsNotFound(err) {
			r.Runs.ForgetName(req.NamespacedName)
		}
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	from, wrong, err := r.effective(ctx, run)
	if err != nil && run.DeletionTimestamp.IsZero() {
		return ours(ctrl.Result{}, err)
	}
	if !run.DeletionTimestamp.IsZero() {
		r.Runs.Forget(run.UID) // the garbage collector takes what belongs to it
		res, err := r.finalized(ctx, run)
		return ours(res, err)
	}
	var res ctrl.Result
	switch {
	case ended(run):
		res, err = r.finish(ctx, run, from)
	case wrong != nil:
		err = r.refuse(ctx, run, *wrong)
	case run.Status.Catalog == nil:
		res, err = r.list(ctx, run, from)
	default:
		res, err = r.run(ctx, run, from)
	}
	return ours(res, err)
}

// SetupWithManager wires the watches. A batch matters to its run when its worker has ended; what comes in while it
// works is told by the collector.
func (r *TestRunReconciler) SetupWithManager(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		For(&v1alpha1.TestRun{}, builder.WithPredicates(specChanged)).
		Owns(&batchv1.Job{}).
		Owns(&v1alpha1.TestBatch{}, builder.WithPredicates(batchEnded)).
		Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(runOfListPod)).
		Watches(&corev1.Pod{}, handler.EnqueueRequestsFromMapFunc(runOfFixture)).
		Watches(&batchv1.Job{}, handler.EnqueueRequestsFromMapFunc(runOfFixture)).
		WatchesRawSource(source.Channel(r.Runs.Changed(), &handler.EnqueueRequestForObject{})).
		Complete(r)
}

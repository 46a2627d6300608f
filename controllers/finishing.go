package controllers

import (
	"context"
	"fmt"

	batchv1 "k8s.io/api/batch/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/settings"
)

// finish is a pass over a run that has its verdict: its listing Job is ended, its workers are given time to seal their
// ledgers (their own controller sees to it), and after its time to live it is deleted.
func (r *TestRunReconciler) finish(
	ctx context.Context, run *v1alpha1.TestRun, from settings.Provenance,
) (ctrl.Result, error) {
	if err := r.stopListing(ctx, run); err != nil {
		return ctrl.Result{}, err
	}
	unfinished, err := r.unfinishedBatches(ctx, run)
	if err != nil {
		return ctrl.Result{}, err
	}
	if unfinished > 0 && run.Status.Catalog != nil {
		live, err := r.open(ctx, run, from) // so that its workers can seal their ledgers
		if err != nil {
			return ctrl.Result{}, err
		}
		live.Freeze()
		return ctrl.Result{}, nil
	}
	if !complete(run) {
		return r.complete(ctx, run)
	}
	r.Runs.Forget(run.UID)
	if err := r.observe(ctx, run); err != nil {
		return ctrl.Result{}, err
	}
	r.pace.forget(run.UID)
	return r.expire(ctx, run)
}

// observe tells of a run that is complete that its spec, of which little can still change, has been seen: while the
// status is behind, kstatus takes the run for one in progress.
func (r *TestRunReconciler) observe(ctx context.Context, run *v1alpha1.TestRun) error {
	was := run.DeepCopy()
	run.Status.ObservedGeneration = run.Generation
	return r.record(ctx, was, run)
}

// complete tears down the fixtures of a run whose workers are gone.
func (r *TestRunReconciler) complete(ctx context.Context, run *v1alpha1.TestRun) (ctrl.Result, error) {
	done, wait, err := r.tearDown(ctx, run)
	if err != nil {
		return ctrl.Result{}, err
	}
	was := run.DeepCopy()
	if done {
		setComplete(run)
	}
	if err := r.record(ctx, was, run); err != nil {
		return ctrl.Result{}, err
	}
	if done {
		observeEnd(run)
		return ctrl.Result{RequeueAfter: staleAgain}, nil
	}
	return ctrl.Result{RequeueAfter: wait}, nil
}

// finalized tears down the fixtures of a run that is being deleted, before it may go.
func (r *TestRunReconciler) finalized(ctx context.Context, run *v1alpha1.TestRun) (ctrl.Result, error) {
	done, wait, err := r.finalize(ctx, run)
	if err != nil || done {
		return ctrl.Result{}, err
	}
	return ctrl.Result{RequeueAfter: wait}, nil
}

// stopListing deletes a listing Job that still runs after the run's end, with its pod.
func (r *TestRunReconciler) stopListing(ctx context.Context, run *v1alpha1.TestRun) error {
	job := &batchv1.Job{}
	key := client.ObjectKey{Namespace: run.Namespace, Name: manifest.JobName(run.Name)}
	if err := r.Get(ctx, key, job); err != nil {
		return client.IgnoreNotFound(err)
	}
	if job.Status.CompletionTime != nil || !metav1.IsControlledBy(job, run) || !job.DeletionTimestamp.IsZero() {
		return nil
	}
	for _, c := range job.Status.Conditions {
		if c.Type == batchv1.JobFailed || c.Type == batchv1.JobComplete || c.Type == batchv1.JobSuccessCriteriaMet {
			return nil
		}
	}
	err := r.Delete(ctx, job, client.PropagationPolicy(metav1.DeletePropagationBackground))
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("deleting the listing job: %w", err)
	}
	return nil
}

func (r *TestRunReconciler) unfinishedBatches(ctx context.Context, run *v1alpha1.TestRun) (int, error) {
	var batches v1alpha1.TestBatchList
	sel := client.MatchingLabels{v1alpha1.LabelRunUID: string(run.UID)}
	if err := r.List(ctx, &batches, client.InNamespace(run.Namespace), sel); err != nil {
		return 0, fmt.Errorf("listing the batches: %w", err)
	}
	n := 0
	for i := range batches.Items {
		if batches.Items[i].Status.End == nil {
			n++
		}
	}
	return n, nil
}

// expire deletes the run when its time to live is over; what belongs to it goes with it.
func (r *TestRunReconciler) expire(ctx context.Context, run *v1alpha1.TestRun) (ctrl.Result, error) {
	ttl := run.Spec.TTLSecondsAfterFinished
	if ttl == nil {
		return ctrl.Result{}, nil
	}
	now := r.Clock.Now()
	due := run.Status.CompletionTime.Add(seconds(*ttl))
	if now.Before(due) {
		return ctrl.Result{RequeueAfter: due.Sub(now)}, nil
	}
	err := r.Delete(ctx, run, client.Preconditions{UID: &run.UID},
		client.PropagationPolicy(metav1.DeletePropagationBackground))
	if client.IgnoreNotFound(err) != nil {
		return ctrl.Result{}, fmt.Errorf("deleting the run after its time to live: %w", err)
	}
	return ctrl.Result{}, nil
}

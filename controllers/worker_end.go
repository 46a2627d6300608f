package controllers

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
)

// wind ends the worker of a run that has its verdict: one that works is told by the collector to seal and leave, and
// is deleted if it does not; one that waits, or has nothing to save, is deleted at once.
func (r *TestBatchReconciler) wind(ctx context.Context, w *worker) (ctrl.Result, error) {
	now := r.Clock.Now()
	due := w.run.Status.CompletionTime.Add(windDown)
	whole := w.run.Status.Tests.NotRun == 0
	if whole && manifest.PodState(w.pod).Running && now.Before(due) {
		return ctrl.Result{RequeueAfter: due.Sub(now)}, nil
	}
	var grace []client.DeleteOption
	if w.run.Spec.Cancel && w.run.Spec.Force {
		grace = append(grace, client.GracePeriodSeconds(1))
	}
	return ctrl.Result{}, r.deletePod(ctx, w.pod, grace...)
}

// windDown is how long workers have to seal their ledgers after their run's end.
const windDown = 10 * time.Second

// endOf says how a terminal pod ended. A worker has finished only if its ledger is sealed.
func (r *TestBatchReconciler) endOf(w *worker) plan.End {
	e := manifest.PodEnd(w.pod)
	if e.Cause != plan.Finished && e.Cause != plan.Died {
		return e
	}
	switch {
	case e.Cause == plan.Finished && w.live.Sealed(w.batch.Name):
		return e
	case !w.pod.DeletionTimestamp.IsZero():
		return plan.End{Cause: plan.Deleted, Message: "the pod was deleted"}
	case e.Cause == plan.Finished:
		return plan.End{Cause: plan.Died, Message: "the worker ended without sealing its ledger"}
	}
	return e
}

// close records how the worker ended, with what its reporter left in its termination message, then removes the pod:
// in this order, for once the pod is gone its report is gone too.
func (r *TestBatchReconciler) close(ctx context.Context, w *worker, e plan.End) error {
	pod := v1alpha1.BatchPod{Name: w.batch.Name}
	var late []outcome.Row
	if w.pod != nil {
		pod = manifest.BatchPod(w.pod)
		var lost []plan.Held
		late, lost = lastWords(manifest.TerminationMessage(w.pod))
		e.Lost = append(e.Lost, lost...)
	} else if had, ok := w.live.Pod(w.batch.Name); ok {
		pod = had
	}
	if err := w.live.Close(ctx, w.batch.Name, pod, e, late); err != nil {
		return fmt.Errorf("closing the ledger of batch %s: %w", w.batch.Name, err)
	}
	workersEnded.WithLabelValues(string(e.Cause)).Inc()
	r.tellLost(w, e)
	r.Runs.Notify(w.run.UID)
	return nil
}

func (r *TestBatchReconciler) tellLost(w *worker, e plan.End) {
	if e.Cause == plan.Finished || e.Cause == plan.RunEnded || ended(w.run) {
		return
	}
	r.Events.Eventf(w.run, w.batch, corev1.EventTypeWarning, "WorkerLost", "Close", "%s",
		cut(fmt.Sprintf("worker %s: %s: %s", w.batch.Name, e.Cause, e.Message), maxNote))
}

// broken are the causes for which people want to see the pod.
var broken = []plan.Cause{plan.Died, plan.StartFailed, plan.OOMKilled}

// remove deletes the pod of a closed batch. One that broke is kept for people to look at, until its run goes.
func (r *TestBatchReconciler) remove(ctx context.Context, w *worker) error {
	if w.pod == nil {
		return nil
	}
	if slices.Contains(broken, plan.Cause(w.batch.Status.End.Cause)) && manifest.Terminal(w.pod) {
		return nil
	}
	return r.deletePod(ctx, w.pod)
}

func (r *TestBatchReconciler) deletePod(ctx context.Context, pod *corev1.Pod, how ...client.DeleteOption) error {
	if !pod.DeletionTimestamp.IsZero() {
		return nil
	}
	err := r.Delete(ctx, pod, append(how, client.Preconditions{UID: &pod.UID})...)
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("deleting pod %s: %w", pod.Name, err)
	}
	return nil
}

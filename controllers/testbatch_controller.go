package controllers

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/collector"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/plan"
)

// TestBatchReconciler sees to one worker pod: it makes it, tells the run's State what is seen of it, and closes the
// batch's ledger when it has ended.
type TestBatchReconciler struct {
	client.Client
	Live      client.Reader
	Runs      *collector.Runs
	Collector CollectorFunc
	Clock     clock.PassiveClock
	Events    events.EventRecorder
}

// worker is what is seen of a batch.
type worker struct {
	batch *v1alpha1.TestBatch
	run   *v1alpha1.TestRun
	live  *collector.Run
	pod   *corev1.Pod // nil: there is none
}

// Reconcile is one pass over one batch.
func (r *TestBatchReconciler) Reconcile(ctx context.Context, req ctrl.Request) (ctrl.Result, error) {
	w, err := r.observe(ctx, req)
	if err != nil || w == nil {
		return ctrl.Result{}, err
	}
	return ours(r.act(ctx, w))
}

// openAgain is when to look again at a batch whose run this leader has yet to open.
const openAgain = 300 * time.Millisecond

// observe is what there is of a batch, or nil if there is nothing to do: the batch is gone or its run is, or its ledger
// is closed.
func (r *TestBatchReconciler) observe(ctx context.Context, req ctrl.Request) (*worker, error) {
	w := &worker{batch: &v1alpha1.TestBatch{}, run: &v1alpha1.TestRun{}}
	if err := r.Get(ctx, req.NamespacedName, w.batch); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	if !w.batch.DeletionTimestamp.IsZero() {
		return nil, nil
	}
	key := client.ObjectKey{Namespace: req.Namespace, Name: w.batch.Spec.Run.Name}
	if err := r.Get(ctx, key, w.run); err != nil {
		return nil, client.IgnoreNotFound(err)
	}
	if w.run.UID != w.batch.Spec.Run.UID || !w.run.DeletionTimestamp.IsZero() {
		return nil, nil
	}
	pod := &corev1.Pod{}
	err := r.Get(ctx, req.NamespacedName, pod)
	if client.IgnoreNotFound(err) != nil {
		return nil, fmt.Errorf("reading pod %s: %w", req.Name, err)
	}
	if err == nil && metav1.IsControlledBy(pod, w.batch) {
		w.pod = pod
	}
	if w.batch.Status.End != nil {
		return nil, r.remove(ctx, w)
	}
	w.live = r.Runs.Get(w.run.UID)
	return w, nil
}

// act does the next thing for a batch whose ledger is open.
func (r *TestBatchReconciler) act(ctx context.Context, w *worker) (ctrl.Result, error) {
	index := int(w.batch.Spec.Index)
	switch {
	case w.live == nil:
		return ctrl.Result{RequeueAfter: openAgain}, nil
	case w.pod == nil:
		return r.noPod(ctx, w)
	case manifest.Terminal(w.pod), manifest.TestEnded(w.pod) && w.live.Sealed(w.batch.Name):
		return ctrl.Result{}, r.close(ctx, w, r.endOf(w))
	case ended(w.run):
		return r.wind(ctx, w)
	case !w.pod.DeletionTimestamp.IsZero():
		return ctrl.Result{}, nil // its reporter has its grace period; its end brings another pass
	}
	now := r.Clock.Now()
	w.live.SawPod(w.batch.Name, manifest.BatchPod(w.pod))
	w.live.Update(func(s *plan.State) { s.Seen(index, manifest.PodState(w.pod), now) })
	r.Runs.Notify(w.run.UID)
	return ctrl.Result{}, nil
}

// noPod makes the pod of a batch that never had one, and closes a batch whose pod is gone.
func (r *TestBatchReconciler) noPod(ctx context.Context, w *worker) (ctrl.Result, error) {
	had, ok := w.live.Pod(w.batch.Name)
	if ok {
		// The cache may lag behind the collector, which has heard from the pod.
		live, err := r.livePod(ctx, w, had)
		if err != nil || live {
			return ctrl.Result{RequeueAfter: refusedAgain}, err
		}
		return ctrl.Result{}, r.close(ctx, w, plan.End{Cause: plan.Deleted, Message: "the pod was deleted"})
	}
	if ended(w.run) {
		return ctrl.Result{}, r.close(ctx, w, plan.End{Cause: plan.RunEnded})
	}
	return r.create(ctx, w)
}

func (r *TestBatchReconciler) livePod(ctx context.Context, w *worker, had v1alpha1.BatchPod) (bool, error) {
	pod := &corev1.Pod{}
	if err := r.Live.Get(ctx, client.ObjectKeyFromObject(w.batch), pod); err != nil {
		return false, client.IgnoreNotFound(err)
	}
	return pod.UID == had.UID, nil
}

func (r *TestBatchReconciler) create(ctx context.Context, w *worker) (ctrl.Result, error) {
	c, err := r.Collector(ctx)
	if err != nil {
		return ctrl.Result{}, err
	}
	err = r.Create(ctx, manifest.WorkerPod(w.run, w.batch, c))
	switch {
	case err == nil:
		return ctrl.Result{}, nil
	case apierrors.IsAlreadyExists(err):
		return r.taken(ctx, w)
	case apierrors.IsForbidden(err):
		return r.blocked(w, *refusal(err)), nil
	case apierrors.IsInvalid(err):
		return ctrl.Result{}, r.close(ctx, w, plan.End{Cause: plan.StartFailed, Message: err.Error()})
	}
	return ctrl.Result{}, fmt.Errorf("creating pod %s: %w", w.batch.Name, err)
}

// blocked tells the run's State why the worker has no pod, and has it tried again soon.
func (r *TestBatchReconciler) blocked(w *worker, b plan.Blocked) ctrl.Result {
	now := r.Clock.Now()
	w.live.Update(func(s *plan.State) {
		s.Seen(int(w.batch.Spec.Index),
			plan.Pod{Blocked: b.Reason, Message: b.Message, Since: w.batch.CreationTimestamp.Time}, now)
	})
	r.Runs.Notify(w.run.UID)
	return ctrl.Result{RequeueAfter: refusedAgain}
}

// taken: a pod of the name exists. It is ours and the cache has yet to show it; or it is on its way out, as those of a
// run are that was deleted and is made again; or the batch cannot be.
func (r *TestBatchReconciler) taken(ctx context.Context, w *worker) (ctrl.Result, error) {
	pod := &corev1.Pod{}
	if err := r.Live.Get(ctx, client.ObjectKeyFromObject(w.batch), pod); err != nil {
		return ctrl.Result{}, client.IgnoreNotFound(err)
	}
	if metav1.IsControlledBy(pod, w.batch) {
		return ctrl.Result{}, nil
	}
	if leaves(pod) {
		return r.blocked(w, plan.Blocked{
			Reason: v1alpha1.ReasonPodNotStarting, Message: fmt.Sprintf("pod %s of an earlier run is not gone yet", pod.Name),
		}), nil
	}
	return ctrl.Result{}, r.close(ctx, w, plan.End{
		Cause: plan.StartFailed, Message: fmt.Sprintf("pod %s exists and is not this run's", pod.Name),
	})
}

// leaves reports whether a pod that is not ours will go by itself: the batch that another one belongs to had our
// batch's name, so it is gone.
func leaves(pod *corev1.Pod) bool {
	owner := metav1.GetControllerOf(pod)
	return !pod.DeletionTimestamp.IsZero() ||
		(owner != nil && owner.Kind == "TestBatch" && owner.APIVersion == v1alpha1.GroupVersion.String())
}

// workersAtOnce is how many batches are seen to at a time: making a pod is mostly waiting.
const workersAtOnce = 8

// batchesOf are the batches of a run.
func (r *TestBatchReconciler) batchesOf(ctx context.Context, run client.Object) []reconcile.Request {
	var batches v1alpha1.TestBatchList
	sel := client.MatchingLabels{v1alpha1.LabelRunUID: string(run.GetUID())}
	if err := r.List(ctx, &batches, client.InNamespace(run.GetNamespace()), sel); err != nil {
		return nil
	}
	out := make([]reconcile.Request, 0, len(batches.Items))
	for i := range batches.Items {
		out = append(out, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(&batches.Items[i])})
	}
	return out
}

// SetupWithManager wires the watches.
func (r *TestBatchReconciler) SetupWithManager(mgr ctrl.Manager) error {
	return ctrl.NewControllerManagedBy(mgr).
		For(&v1alpha1.TestBatch{}).
		Owns(&corev1.Pod{}).
		Watches(&v1alpha1.TestRun{}, handler.EnqueueRequestsFromMapFunc(r.batchesOf), builder.WithPredicates(runEnded)).
		WithOptions(controller.Options{MaxConcurrentReconciles: workersAtOnce}).
		Complete(r)
}

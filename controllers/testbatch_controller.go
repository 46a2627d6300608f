package controllers

import (
	"context"
	"fmt"
	"slices"
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
	"github.com/podtest/podtest/internal/outcome"
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
	case complete(w.run):
		return r.wind(ctx, w)
	case !w.pod.DeletionTimestamp.IsZero():
		return ctrl.Result{}, nil // its reporter has its grace period; its end brings another pass
	}
	now := r.Clock.Now()
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
	if complete(w.run) {
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

// wind ends the worker of a run that has its verdict: one that works is told by the collector to seal and leave, and
// is deleted if it does not; one that waits, or has nothing to save, is deleted at once.
func (r *TestBatchReconciler) wind(ctx context.Context, w *worker) (ctrl.Result, error) {
	now := r.Clock.Now()
	due := w.run.Status.CompletionTime.Add(windDown)
	whole := w.run.Status.Tests.NotRun == 0
	if whole && manifest.PodState(w.pod).Running && now.Before(due) {
		return ctrl.Result{RequeueAfter: due.Sub(now)}, nil
	}
	return ctrl.Result{}, r.deletePod(ctx, w.pod)
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
		pod.UID, pod.Node = w.pod.UID, w.pod.Spec.NodeName
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
	if e.Cause == plan.Finished || e.Cause == plan.RunEnded || complete(w.run) {
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

func (r *TestBatchReconciler) deletePod(ctx context.Context, pod *corev1.Pod) error {
	if !pod.DeletionTimestamp.IsZero() {
		return nil
	}
	err := r.Delete(ctx, pod, client.Preconditions{UID: &pod.UID})
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("deleting pod %s: %w", pod.Name, err)
	}
	return nil
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

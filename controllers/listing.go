package controllers

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/records"
	"github.com/podtest/podtest/internal/wire"
)

// listing is what is seen of a run whose tests are not known yet.
type listing struct {
	run      *v1alpha1.TestRun
	now      time.Time
	problems []string
	job      *batchv1.Job
	pod      *corev1.Pod // the Job's newest
	refused  error       // why the API server would not take the Job's pod, while there is none
	told     *wire.Catalog
}

// list is a pass over a run whose tests are not known yet.
func (r *TestRunReconciler) list(ctx context.Context, run *v1alpha1.TestRun) (ctrl.Result, error) {
	was := run.DeepCopy()
	r.begin(run)
	seen, err := r.observeListing(ctx, run)
	if err != nil {
		return ctrl.Result{}, err
	}
	if e := listingEnding(seen); e != nil {
		return ctrl.Result{}, r.end(ctx, was, run, *e)
	}
	if seen.told != nil {
		return r.listed(ctx, was, run, *seen.told)
	}
	setListing(run, listingBlocked(seen))
	if err := r.record(ctx, was, run); err != nil {
		return ctrl.Result{}, err
	}
	if seen.job == nil && seen.refused == nil && !run.Spec.Suspend {
		return ctrl.Result{}, r.startListing(ctx, run)
	}
	return ctrl.Result{RequeueAfter: listingAgain(seen)}, nil
}

func (r *TestRunReconciler) observeListing(ctx context.Context, run *v1alpha1.TestRun) (listing, error) {
	seen := listing{run: run, now: r.Clock.Now(), problems: manifest.Problems(run)}
	if len(seen.problems) > 0 {
		return seen, nil
	}
	r.Runs.Expect(run)
	if told, ok := r.Runs.Listed(run.UID); ok {
		seen.told = &told
		return seen, nil
	}
	job := &batchv1.Job{}
	err := r.Get(ctx, client.ObjectKey{Namespace: run.Namespace, Name: manifest.JobName(run.Name)}, job)
	if client.IgnoreNotFound(err) != nil {
		return seen, fmt.Errorf("reading the listing job: %w", err)
	}
	if err == nil {
		seen.job = job
		if seen.pod, err = r.newestPod(ctx, job); err != nil {
			return seen, err
		}
	}
	if seen.pod != nil || run.Spec.Suspend {
		return seen, nil
	}
	seen.refused, err = r.tryPod(ctx, run)
	return seen, err
}

func (r *TestRunReconciler) newestPod(ctx context.Context, job *batchv1.Job) (*corev1.Pod, error) {
	var pods corev1.PodList
	sel := client.MatchingLabels{batchv1.JobNameLabel: job.Name}
	if err := r.List(ctx, &pods, client.InNamespace(job.Namespace), sel); err != nil {
		return nil, fmt.Errorf("listing the pods of the listing job: %w", err)
	}
	var newest *corev1.Pod
	for i := range pods.Items {
		p := &pods.Items[i]
		if metav1.IsControlledBy(p, job) &&
			(newest == nil || newest.CreationTimestamp.Before(&p.CreationTimestamp)) {
			newest = p
		}
	}
	return newest, nil
}

// tryPod asks the API server, without effect, whether it would take the pod of the listing Job: the Job controller
// would tell only by an event.
func (r *TestRunReconciler) tryPod(ctx context.Context, run *v1alpha1.TestRun) (refused, err error) {
	c, err := r.Collector(ctx)
	if err != nil {
		return nil, err
	}
	job := manifest.ListJob(run, c)
	pod := &corev1.Pod{ObjectMeta: job.Spec.Template.ObjectMeta, Spec: job.Spec.Template.Spec}
	pod.Namespace, pod.GenerateName = run.Namespace, job.Name+"-"
	err = r.Create(ctx, pod, client.DryRunAll)
	if apierrors.IsForbidden(err) || apierrors.IsInvalid(err) || apierrors.IsBadRequest(err) {
		return err, nil
	}
	return nil, err
}

func (r *TestRunReconciler) startListing(ctx context.Context, run *v1alpha1.TestRun) error {
	c, err := r.Collector(ctx)
	if err != nil {
		return err
	}
	err = r.Create(ctx, manifest.ListJob(run, c))
	if !apierrors.IsAlreadyExists(err) {
		return err
	}
	job := &batchv1.Job{}
	key := client.ObjectKey{Namespace: run.Namespace, Name: manifest.JobName(run.Name)}
	if err := r.Live.Get(ctx, key, job); err != nil {
		return client.IgnoreNotFound(err)
	}
	if !metav1.IsControlledBy(job, run) {
		return fmt.Errorf("job %s exists and is not this run's: delete or rename it", job.Name)
	}
	return nil
}

// listingEnding are the ways in which a run ends before its tests are known, in the order they are tried.
func listingEnding(seen listing) *plan.Ending {
	for _, rule := range listingEndings {
		if e := rule(seen); e != nil {
			return e
		}
	}
	return nil
}

var listingEndings = []func(listing) *plan.Ending{
	cancelledWhileListing, specInvalid, listingToldError, deadlineWhileListing, podInvalid, listingTimedOut, jobFailed,
}

func cancelledWhileListing(seen listing) *plan.Ending {
	if !seen.run.Spec.Cancel {
		return nil
	}
	return &plan.Ending{
		Result: string(v1alpha1.ResultCancelled), Reason: v1alpha1.ReasonCancelled,
		Message: "cancelled before the tests were listed", Exit: v1alpha1.ExitCancelled,
	}
}

func specInvalid(seen listing) *plan.Ending {
	if len(seen.problems) == 0 {
		return nil
	}
	return setupFailed(v1alpha1.ReasonInvalidSpec, strings.Join(seen.problems, "; "))
}

func listingToldError(seen listing) *plan.Ending {
	if seen.told == nil || seen.told.Error == "" {
		return nil
	}
	return listFailed(seen.told.Error)
}

func deadlineWhileListing(seen listing) *plan.Ending {
	d := manifest.Deadline(seen.run)
	if d.IsZero() || seen.now.Before(d) {
		return nil
	}
	message := "activeDeadlineSeconds passed before the tests were listed"
	if b := listingBlocked(seen); b != nil {
		message += ": " + b.Message
	}
	return &plan.Ending{
		Result: string(v1alpha1.ResultFailed), Reason: v1alpha1.ReasonDeadlineExceeded,
		Message: message, Exit: v1alpha1.ExitTestsFailed,
	}
}

// podInvalid: a pod that the API server takes for malformed will never be taken.
func podInvalid(seen listing) *plan.Ending {
	if apierrors.IsInvalid(seen.refused) || apierrors.IsBadRequest(seen.refused) {
		return setupFailed(v1alpha1.ReasonInvalidSpec, "spec.template: "+seen.refused.Error())
	}
	return nil
}

func listingTimedOut(seen listing) *plan.Ending {
	b := listingBlocked(seen)
	if b == nil || seen.now.Before(blockedSince(seen).Add(manifest.StartTimeout(seen.run))) {
		return nil
	}
	if b.Reason == v1alpha1.ReasonImagePull {
		return setupFailed(b.Reason, b.Message)
	}
	return &plan.Ending{
		Result: string(v1alpha1.ResultError), Reason: v1alpha1.ReasonStartTimeout,
		Message: "the listing pod did not start: " + b.Message, Exit: v1alpha1.ExitInfrastructure,
	}
}

func jobFailed(seen listing) *plan.Ending {
	if seen.job == nil {
		return nil
	}
	for _, c := range seen.job.Status.Conditions {
		switch {
		case c.Status != corev1.ConditionTrue:
		case c.Type == batchv1.JobFailed:
			return listFailed("the listing pod failed: " + podWord(seen.pod, c.Message))
		case c.Type == batchv1.JobComplete:
			return listFailed("the listing pod ended without telling any tests")
		}
	}
	return nil
}

func podWord(pod *corev1.Pod, otherwise string) string {
	if pod == nil || !manifest.Terminal(pod) {
		return otherwise
	}
	if e := manifest.PodEnd(pod); e.Message != "" {
		return e.Message
	}
	return otherwise
}

func setupFailed(reason, message string) *plan.Ending {
	return &plan.Ending{
		Result: string(v1alpha1.ResultError), Reason: reason, Message: message, Exit: v1alpha1.ExitSetup,
	}
}

func listFailed(message string) *plan.Ending {
	return &plan.Ending{
		Result: string(v1alpha1.ResultError), Reason: v1alpha1.ReasonListFailed,
		Message: message, Exit: v1alpha1.ExitListFailed,
	}
}

// listingBlocked says why the listing pod does not start, or nil.
func listingBlocked(seen listing) *plan.Blocked {
	if seen.refused != nil {
		return refusal(seen.refused)
	}
	if seen.pod == nil {
		return nil
	}
	s := manifest.PodState(seen.pod)
	if s.Running || s.Blocked == "" {
		return nil
	}
	return &plan.Blocked{Reason: s.Blocked, Message: s.Message}
}

func blockedSince(seen listing) time.Time {
	if seen.pod != nil {
		return seen.pod.CreationTimestamp.Time
	}
	return seen.run.Status.StartTime.Time
}

// listingAgain is when to look again though nothing happens: while refused, soon, for quota that is free again tells
// nobody; else when a timeout is due.
func listingAgain(seen listing) time.Duration {
	var due []time.Duration
	if seen.refused != nil {
		due = append(due, refusedAgain)
	}
	if listingBlocked(seen) != nil {
		due = append(due, blockedSince(seen).Add(manifest.StartTimeout(seen.run)).Sub(seen.now))
	}
	if d := manifest.Deadline(seen.run); !d.IsZero() {
		due = append(due, d.Sub(seen.now))
	}
	if len(due) == 0 {
		return 0
	}
	return max(slices.Min(due), time.Millisecond)
}

// listed stores the catalog that the listing pod told, and goes on with its tests.
func (r *TestRunReconciler) listed(
	ctx context.Context, was, run *v1alpha1.TestRun, told wire.Catalog,
) (ctrl.Result, error) {
	cat, err := catalog.New(told)
	if err != nil {
		return ctrl.Result{}, r.end(ctx, was, run, *listFailed(err.Error()))
	}
	n, err := records.SaveCatalog(ctx, r.Client, run, cat)
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("storing the catalog: %w", err)
	}
	tests := cat.Select(string(run.Spec.RunIgnored))
	setListed(run, cat, tests, n)
	if err := r.record(ctx, was, run); err != nil {
		return ctrl.Result{}, err
	}
	r.tell(run, corev1.EventTypeNormal, "Listed", "List", listedNote(run))
	return r.run(ctx, run)
}

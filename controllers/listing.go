package controllers

import (
	"context"
	"fmt"
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
	"github.com/podtest/podtest/internal/records"
	"github.com/podtest/podtest/internal/settings"
	"github.com/podtest/podtest/internal/wire"
)

// listing is what is seen of a run whose tests are not known yet.
type listing struct {
	run       *v1alpha1.TestRun
	now       time.Time
	problems  []string
	unsettled []settings.Problem
	job       *batchv1.Job
	pod       *corev1.Pod // the Job's newest
	refused   error       // why the API server would not take the Job's pod, while there is none
	told      *wire.Catalog
}

// list is a pass over a run whose tests are not known yet.
func (r *TestRunReconciler) list(
	ctx context.Context, run *v1alpha1.TestRun, from settings.Provenance,
) (ctrl.Result, error) {
	was := run.DeepCopy()
	r.begin(run)
	seen, err := r.observeListing(ctx, run, from)
	if err != nil {
		return ctrl.Result{}, err
	}
	if e := listingEnding(seen); e != nil {
		return ctrl.Result{}, r.end(ctx, was, run, *e)
	}
	if seen.told != nil {
		return r.listed(ctx, was, run, *seen.told, from)
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

func (r *TestRunReconciler) observeListing(
	ctx context.Context, run *v1alpha1.TestRun, from settings.Provenance,
) (listing, error) {
	seen := listing{
		run: run, now: r.Clock.Now(), problems: manifest.Problems(run), unsettled: settings.CheckMerged(&run.Spec, from),
	}
	if len(seen.problems)+len(seen.unsettled) > 0 {
		return seen, nil
	}
	r.Runs.Expect(run)
	if told, ok := r.Runs.Listed(run.UID); ok {
		seen.told = &told
		return seen, nil
	}
	job, err := r.listJob(ctx, run)
	if err != nil {
		return seen, err
	}
	if job != nil {
		if !metav1.IsControlledBy(job, run) {
			seen.refused = foreign("Job", job)
			return seen, nil
		}
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

// listJob is the Job of the listing's name, or nil. What the cache does not show, it may not have seen yet, and never
// will if it is somebody else's.
func (r *TestRunReconciler) listJob(ctx context.Context, run *v1alpha1.TestRun) (*batchv1.Job, error) {
	key := client.ObjectKey{Namespace: run.Namespace, Name: manifest.JobName(run.Name)}
	for _, reader := range []client.Reader{r.Client, r.Live} {
		job := &batchv1.Job{}
		err := reader.Get(ctx, key, job)
		if err == nil {
			return job, nil
		}
		if !apierrors.IsNotFound(err) {
			return nil, fmt.Errorf("reading the listing job: %w", err)
		}
	}
	return nil, nil
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
	if apierrors.IsAlreadyExists(err) {
		return nil // made a moment ago; if it is not ours, the next pass says so
	}
	return err
}

// listed stores the catalog that the listing pod told, and goes on with its tests.
func (r *TestRunReconciler) listed(
	ctx context.Context, was, run *v1alpha1.TestRun, told wire.Catalog, from settings.Provenance,
) (ctrl.Result, error) {
	cat, err := catalog.New(told)
	if err != nil {
		return ctrl.Result{}, r.end(ctx, was, run, *listFailed(err.Error()))
	}
	set, err := settings.Resolve(&run.Spec, from, cat)
	if err != nil {
		return ctrl.Result{}, r.end(ctx, was, run, *unresolved(err))
	}
	n, err := records.SaveCatalog(ctx, r.Client, run, cat)
	if err != nil {
		return ctrl.Result{}, fmt.Errorf("storing the catalog: %w", err)
	}
	setListed(run, cat, set, n)
	if run.Spec.Mode == v1alpha1.ModeList && run.Status.Tests.Selected > 0 {
		setPlanned(run, set, r.Clock.Now())
		return ctrl.Result{}, r.end(ctx, was, run, listOnly(run))
	}
	if err := r.record(ctx, was, run); err != nil {
		return ctrl.Result{}, err
	}
	r.tell(run, corev1.EventTypeNormal, "Listed", "List", listedNote(run))
	return r.run(ctx, run, from)
}

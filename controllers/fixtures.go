package controllers

import (
	"context"
	"fmt"
	"slices"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/equality"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/controller/controllerutil"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/settings"
)

// What becomes of a fixture.
const (
	fixtureWaiting     = "Waiting"
	fixtureSettingUp   = "SettingUp"
	fixtureReady       = "Ready"
	fixtureTearingDown = "TearingDown"
	fixtureDone        = "Done"
	fixtureFailed      = "Failed"
)

// fixtures is what is seen of a run's fixtures; what is decided is noted in the run's status.
type fixtures struct {
	run  *v1alpha1.TestRun
	now  time.Time
	jobs map[string]*batchv1.Job
	pods map[string]*corev1.Pod // a service's, or the newest of a Job, by the name of either

	testing bool // tests are running: they need the address that a service had until it has another
}

// prepare brings the fixtures up that the status tells of: services, then setups one after the other. It records how
// far they are by itself, before it acts: what it begins must be torn down, whatever comes between.
func (r *TestRunReconciler) prepare(
	ctx context.Context, run *v1alpha1.TestRun,
) (ready bool, wait time.Duration, failed *plan.Ending, err error) {
	if fixturesReady(run) {
		return true, 0, nil, nil
	}
	was := run.DeepCopy()
	seen, err := r.observeFixtures(ctx, run)
	if err != nil {
		return false, 0, nil, err
	}
	step := seen.next()
	if err := r.recordServices(ctx, was, run); err != nil {
		return false, 0, nil, err
	}
	if step.ending != nil || fixturesReady(run) {
		return step.ending == nil, 0, step.ending, nil
	}
	if err := r.removeLost(ctx, step.remove); err != nil {
		return false, 0, nil, err
	}
	if len(step.start) == 0 {
		return false, step.wait, nil, nil
	}
	if err := r.setFinalizer(ctx, run, true); err != nil {
		return false, 0, nil, err
	}
	wait, failed, err = r.startFixtures(ctx, seen, step.start)
	return false, sooner(wait, step.wait), failed, err
}

// waitingFixtures are those that a selected test needs, before anything is done about them.
func waitingFixtures(run *v1alpha1.TestRun, res *settings.Resolved) []v1alpha1.FixtureStatus {
	var all []v1alpha1.FixtureStatus
	for i, needed := range res.Needed {
		if needed {
			all = append(all, v1alpha1.FixtureStatus{Name: run.Spec.Fixtures[i].Name, State: fixtureWaiting})
		}
	}
	return all
}

func fixtureStatus(run *v1alpha1.TestRun, name string) *v1alpha1.FixtureStatus {
	at := slices.IndexFunc(run.Status.Fixtures, func(s v1alpha1.FixtureStatus) bool { return s.Name == name })
	if at < 0 {
		return nil
	}
	return &run.Status.Fixtures[at]
}

// fixturesReady reports whether tests may run. A service that was lost while they did holds nothing up.
func fixturesReady(run *v1alpha1.TestRun) bool {
	return !slices.ContainsFunc(run.Status.Fixtures, func(s v1alpha1.FixtureStatus) bool {
		return s.State != fixtureReady && !lostWithTests(&s)
	})
}

func (r *TestRunReconciler) observeFixtures(ctx context.Context, run *v1alpha1.TestRun) (*fixtures, error) {
	seen := &fixtures{
		run: run, now: r.Clock.Now(), jobs: map[string]*batchv1.Job{}, pods: map[string]*corev1.Pod{},
	}
	sel := client.MatchingLabels{
		v1alpha1.LabelRunUID: string(run.UID), v1alpha1.LabelPhase: v1alpha1.PhaseFixture,
	}
	var jobs batchv1.JobList
	if err := r.List(ctx, &jobs, client.InNamespace(run.Namespace), sel); err != nil {
		return nil, fmt.Errorf("listing the jobs of fixtures: %w", err)
	}
	var pods corev1.PodList
	if err := r.List(ctx, &pods, client.InNamespace(run.Namespace), sel); err != nil {
		return nil, fmt.Errorf("listing the pods of fixtures: %w", err)
	}
	for i := range jobs.Items {
		if oursFixture(run, &jobs.Items[i]) {
			seen.jobs[jobs.Items[i].Name] = &jobs.Items[i]
		}
	}
	for i := range pods.Items {
		seen.addPod(&pods.Items[i])
	}
	return seen, r.lookAgain(ctx, seen)
}

func (f *fixtures) addPod(p *corev1.Pod) {
	name, owner := p.Name, metav1.GetControllerOf(p)
	switch {
	case owner == nil:
		return
	case owner.Kind == "Job":
		name = owner.Name
	case owner.UID != f.run.UID:
		return
	}
	if had := f.pods[name]; had == nil || had.CreationTimestamp.Before(&p.CreationTimestamp) {
		f.pods[name] = p
	}
}

// recordFixtures writes what has become of the fixtures, and nothing else of the status.
func (r *TestRunReconciler) recordFixtures(ctx context.Context, was, run *v1alpha1.TestRun) error {
	if equality.Semantic.DeepEqual(was.Status.Fixtures, run.Status.Fixtures) {
		return nil
	}
	is := was.DeepCopy()
	is.ResourceVersion = run.ResourceVersion
	before := is.DeepCopy()
	is.Status.Fixtures = run.DeepCopy().Status.Fixtures
	if err := r.record(ctx, before, is); err != nil {
		return err
	}
	run.ResourceVersion = is.ResourceVersion
	return nil
}

// needsTearDown reports whether something of the run's fixtures may be there.
func needsTearDown(run *v1alpha1.TestRun) bool {
	return controllerutil.ContainsFinalizer(run, v1alpha1.FinalizerTeardown)
}

// setFinalizer puts the finalizer on the run, or takes it off.
func (r *TestRunReconciler) setFinalizer(ctx context.Context, run *v1alpha1.TestRun, on bool) error {
	if needsTearDown(run) == on {
		return nil
	}
	is := run.DeepCopy()
	if on {
		controllerutil.AddFinalizer(is, v1alpha1.FinalizerTeardown)
	} else {
		controllerutil.RemoveFinalizer(is, v1alpha1.FinalizerTeardown)
	}
	patch := client.MergeFromWithOptions(run.DeepCopy(), client.MergeFromWithOptimisticLock{})
	if err := r.Patch(ctx, is, patch); err != nil {
		return fmt.Errorf("writing the finalizer: %w", err)
	}
	run.ResourceVersion, run.Finalizers = is.ResourceVersion, is.Finalizers
	return nil
}

// startFixtures makes the pods of services, or the Job of a setup.
func (r *TestRunReconciler) startFixtures(
	ctx context.Context, seen *fixtures, start []int,
) (time.Duration, *plan.Ending, error) {
	c, err := r.Collector(ctx)
	if err != nil {
		return 0, nil, err
	}
	run := seen.run
	if stale, err := r.stale(ctx, run); err != nil || stale {
		return staleAgain, nil, err
	}
	was := run.DeepCopy()
	var wait time.Duration
	for _, i := range start {
		f := &run.Spec.Fixtures[i]
		err := r.makeOurs(ctx, run, fixtureObject(run, i, c.Image))
		if e := seen.refused(f, err); e != nil {
			return 0, e, r.recordFixtures(ctx, was, run)
		}
		if err != nil && !waitable(err) {
			return 0, nil, fmt.Errorf("starting fixture %s: %w", f.Name, err)
		}
		if err != nil {
			wait = refusedAgain
		}
	}
	return wait, nil, r.recordFixtures(ctx, was, run)
}

// stale reports whether the run has been written since the cache saw it: a setup must not run twice.
func (r *TestRunReconciler) stale(ctx context.Context, run *v1alpha1.TestRun) (bool, error) {
	live := &v1alpha1.TestRun{}
	if err := r.Live.Get(ctx, client.ObjectKeyFromObject(run), live); err != nil {
		return false, err
	}
	return live.ResourceVersion != run.ResourceVersion, nil
}

func fixtureObject(run *v1alpha1.TestRun, i int, image string) client.Object {
	f := &run.Spec.Fixtures[i]
	if f.Service != nil {
		return manifest.ServicePod(run, f.Name, f.Service, fixtureStatus(run, f.Name).Lost)
	}
	part := manifest.FixturePart{
		Fixture: f.Name, Part: v1alpha1.PartSetup, Command: f.Setup, Env: manifest.FixtureEnv(run, standing(run, i)),
	}
	return manifest.FixtureJob(run, part, image)
}

// standing are the fixtures that a command of fixture i finds: the services, and those before it.
func standing(run *v1alpha1.TestRun, i int) []int {
	var out []int
	for j := range run.Spec.Fixtures {
		if j <= i || run.Spec.Fixtures[j].Service != nil {
			out = append(out, j)
		}
	}
	return out
}

// makeOurs makes an object; if one of its name exists it has to be the run's.
func (r *TestRunReconciler) makeOurs(ctx context.Context, run *v1alpha1.TestRun, o client.Object) error {
	err := r.Create(ctx, o)
	if !apierrors.IsAlreadyExists(err) {
		return err
	}
	if err := r.Live.Get(ctx, client.ObjectKeyFromObject(o), o); err != nil {
		return err
	}
	if !oursFixture(run, o) {
		return foreign(kindOf(o), o)
	}
	return nil
}

// oursFixture: a Job that was made while the run was being deleted has no owner.
func oursFixture(run *v1alpha1.TestRun, o client.Object) bool {
	return metav1.IsControlledBy(o, run) ||
		(metav1.GetControllerOf(o) == nil && o.GetLabels()[v1alpha1.LabelRunUID] == string(run.UID))
}

func kindOf(o client.Object) string {
	if _, ok := o.(*batchv1.Job); ok {
		return "Job"
	}
	return "Pod"
}

// runOfFixture maps a Job or pod of a fixture to its run.
func runOfFixture(_ context.Context, o client.Object) []reconcile.Request {
	name := o.GetAnnotations()[v1alpha1.AnnotationRun]
	if name == "" || o.GetLabels()[v1alpha1.LabelPhase] != v1alpha1.PhaseFixture {
		return nil
	}
	return []reconcile.Request{{NamespacedName: types.NamespacedName{Namespace: o.GetNamespace(), Name: name}}}
}

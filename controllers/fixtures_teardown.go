package controllers

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/manifest"
)

// tearDown takes the fixtures down that were begun, the last one first, then the services. It is called when no worker
// is left. The verdict stands: a teardown that fails is told by the fixture's status and an event.
func (r *TestRunReconciler) tearDown(
	ctx context.Context, run *v1alpha1.TestRun,
) (done bool, wait time.Duration, err error) {
	if !needsTearDown(run) {
		return true, 0, nil
	}
	was := run.DeepCopy()
	seen, err := r.observeFixtures(ctx, run)
	if err != nil {
		return false, 0, err
	}
	seen.beginTearDown()
	at := seen.nextTearDown()
	if err := r.recordTearDown(ctx, was, run); err != nil {
		return false, 0, err
	}
	if busy, err := r.stopSetups(ctx, seen); err != nil || busy {
		return false, refusedAgain, err
	}
	if at >= 0 {
		wait, err := r.startTearDown(ctx, seen, at)
		return false, wait, err
	}
	return r.endTearDown(ctx, seen)
}

// beginTearDown notes once which fixtures are to be torn down: whatever was begun. A message that stays says that the
// fixture has failed before.
func (f *fixtures) beginTearDown() {
	all := f.run.Status.Fixtures
	if slices.ContainsFunc(all, func(s v1alpha1.FixtureStatus) bool {
		return s.State == fixtureTearingDown || s.State == fixtureDone
	}) {
		return
	}
	for i := range all {
		switch st := &all[i]; st.State {
		case fixtureSettingUp, fixtureReady:
			st.State, st.Message = fixtureTearingDown, ""
		case fixtureFailed:
			st.State = fixtureTearingDown
		case fixtureWaiting:
			st.Message = "not set up: the run ended before"
		}
	}
}

// nextTearDown notes which teardowns have ended, and is the one that is next or under way; -1: all are through.
func (f *fixtures) nextTearDown() int {
	for i := len(f.run.Spec.Fixtures) - 1; i >= 0; i-- {
		spec := &f.run.Spec.Fixtures[i]
		st := fixtureStatus(f.run, spec.Name)
		if st == nil || st.State != fixtureTearingDown || spec.Service != nil {
			continue
		}
		if spec.Teardown == nil {
			tornDown(st, "")
			continue
		}
		ended, wrong := f.tearDownEnd(spec.Name)
		if !ended {
			return i
		}
		tornDown(st, wrong)
	}
	return -1
}

// tornDown ends a fixture: well, unless its setup or its teardown has failed.
func tornDown(st *v1alpha1.FixtureStatus, wrong string) {
	if wrong = cut(wrong, maxMessage/2); wrong != "" && !strings.Contains(st.Message, wrong) {
		if st.Message != "" {
			st.Message = cut(st.Message, maxMessage/2-2) + "; "
		}
		st.Message += wrong
	}
	st.State = fixtureDone
	if st.Message != "" {
		st.State = fixtureFailed
	}
}

func (f *fixtures) tearDownEnd(fixture string) (ended bool, wrong string) {
	name := manifest.FixtureName(f.run.Name, fixture, v1alpha1.PartTeardown)
	job, pod := f.jobs[name], f.pods[name]
	if job == nil {
		return false, ""
	}
	if pod != nil {
		if end := manifest.FixtureEnd(pod); end.Ended && end.Error == "" {
			return true, ""
		} else if end.Ended {
			return true, "teardown: " + end.Error
		}
	}
	if why := jobEnded(job); why != "" {
		return true, "teardown: " + podWord(pod, why)
	}
	return false, ""
}

// recordTearDown records how far the fixtures are, and then tells which teardowns have failed.
func (r *TestRunReconciler) recordTearDown(ctx context.Context, was, run *v1alpha1.TestRun) error {
	if err := r.recordFixtures(ctx, was, run); err != nil {
		return err
	}
	for _, st := range run.Status.Fixtures {
		before := fixtureStatus(was, st.Name)
		if st.State == fixtureFailed && before != nil && before.Message != st.Message {
			note := fmt.Sprintf("fixture %s: %s", st.Name, st.Message)
			r.tell(run, corev1.EventTypeWarning, v1alpha1.ReasonFixtureFailed, "TearDown", note)
		}
	}
	return nil
}

// stopSetups ends setups that still run: nothing is torn down while it is set up.
func (r *TestRunReconciler) stopSetups(ctx context.Context, seen *fixtures) (busy bool, err error) {
	for _, pod := range seen.pods {
		if pod.Labels[v1alpha1.LabelPart] == v1alpha1.PartSetup && !manifest.Terminal(pod) {
			busy = true
		}
	}
	for _, job := range seen.jobs {
		if job.Labels[v1alpha1.LabelPart] != v1alpha1.PartSetup || jobEnded(job) != "" || !job.DeletionTimestamp.IsZero() {
			continue
		}
		if err := r.deleteNow(ctx, job); err != nil {
			return busy, err
		}
	}
	return busy, nil
}

func (r *TestRunReconciler) deleteNow(ctx context.Context, o client.Object) error {
	err := r.Delete(ctx, o, client.PropagationPolicy(metav1.DeletePropagationBackground))
	if client.IgnoreNotFound(err) != nil {
		return fmt.Errorf("deleting %s: %w", o.GetName(), err)
	}
	return nil
}

// startTearDown makes the Job of a teardown unless it is there. One that cannot be made is given up in time: a run
// always reaches its end.
func (r *TestRunReconciler) startTearDown(ctx context.Context, seen *fixtures, i int) (time.Duration, error) {
	run, spec := seen.run, &seen.run.Spec.Fixtures[i]
	if seen.jobs[manifest.FixtureName(run.Name, spec.Name, v1alpha1.PartTeardown)] != nil {
		return 0, nil // its end brings another pass
	}
	c, err := r.Collector(ctx)
	if err != nil {
		return 0, err
	}
	if stale, err := r.stale(ctx, run); err != nil || stale {
		return staleAgain, err
	}
	job := manifest.FixtureJob(run, manifest.FixturePart{
		Fixture: spec.Name, Part: v1alpha1.PartTeardown, Command: spec.Teardown,
		Env: manifest.FixtureEnv(run, standing(run, i)),
	}, c.Image)
	err = r.makeOurs(ctx, run, job)
	switch {
	case err == nil:
		return 0, nil
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err), waitable(err) && seen.givesUp(err):
		was := run.DeepCopy()
		tornDown(fixtureStatus(run, spec.Name), "teardown: "+err.Error())
		return staleAgain, r.recordTearDown(ctx, was, run)
	case waitable(err):
		return refusedAgain, nil
	}
	return 0, fmt.Errorf("creating job %s: %w", job.Name, err)
}

// givesUp reports whether a teardown that is refused will not be tried again: the namespace goes too, or startTimeout
// has passed on top of all that the teardowns may take.
func (f *fixtures) givesUp(err error) bool {
	if apierrors.HasStatusCause(err, corev1.NamespaceTerminatingCause) {
		return true
	}
	var since time.Time
	if t := f.run.Status.CompletionTime; t != nil {
		since = t.Time
	}
	if t := f.run.DeletionTimestamp; t != nil && t.After(since) {
		since = t.Time
	}
	for i := range f.run.Spec.Fixtures {
		if c := f.run.Spec.Fixtures[i].Teardown; c != nil {
			since = since.Add(manifest.FixtureTimeout(c))
		}
	}
	return f.now.After(since.Add(manifest.StartTimeout(f.run)))
}

// endTearDown ends the services, and lets go of the run.
func (r *TestRunReconciler) endTearDown(ctx context.Context, seen *fixtures) (bool, time.Duration, error) {
	run := seen.run
	for _, pod := range seen.pods {
		if pod.Labels[v1alpha1.LabelPart] == v1alpha1.PartService && pod.DeletionTimestamp.IsZero() {
			if err := r.deleteNow(ctx, pod); err != nil {
				return false, 0, err
			}
		}
	}
	was := run.DeepCopy()
	for i := range run.Status.Fixtures {
		if st := &run.Status.Fixtures[i]; st.State == fixtureTearingDown {
			tornDown(st, "")
		}
	}
	if err := r.recordFixtures(ctx, was, run); err != nil {
		return false, 0, err
	}
	if err := r.deleteJobs(ctx, seen); err != nil {
		return false, 0, err
	}
	if err := r.setFinalizer(ctx, run, false); err != nil {
		return false, 0, err
	}
	return true, 0, nil
}

// deleteJobs deletes what has no owner; of the others only those with containers that never end, for the log's sake.
func (r *TestRunReconciler) deleteJobs(ctx context.Context, seen *fixtures) error {
	for _, job := range seen.jobs {
		pod := seen.pods[job.Name]
		if metav1.GetControllerOf(job) != nil && (pod == nil || manifest.Terminal(pod)) {
			continue
		}
		if err := r.deleteNow(ctx, job); err != nil {
			return err
		}
	}
	return nil
}

// finalize tears the fixtures of a run down that is being deleted, once its workers are gone.
func (r *TestRunReconciler) finalize(
	ctx context.Context, run *v1alpha1.TestRun,
) (done bool, wait time.Duration, err error) {
	if !needsTearDown(run) {
		return true, 0, nil
	}
	var pods corev1.PodList
	sel := client.MatchingLabels{
		v1alpha1.LabelRunUID: string(run.UID), v1alpha1.LabelPhase: v1alpha1.PhaseRun,
	}
	if err := r.List(ctx, &pods, client.InNamespace(run.Namespace), sel); err != nil {
		return false, 0, fmt.Errorf("listing the workers: %w", err)
	}
	working := false
	for i := range pods.Items {
		pod := &pods.Items[i]
		if manifest.Terminal(pod) {
			continue
		}
		working = true
		if !pod.DeletionTimestamp.IsZero() {
			continue
		}
		if err := r.deleteNow(ctx, pod); err != nil {
			return false, 0, err
		}
	}
	if working {
		return false, refusedAgain, nil
	}
	return r.tearDown(ctx, run)
}

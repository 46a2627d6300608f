package controllers

import (
	"context"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/collector"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/plan"
)

// keepServices looks after the services of a run whose tests are running: a pod that is lost is made again. Tests go on
// meanwhile.
func (r *TestRunReconciler) keepServices(
	ctx context.Context, run *v1alpha1.TestRun, live *collector.Run,
) (time.Duration, *plan.Ending, error) {
	if !hasServices(run) || run.Spec.Cancel {
		return 0, nil, nil
	}
	was := run.DeepCopy()
	seen, err := r.observeFixtures(ctx, run)
	if err != nil {
		return 0, nil, err
	}
	seen.testing = true
	var step fixtureStep
	seen.services(&step)
	if err := r.recordServices(ctx, was, run); err != nil {
		return 0, nil, err
	}
	live.Exported(run)
	if step.ending != nil {
		return 0, givenUp(live, step.ending), nil
	}
	if err := r.removeLost(ctx, step.remove); err != nil || len(step.start) == 0 {
		return step.wait, nil, err
	}
	wait, failed, err := r.startFixtures(ctx, seen, step.start)
	if failed != nil {
		failed = givenUp(live, failed)
	}
	return sooner(wait, step.wait), failed, err
}

func hasServices(run *v1alpha1.TestRun) bool {
	for i := range run.Spec.Fixtures {
		if f := &run.Spec.Fixtures[i]; f.Service != nil && fixtureStatus(run, f.Name) != nil {
			return true
		}
	}
	return false
}

// givenUp is the end of a run whose tests cannot go on without a fixture.
func givenUp(live *collector.Run, e *plan.Ending) *plan.Ending {
	live.Update(func(s *plan.State) { e.Message = s.GiveUp() + ": " + e.Message })
	return e
}

// lostWithTests: the pod of the service was lost when tests were running. They still have its last address.
func lostWithTests(st *v1alpha1.FixtureStatus) bool {
	return st.Lost > 0 && len(st.Exports) > 0 && (st.State == fixtureSettingUp || st.State == fixtureFailed)
}

func (f *fixtures) servicePod(st *v1alpha1.FixtureStatus) *corev1.Pod {
	return f.pods[manifest.FixtureName(f.run.Name, st.Name, v1alpha1.PartService)]
}

// going: nothing can be expected of the pod any more.
func going(pod *corev1.Pod) bool { return manifest.Terminal(pod) || !pod.DeletionTimestamp.IsZero() }

// lost reports whether the pod of a service was lost, and this has not been noted yet.
func (f *fixtures) lost(st *v1alpha1.FixtureStatus) bool {
	pod := f.servicePod(st)
	if pod == nil {
		return st.State == fixtureReady
	}
	return going(pod) && manifest.LostBefore(pod) >= st.Lost
}

// lose notes that the pod of a service was lost.
func (f *fixtures) lose(st *v1alpha1.FixtureStatus) {
	why := lossOf(f.servicePod(st))
	st.Lost++
	st.LostTime = &metav1.Time{Time: f.now.Truncate(time.Second)}
	st.State = fixtureSettingUp
	if !f.testing {
		st.Exports = nil
	}
	st.Message = cut(why, maxMessage/2) + "; " + madeAgain(f.run, st)
	if budget := manifest.InfraRetries(f.run); st.Lost > budget {
		st.Message = fmt.Sprintf("the pod of service %s was lost more often than infraRetries (%d) allows: %s",
			st.Name, budget, cut(why, maxMessage/2))
	}
}

func madeAgain(run *v1alpha1.TestRun, st *v1alpha1.FixtureStatus) string {
	return fmt.Sprintf("made again (%d of infraRetries %d)", st.Lost, manifest.InfraRetries(run))
}

// lossOf says what became of the pod of a service; of one that is gone nobody knows more.
func lossOf(pod *corev1.Pod) string {
	if pod == nil {
		return "Deleted: the pod is gone"
	}
	e := manifest.PodEnd(pod)
	if !pod.DeletionTimestamp.IsZero() && e.Cause != plan.Evicted && e.Cause != plan.NodeLost {
		e = plan.End{Cause: plan.Deleted, Message: "the pod was deleted"}
	}
	if e.Message == "" {
		return string(e.Cause)
	}
	return string(e.Cause) + ": " + e.Message
}

// leaving waits for the pod of a service that was lost to be gone: its name is needed.
func (f *fixtures) leaving(step *fixtureStep, st *v1alpha1.FixtureStatus, pod *corev1.Pod) {
	if pod.DeletionTimestamp.IsZero() {
		step.remove = append(step.remove, pod)
	}
	if st.LostTime != nil && !f.run.Spec.Suspend {
		f.blocked(step, st, plan.Blocked{
			Reason: v1alpha1.ReasonStartTimeout, Message: "the pod that was lost is still there",
		}, st.LostTime.Time)
	}
}

// waitsFor is the message of a fixture that waits. Of a service that was lost it goes on telling why, unless something
// keeps the new pod from starting.
func waitsFor(run *v1alpha1.TestRun, st *v1alpha1.FixtureStatus, b plan.Blocked) string {
	switch {
	case st.Lost == 0:
		return cut(b.Message, maxMessage)
	case b.Reason == v1alpha1.ReasonStartTimeout:
		return st.Message
	}
	return cut(b.Message, maxMessage/2) + "; " + madeAgain(run, st)
}

// recordServices records how far the fixtures are, and then tells which services were lost.
func (r *TestRunReconciler) recordServices(ctx context.Context, was, run *v1alpha1.TestRun) error {
	if err := r.recordFixtures(ctx, was, run); err != nil {
		return err
	}
	for _, st := range run.Status.Fixtures {
		if before := fixtureStatus(was, st.Name); before != nil && before.Lost < st.Lost {
			note := fmt.Sprintf("fixture %s: %s", st.Name, st.Message)
			r.tell(run, corev1.EventTypeWarning, "FixtureLost", "MakeAgain", note)
		}
	}
	return nil
}

// removeLost deletes pods of services that have ended, once their loss is noted.
func (r *TestRunReconciler) removeLost(ctx context.Context, pods []*corev1.Pod) error {
	for _, pod := range pods {
		err := r.Delete(ctx, pod, client.Preconditions{UID: &pod.UID})
		if client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("deleting pod %s: %w", pod.Name, err)
		}
	}
	return nil
}

// lookAgain reads the pods of services that are ready and not seen past the cache: it may be behind, and what it has
// not seen yet is not lost.
func (r *TestRunReconciler) lookAgain(ctx context.Context, seen *fixtures) error {
	for i := range seen.run.Spec.Fixtures {
		st := fixtureStatus(seen.run, seen.run.Spec.Fixtures[i].Name)
		if seen.run.Spec.Fixtures[i].Service == nil || st == nil || st.State != fixtureReady || !seen.lost(st) {
			continue
		}
		pod := &corev1.Pod{}
		name := manifest.FixtureName(seen.run.Name, st.Name, v1alpha1.PartService)
		err := r.Live.Get(ctx, client.ObjectKey{Namespace: seen.run.Namespace, Name: name}, pod)
		if client.IgnoreNotFound(err) != nil {
			return fmt.Errorf("reading pod %s: %w", name, err)
		}
		if err == nil {
			seen.addPod(pod)
		}
	}
	return nil
}

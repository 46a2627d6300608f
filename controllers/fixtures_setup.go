package controllers

import (
	"errors"
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/plan"
)

// fixtureStep is what to do next for fixtures that are not all ready.
type fixtureStep struct {
	start  []int
	remove []*corev1.Pod // services' that were lost: another one has to have their name
	wait   time.Duration
	ending *plan.Ending
}

// maxExports is how many bytes the exports of a run's fixtures may take together.
const maxExports = 8 << 10

// next notes in the status how far the fixtures are, and says what to do.
func (f *fixtures) next() fixtureStep {
	step := fixtureStep{ending: f.over()}
	if d := manifest.Deadline(f.run); !d.IsZero() {
		step.wait = until(d, f.now)
	}
	if step.ending != nil {
		return step
	}
	if up := f.services(&step); up && step.ending == nil {
		f.setups(&step)
	}
	if f.run.Spec.Suspend {
		step.start = nil
	}
	return step
}

// over is the end of a run that does not wait for its fixtures any more.
func (f *fixtures) over() *plan.Ending {
	if f.run.Spec.Cancel {
		return &plan.Ending{
			Result: string(v1alpha1.ResultCancelled), Reason: v1alpha1.ReasonCancelled,
			Message: "cancelled before the fixtures were ready", Exit: v1alpha1.ExitCancelled,
		}
	}
	if d := manifest.Deadline(f.run); !d.IsZero() && !f.now.Before(d) {
		return &plan.Ending{
			Result: string(v1alpha1.ResultFailed), Reason: v1alpha1.ReasonDeadlineExceeded,
			Message: "activeDeadlineSeconds passed before the fixtures were ready", Exit: v1alpha1.ExitTestsFailed,
		}
	}
	return nil
}

// services reports whether all services are ready.
func (f *fixtures) services(step *fixtureStep) bool {
	up := true
	for i := range f.run.Spec.Fixtures {
		spec := &f.run.Spec.Fixtures[i]
		st := fixtureStatus(f.run, spec.Name)
		if spec.Service == nil || st == nil || st.State == fixtureReady && !f.lost(st) {
			continue
		}
		if !f.service(step, i, st) {
			up = false
		}
	}
	return up
}

// service reports whether a service is ready now.
func (f *fixtures) service(step *fixtureStep, i int, st *v1alpha1.FixtureStatus) bool {
	spec := &f.run.Spec.Fixtures[i]
	if f.lost(st) {
		f.lose(st)
	}
	pod := f.servicePod(st)
	switch {
	case st.Lost > manifest.InfraRetries(f.run):
		step.fail(st, fixtureEnding(st.Message))
		return false
	case pod == nil:
		f.begin(step, i, st)
		return false
	case going(pod):
		f.leaving(step, st, pod)
		return false
	case podReady(pod) && pod.Status.PodIP != "":
		f.export(step, st, manifest.ServiceExports(spec.Name, spec.Service, pod))
		return st.State == fixtureReady
	case !manifest.PodState(pod).Running:
		f.notStarted(step, st, pod, pod.CreationTimestamp.Time)
		return false
	}
	due := serviceStart(pod).Add(manifest.ReadyTimeout(spec.Service))
	if f.now.Before(due) {
		step.wait = sooner(step.wait, until(due, f.now))
		return false
	}
	step.fail(st, fixtureEnding(fmt.Sprintf("service %s was not ready within %s%s", spec.Name,
		manifest.ReadyTimeout(spec.Service), lastEnd(pod))))
	return false
}

func podReady(pod *corev1.Pod) bool {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodReady {
			return c.Status == corev1.ConditionTrue
		}
	}
	return false
}

// serviceStart is when a service was first started; of one that was started again only the pod's beginning is known.
func serviceStart(pod *corev1.Pod) time.Time {
	for _, s := range pod.Status.ContainerStatuses {
		if s.RestartCount == 0 && s.State.Running != nil && !s.State.Running.StartedAt.IsZero() {
			return s.State.Running.StartedAt.Time
		}
	}
	if pod.Status.StartTime != nil {
		return pod.Status.StartTime.Time
	}
	return pod.CreationTimestamp.Time
}

func lastEnd(pod *corev1.Pod) string {
	for _, s := range pod.Status.ContainerStatuses {
		if t := s.LastTerminationState.Terminated; t != nil {
			return fmt.Sprintf("; it ended with exit code %d and was started again", t.ExitCode)
		}
	}
	return ""
}

// setups goes through the setups in order up to the first that is not ready.
func (f *fixtures) setups(step *fixtureStep) {
	for i := range f.run.Spec.Fixtures {
		spec := &f.run.Spec.Fixtures[i]
		st := fixtureStatus(f.run, spec.Name)
		if st == nil || spec.Service != nil || st.State == fixtureReady {
			continue
		}
		if spec.Setup == nil {
			st.State = fixtureReady
			continue
		}
		if !f.setup(step, i, st) {
			return
		}
	}
}

// setup reports whether a setup is through now.
func (f *fixtures) setup(step *fixtureStep, i int, st *v1alpha1.FixtureStatus) bool {
	name := manifest.FixtureName(f.run.Name, st.Name, v1alpha1.PartSetup)
	job, pod := f.jobs[name], f.pods[name]
	if job == nil {
		f.begin(step, i, st)
		return false
	}
	st.State = fixtureSettingUp
	end := manifest.FixtureResult{}
	if pod != nil {
		end = manifest.FixtureEnd(pod)
	}
	switch {
	case end.Ended && end.Error == "":
		f.export(step, st, end.Exports)
	case end.Ended:
		step.fail(st, fixtureEnding(fmt.Sprintf("setup of fixture %s: %s", st.Name, end.Error)))
	case jobEnded(job) != "":
		step.fail(st, infrastructure(fmt.Sprintf("setup of fixture %s: %s", st.Name, podWord(pod, jobEnded(job)))))
	case pod == nil:
		f.notStarted(step, st, nil, job.CreationTimestamp.Time)
	case !manifest.PodState(pod).Running && !manifest.Terminal(pod):
		f.notStarted(step, st, pod, pod.CreationTimestamp.Time)
	}
	return st.State == fixtureReady
}

func (f *fixtures) begin(step *fixtureStep, i int, st *v1alpha1.FixtureStatus) {
	if f.run.Spec.Suspend {
		return
	}
	st.State = fixtureSettingUp
	step.start = append(step.start, i)
}

// export makes a fixture ready, if there is room for what it exports.
func (f *fixtures) export(step *fixtureStep, st *v1alpha1.FixtureStatus, exports map[string]string) {
	n := size(exports)
	for _, other := range f.run.Status.Fixtures {
		if other.Name != st.Name {
			n += size(other.Exports)
		}
	}
	if n > maxExports {
		step.fail(st, fixtureEnding(fmt.Sprintf("fixture %s: with what it exports, the exports of all fixtures take "+
			"%d bytes; at most %d fit", st.Name, n, maxExports)))
		return
	}
	st.State, st.Message, st.Exports = fixtureReady, "", exports
}

func size(exports map[string]string) int {
	n := 0
	for k, v := range exports {
		n += len(k) + len(v)
	}
	return n
}

// notStarted waits for a pod that does not run, as long as a run waits for one.
func (f *fixtures) notStarted(step *fixtureStep, st *v1alpha1.FixtureStatus, pod *corev1.Pod, since time.Time) {
	b := plan.Blocked{Reason: v1alpha1.ReasonStartTimeout, Message: "there is no pod yet"}
	if pod != nil {
		b.Message = "its pod is being started"
		if s := manifest.PodState(pod); s.Blocked != "" {
			b = plan.Blocked{Reason: s.Blocked, Message: s.Message}
		}
	}
	f.blocked(step, st, b, since)
}

func (f *fixtures) blocked(step *fixtureStep, st *v1alpha1.FixtureStatus, b plan.Blocked, since time.Time) {
	st.Message = waitsFor(f.run, st, b)
	due := since.Add(manifest.StartTimeout(f.run))
	message := fmt.Sprintf("fixture %s: %s", st.Name, b.Message)
	switch {
	case f.now.Before(due):
		step.wait = sooner(step.wait, until(due, f.now))
	case b.Reason == v1alpha1.ReasonImagePull:
		step.fail(st, setupFailed(b.Reason, message))
	default:
		e := infrastructure("did not start: " + message)
		e.Reason = v1alpha1.ReasonStartTimeout
		step.fail(st, e)
	}
}

// refused is the end of a run whose fixture's pod or Job the API server does not take, or has not for too long; else
// the status says what is waited for.
func (f *fixtures) refused(spec *v1alpha1.Fixture, err error) *plan.Ending {
	st := fixtureStatus(f.run, spec.Name)
	var step fixtureStep
	switch {
	case apierrors.IsInvalid(err), apierrors.IsBadRequest(err):
		step.fail(st, setupFailed(v1alpha1.ReasonInvalidSpec, fmt.Sprintf("fixture %s: %s", spec.Name, err)))
	case waitable(err):
		f.blocked(&step, st, *refusal(err), f.since())
	}
	return step.ending
}

func waitable(err error) bool { return apierrors.IsForbidden(err) || errors.Is(err, errForeign) }

// since is a moment after which nothing has kept fixtures from being started: the tests were listed, the run was not
// suspended, and what came before had ended.
func (f *fixtures) since() time.Time {
	var last time.Time
	later := func(t time.Time) {
		if t.After(last) {
			last = t
		}
	}
	for _, kind := range []string{v1alpha1.ConditionListed, v1alpha1.ConditionSuspended} {
		if c := meta.FindStatusCondition(f.run.Status.Conditions, kind); c != nil {
			later(c.LastTransitionTime.Time)
		}
	}
	for _, st := range f.run.Status.Fixtures {
		if st.LostTime != nil {
			later(st.LostTime.Time)
		}
	}
	for _, pod := range f.pods {
		later(pod.CreationTimestamp.Time)
		for _, s := range pod.Status.ContainerStatuses {
			if s.State.Terminated != nil {
				later(s.State.Terminated.FinishedAt.Time)
			}
		}
	}
	return last
}

// fail ends the run for a fixture; the first one that fails says why.
func (s *fixtureStep) fail(st *v1alpha1.FixtureStatus, e *plan.Ending) {
	if st.Lost > 0 { // whatever keeps it from coming back
		e = fixtureEnding(e.Message)
	}
	st.State, st.Message = fixtureFailed, cut(e.Message, maxMessage)
	if s.ending == nil {
		s.ending = e
	}
}

func fixtureEnding(message string) *plan.Ending {
	return &plan.Ending{
		Result: string(v1alpha1.ResultFailed), Reason: v1alpha1.ReasonFixtureFailed,
		Message: message, Exit: v1alpha1.ExitFixtureFailed,
	}
}

func infrastructure(message string) *plan.Ending {
	return &plan.Ending{
		Result: string(v1alpha1.ResultError), Reason: v1alpha1.ReasonInfrastructure,
		Message: message, Exit: v1alpha1.ExitInfrastructure,
	}
}

// jobEnded says how a Job ended whose pod tells no result, or "".
func jobEnded(job *batchv1.Job) string {
	for _, c := range job.Status.Conditions {
		switch {
		case c.Status != corev1.ConditionTrue:
		case c.Type == batchv1.JobFailed:
			return "the job failed: " + c.Message
		case c.Type == batchv1.JobComplete:
			return "the job is complete, but its pod is gone and its result with it"
		}
	}
	return ""
}

package manifest

import (
	"hash/fnv"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/settings"
)

// The API server fills the defaults in; these hold for objects that came another way.

// StartTimeout is how long a run waits for a pod that does not start.
func StartTimeout(run *v1alpha1.TestRun) time.Duration {
	return orUsual(run.Spec.StartTimeout)
}

// ListTimeout is how long listing may take.
func ListTimeout(run *v1alpha1.TestRun) time.Duration { return orUsual(run.Spec.ListTimeout) }

// InfraRetries is how often a test may be lost with its pod.
func InfraRetries(run *v1alpha1.TestRun) int32 {
	if run.Spec.InfraRetries == nil {
		return 3
	}
	return *run.Spec.InfraRetries
}

// usualTimeout is how long a step may take if nothing else is said.
const usualTimeout = 5 * time.Minute

func orUsual(d *metav1.Duration) time.Duration {
	if d == nil {
		return usualTimeout
	}
	return d.Duration
}

// Facts are what deciding needs of a run's spec, which must be the effective one, and of what it makes of its tests.
// The ledgers are to be added.
func Facts(run *v1alpha1.TestRun, res *settings.Resolved) plan.Facts {
	f := plan.Facts{
		Settings: Settings(run), Tests: res.Tests, Policies: res.Policies, Groups: res.Groups,
		Suspend: run.Spec.Suspend, Cancel: run.Spec.Cancel, Force: run.Spec.Force,
	}
	f.Settings.Outstanding = res.Outstanding
	for _, c := range res.Classes {
		f.Classes = append(f.Classes, c.Name)
	}
	if t := run.Status.TestsStartTime; t != nil {
		f.TestsStarted = t.Time
	}
	return f
}

// Settings are a run's settings as deciding needs them. Its deadline counts from status.startTime.
func Settings(run *v1alpha1.TestRun) plan.Settings {
	s := plan.Settings{
		Parallelism:  int(max(run.Spec.Parallelism, 1)),
		Slots:        int(max(run.Spec.Worker.Slots, 1)),
		MaxTests:     int(run.Spec.Worker.MaxTests),
		Alone:        run.Spec.Isolation == v1alpha1.IsolationPod,
		MaxAttempts:  1,
		InfraRetries: int(InfraRetries(run)),
		StartTimeout: StartTimeout(run),
		NoTestsPass:  run.Spec.NoTests == v1alpha1.NoTestsPass || run.Spec.Rerun != nil,
		Deadline:     Deadline(run),
	}
	if s.MaxTests < 1 {
		s.MaxTests = 10000
	}
	if run.Spec.Retries != nil {
		s.MaxAttempts += int(run.Spec.Retries.Count)
	}
	if run.Spec.GlobalTimeout != nil {
		s.GlobalTimeout = run.Spec.GlobalTimeout.Duration
	}
	if ff := run.Spec.FailFast; ff != nil {
		s.MaxFail, s.FailImmediate = int(max(ff.MaxFail, 1)), ff.Terminate == v1alpha1.TerminateImmediate
	}
	if st := run.Spec.Stress; st != nil && st.Duration != nil {
		s.StressDuration = st.Duration.Duration
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(run.UID))
	s.Seed = h.Sum64()
	return s
}

// Deadline is when the run has to be over, or zero.
func Deadline(run *v1alpha1.TestRun) time.Time {
	if run.Spec.ActiveDeadlineSeconds == nil || run.Status.StartTime == nil {
		return time.Time{}
	}
	return run.Status.StartTime.Add(time.Duration(*run.Spec.ActiveDeadlineSeconds) * time.Second)
}

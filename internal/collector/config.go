package collector

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/wire"
)

// What a pod is told to do.
const (
	ModeList = "list"
	ModeRun  = "run"
)

// Defaults of what the API server may not have filled in.
const (
	slowPeriod  = time.Minute
	gracePeriod = 10 * time.Second
	leakTimeout = 200 * time.Millisecond
)

// configOf is a run's spec as an agent needs it.
func configOf(run *v1alpha1.TestRun, mode string) wire.Config {
	set := manifest.Settings(run)
	var slow v1alpha1.SlowTimeout
	if run.Spec.SlowTimeout != nil {
		slow = *run.Spec.SlowTimeout
	}
	period := or(slow.Period, slowPeriod)
	c := wire.Config{
		Mode: mode, RunName: run.Name, RunUID: string(run.UID),
		Slots: set.Slots, RunIgnored: string(run.Spec.RunIgnored), TotalAttempts: set.MaxAttempts,
		ListTimeoutMS: manifest.ListTimeout(run).Milliseconds(),
		SlowPeriodMS:  period.Milliseconds(),
		TerminateMS:   period.Milliseconds() * int64(slow.TerminateAfter),
		GraceMS:       or(slow.GracePeriod, gracePeriod).Milliseconds(),
		LeakMS:        leakTimeout.Milliseconds(),
	}
	if c.RunIgnored == "" {
		c.RunIgnored = string(v1alpha1.RunIgnoredDefault)
	}
	for _, s := range run.Spec.Suites {
		c.Suites = append(c.Suites, suiteOf(s))
	}
	return c
}

func suiteOf(s v1alpha1.Suite) wire.Suite {
	switch {
	case s.Go != nil:
		return wire.Suite{Name: s.Name, Harness: "go", Binaries: s.Go.Binaries, WorkingDir: s.Go.WorkingDir}
	case s.Libtest != nil:
		return wire.Suite{Name: s.Name, Harness: "libtest", Binaries: s.Libtest.Binaries, WorkingDir: s.Libtest.WorkingDir}
	case s.Exec != nil:
		format := s.Exec.List.Format
		if format == "" {
			format = v1alpha1.ListLines
		}
		return wire.Suite{
			Name: s.Name, Harness: "exec", WorkingDir: s.Exec.WorkingDir,
			List: s.Exec.List.Command, ListFormat: string(format), Run: s.Exec.Run.Command,
		}
	}
	return wire.Suite{Name: s.Name} // the API server refuses it
}

func or(d *metav1.Duration, def time.Duration) time.Duration {
	if d == nil {
		return def
	}
	return d.Duration
}

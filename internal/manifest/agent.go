package manifest

import (
	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/settings"
	"github.com/podtest/podtest/internal/wire"
)

// What an agent is told to do.
const (
	AgentLists = "list"
	AgentRuns  = "run"
)

// AgentConfig is a run's spec, the effective one, as an agent needs it.
func AgentConfig(run *v1alpha1.TestRun, mode string) wire.Config {
	set := Settings(run)
	c := wire.Config{
		Mode: mode, RunName: run.Name, RunUID: string(run.UID),
		Slots: set.Slots, RunIgnored: string(run.Spec.RunIgnored), Threads: set.Slots * set.Parallelism,
		ListTimeoutMS: ListTimeout(run).Milliseconds(),
		GraceMS:       settings.GracePeriod(&run.Spec).Milliseconds(),
		ListWrapper:   run.Spec.ListWrapper, Filter: run.Spec.Filter, DefaultFilter: run.Spec.DefaultFilter,
		StressTotal: rounds(run),
	}
	for _, g := range run.Spec.Groups {
		c.Groups = append(c.Groups, g.Name)
	}
	if run.Spec.ProfileRef != nil {
		c.Profile = run.Spec.ProfileRef.Name
	}
	if run.Spec.IgnoreDefaultFilter {
		c.DefaultFilter = ""
	}
	if c.RunIgnored == "" {
		c.RunIgnored = string(v1alpha1.RunIgnoredDefault)
	}
	if !set.Deadline.IsZero() {
		c.DeadlineUnix = set.Deadline.Unix()
	}
	for _, s := range run.Spec.Suites {
		c.Suites = append(c.Suites, suiteOf(s))
	}
	return c
}

// rounds is how many a stress run has; -1: nobody knows yet.
func rounds(run *v1alpha1.TestRun) int {
	switch s := run.Spec.Stress; {
	case s == nil:
		return 0
	case s.Count > 0:
		return int(s.Count)
	}
	return -1
}

// AgentSettings are the settings of tests as workers are told them, in the order of the table, with what fixtures have
// exported for them.
func AgentSettings(run *v1alpha1.TestRun, set *settings.Resolved) []wire.TestSettings {
	told := make([]wire.TestSettings, len(set.Table))
	for i := range set.Table {
		t := &set.Table[i]
		policy := &set.Policies[t.Policy]
		told[i] = wire.TestSettings{
			TotalAttempts: policy.MaxAttempts,
			SlowPeriodMS:  t.SlowPeriod.Milliseconds(),
			TerminateMS:   t.Terminate.Milliseconds(),
			GraceMS:       t.Grace.Milliseconds(),
			LeakMS:        t.Leak.Milliseconds(),
			TimeoutPasses: t.TimeoutPasses,
			LeakFails:     t.LeakFails,
			Weight:        policy.Weight,
			Group:         t.Group,
			Wrapper:       t.Wrapper,
			Args:          t.Args,
			KeepOutput:    keepsOutput(t),
			Env:           FixtureEnv(run, t.Fixtures),
		}
		for _, e := range t.Env {
			told[i].Env = append(told[i].Env, e.Name+"="+e.Value)
		}
	}
	return told
}

// keepsOutput reports whether what the test prints is of use to anyone if it passes.
func keepsOutput(t *settings.Test) bool {
	return t.SuccessOutput != "" && t.SuccessOutput != v1alpha1.OutputNever || t.JUnit.StoreSuccess
}

func suiteOf(s v1alpha1.Suite) wire.Suite {
	switch {
	case s.Go != nil:
		return wire.Suite{Name: s.Name, Harness: "go", Binaries: s.Go.Binaries, WorkingDir: s.Go.WorkingDir}
	case s.Libtest != nil:
		return wire.Suite{Name: s.Name, Harness: "libtest", Binaries: s.Libtest.Binaries, WorkingDir: s.Libtest.WorkingDir}
	case s.Nextest != nil:
		n := s.Nextest
		return wire.Suite{
			Name: s.Name, Harness: "nextest", Archive: n.Archive, BinariesMetadata: n.BinariesMetadata,
			CargoMetadata: n.CargoMetadata, WorkspaceRemap: n.WorkspaceRemap, TargetDirRemap: n.TargetDirRemap,
		}
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

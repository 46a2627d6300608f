package report

import (
	"slices"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/outcome"
)

// StatusLevel says which tests get a line when an attempt ends; each level shows what those before it show. Empty is
// pass.
type StatusLevel string

// FinalLevel says which tests get a line at the end of the run. Empty is flaky.
type FinalLevel string

// ProgressMode says how a run's progress is shown. Empty is auto.
type ProgressMode string

// The levels and modes, as nextest spells them.
var (
	StatusLevels  = []StatusLevel{"none", "fail", "retry", "slow", "leak", "pass", "skip", "all"}
	FinalLevels   = []FinalLevel{"none", "fail", "flaky", "slow", "skip", "leak", "pass", "all"}
	ProgressModes = []ProgressMode{"auto", "none", "bar", "counter", "only"}
)

// OutputPolicies are the API's, as nextest spells them.
var OutputPolicies = map[string]v1alpha1.OutputPolicy{
	"immediate": v1alpha1.OutputImmediate, "immediate-final": v1alpha1.OutputImmediateFinal,
	"final": v1alpha1.OutputFinal, "never": v1alpha1.OutputNever,
}

func (l StatusLevel) shows(of StatusLevel) bool {
	if l == "" {
		l = "pass"
	}
	return slices.Index(StatusLevels, l) >= slices.Index(StatusLevels, of)
}

func (l FinalLevel) shows(of FinalLevel) bool {
	if l == "" {
		l = "flaky"
	}
	return slices.Index(FinalLevels, l) >= slices.Index(FinalLevels, of)
}

// level of an attempt that has just ended. A slow test that passes has passed: that it is slow was told before.
func (e Attempt) level() StatusLevel {
	switch {
	case !e.Row.Outcome.Good() && !e.Final, e.flaky():
		return "retry"
	case !e.Row.Outcome.Good():
		return "fail"
	case e.Row.Leaky:
		return "leak"
	}
	return "pass"
}

// finalLevel of a test at the end of the run.
func (e Attempt) finalLevel() FinalLevel {
	switch {
	case !e.Row.Outcome.Good():
		return "fail"
	case e.flaky():
		return "flaky"
	case e.Row.Outcome == outcome.Skipped:
		return "skip"
	case e.Row.Slow:
		return "slow"
	case e.Row.Leaky:
		return "leak"
	}
	return "pass"
}

func (e Attempt) flaky() bool { return e.Row.Outcome == outcome.Passed && e.Row.Attempt > 1 }

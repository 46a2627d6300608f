// Package settings makes of a run's spec, its profile and its catalog what holds for each test: whether it is
// selected, in what pod it runs, with what retries and limits, and which override said so. It is pure.
package settings

import (
	"time"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/plan"
)

// Resolved is what holds for the tests of a run.
type Resolved struct {
	Tests    []plan.Test // by ordinal; of a stress run with a count, all rounds one after the other
	Policies []plan.Policy
	Groups   []plan.Group
	Classes  []Class // the first is the default class

	Table   []Test   // distinct settings
	Of      []int32  // by ordinal of the catalog: index into Table
	Reasons []Reason // by ordinal of the catalog: why it is not selected
	Needed  []bool   // by spec.fixtures: a selected test matches it
	// Outstanding is how many tests the runs before have left that are not selected now; of a rerun.
	Outstanding int
	Warnings    []string // what has no effect, a sentence each
}

// Test is what holds for the test of an ordinal, in whatever round.
func (r *Resolved) Test(ordinal uint32) *Test { return &r.Table[r.Of[int(ordinal)%len(r.Of)]] }

// Policy is what the planner has to know of it.
func (r *Resolved) Policy(ordinal uint32) *plan.Policy { return &r.Policies[r.Test(ordinal).Policy] }

// Selected reports whether the test of an ordinal is, in whatever round.
func (r *Resolved) Selected(ordinal uint32) bool {
	return len(r.Reasons) > 0 && r.Reasons[int(ordinal)%len(r.Reasons)] == Selected
}

// Class is a pod shape and its name.
type Class struct {
	Name  string
	Shape *v1alpha1.PodShape // nil: the template as it is
}

// Test is what holds for a test. Names of settings in Sources are the JSON names of the API; the value says who set
// it: "spec", "spec.overrides[1]", "spec.overrides[1] (heavy)", "profile ci", "profile ci overrides[0]"; one that
// nobody set is not there.
type Test struct {
	Policy        int32 // index into Policies
	SlowPeriod    time.Duration
	Terminate     time.Duration // 0: never
	Grace         time.Duration
	TimeoutPasses bool
	Leak          time.Duration
	LeakFails     bool
	Group         string // empty: none
	Env           []v1alpha1.EnvVar
	Wrapper, Args []string
	SuccessOutput v1alpha1.OutputPolicy
	FailureOutput v1alpha1.OutputPolicy
	JUnit         JUnit
	Fixtures      []int // indexes into spec.fixtures that match
	Sources       map[string]string
}

// Reason is why a test is not selected.
type Reason uint8

// Why a test is not selected, in the order in which they are asked.
const (
	Selected Reason = iota
	Rerun
	Ignored
	Filter
	DefaultFilter
	Partition
)

// Problem is something wrong with a spec that the API server cannot see.
type Problem struct {
	Field   string // such as spec.overrides[2].filter
	Message string // what, and what to do; of a filterset with its caret lines
	Filter  bool   // a filterset: exit code 94 rather than 96
}

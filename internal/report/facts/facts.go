// Package facts puts together what the reports of a run show: its tests with their attempts, its pods with their slots,
// and what determined its length. All text in it is neutralised. It is pure: no clock, no cluster, no format.
package facts

import (
	"cmp"
	"slices"
	"time"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/report"
)

// GoesOn is the verdict of a run that has not ended.
const GoesOn = "Running"

// Running is the outcome of an attempt that has not ended.
const Running = "running"

// Run is what is known of a run.
type Run struct {
	Namespace, Name, UID, Image report.Text

	Verdict  string // v1alpha1.Result, or GoesOn
	ExitCode *int32 // unset while it goes on
	Message  report.Text
	Notes    []Note

	Start, Listed time.Time // Listed is zero if that is not known
	End           time.Time // of a run that goes on: now
	Over          bool

	Counts   Counts
	Settings []Setting // what was asked for: filter, retries and so on
	Classes  []v1alpha1.ClassStatus
	Fixtures []Note

	Tests    []Test // in the order of the catalog
	Pods     []Pod
	Path     []Segment // from Start to End
	Commands Commands
}

// Note is something that the run says of itself.
type Note struct {
	Title, Text report.Text
	Bad         bool
}

// Setting is something that the run was told.
type Setting struct{ Name, Value report.Text }

// Counts are numbers of tests.
type Counts struct {
	Listed, Selected, Decided int
	outcome.Tally
	Slow, Leaky, NotRun, Pending int
}

// Test is a test and what became of it.
type Test struct {
	Ordinal uint32
	report.Test
	Outcome            string // a word of report.Outcomes, or Running
	Flaky, Slow, Leaky bool
	Why                string // in a few words; empty if there is nothing to say
	Deciding           int    // index into Attempts; -1 if nothing is decided
	Attempts           []Attempt
}

// Bad is true for a test that ended badly, or without a verdict though the run is over.
func (t *Test) Bad() bool {
	switch t.Outcome {
	case outcome.Passed.String(), outcome.Skipped.String(), report.Pending, Running:
		return false
	}
	return true
}

// Ran is true for a test of which an attempt has ended or runs.
func (t *Test) Ran() bool { return len(t.Attempts) > 0 }

// Last is the attempt that tells most of a test: the one that decided, or the newest. The test must have run.
func (t *Test) Last() *Attempt {
	if t.Deciding >= 0 {
		return &t.Attempts[t.Deciding]
	}
	return &t.Attempts[len(t.Attempts)-1]
}

// Telling is the attempt to look at first: the last one that failed and of which something is known, or else Last.
func (t *Test) Telling() *Attempt {
	for i := len(t.Attempts) - 1; i >= 0; i-- {
		if a := &t.Attempts[i]; len(a.Streams) > 0 || a.Excerpt.String() != "" {
			return a
		}
	}
	return t.Last()
}

// Attempt is one start of a test.
type Attempt struct {
	Number  int
	Outcome string
	Why     string
	Row     outcome.Row
	Start   time.Time // zero if only the end is known
	Length  time.Duration
	Pod     int // index into Pods; -1 if it is of none of them
	Slot    int // of the pod; -1 if it is not known when it ran
	Excerpt report.Text
	Streams []Stream // what is kept of what it printed
}

// End is when it ended.
func (a *Attempt) End() time.Time { return a.Start.Add(a.Length) }

// Good is true if it needs no other.
func (a *Attempt) Good() bool { return a.Row.Outcome.Good() }

// Pod is a worker of the run.
type Pod struct {
	report.Worker                    // the times of its life
	Name, Node, Class    report.Text // neutralised, where Worker's are not
	Cause, Message       report.Text
	Slots, Tests, Failed int
}

// Lost is true for a pod that ended before its work did.
func (p *Pod) Lost() bool {
	switch p.Worker.Cause {
	case "", "Finished", "RunEnded":
		return false
	}
	return true
}

// Failures are the tests that ended badly on their own account, in the order of the catalog.
func (r *Run) Failures() []*Test {
	return r.which(func(t *Test) bool { return t.Bad() && t.Outcome != outcome.NotRun.String() })
}

// NotRun are the tests that have no verdict though the run is over.
func (r *Run) NotRun() []*Test {
	return r.which(func(t *Test) bool { return t.Outcome == outcome.NotRun.String() })
}

// Flaky are the tests that passed on a later attempt.
func (r *Run) Flaky() []*Test { return r.which(func(t *Test) bool { return t.Flaky && !t.Bad() }) }

func (r *Run) which(wanted func(*Test) bool) []*Test {
	var tests []*Test
	for i := range r.Tests {
		if wanted(&r.Tests[i]) {
			tests = append(tests, &r.Tests[i])
		}
	}
	return tests
}

// Length is how long the run took, or has taken so far.
func (r *Run) Length() time.Duration { return max(0, r.End.Sub(r.Start)) }

// Top are the tests that ran for which a figure is highest, the highest first.
func (r *Run) Top(n int, figure func(*Test) uint64) []*Test {
	tests := r.which(func(t *Test) bool { return t.Ran() && figure(t) > 0 })
	slices.SortStableFunc(tests, func(a, b *Test) int { return cmp.Compare(figure(b), figure(a)) })
	return tests[:min(n, len(tests))]
}

package report

import (
	"time"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/outcome"
)

// Event is something that happened in a run: Begun, Note, Listed, Attempt, Progress or Ended.
type Event interface{ render(p *Printer) string }

// Begun is the first word on a run.
type Begun struct {
	Namespace, Name Text
	Image           Text
}

// Note is a plain sentence about the run: what it waits for, what went wrong.
type Note struct {
	Word    string // such as "Listing" or "PENDING"
	Elapsed time.Duration
	Text    Text
}

// Listed tells that the tests are known.
type Listed struct {
	Tests, Binaries, Selected, NotSelected int64
}

// Test is a test as people name it.
type Test struct{ Binary, Name Text }

// String is "<binary id> <test name>".
func (t Test) String() string { return t.Binary.s + " " + t.Name.s }

// Attempt is an attempt of a test that has ended.
type Attempt struct {
	Test     Test
	Row      outcome.Row
	Allowed  int  // attempts that the test may have in all
	Final    bool // the test has its verdict with it
	Done, Of int64
	Pod      Text
	Excerpt  Text // why it failed, and the end of what it printed
	// Show is when the excerpt is shown: the run's failureOutput; empty: Immediate.
	Show    v1alpha1.OutputPolicy
	Command Text // shows the whole output
}

// Progress is where the run stands.
type Progress struct {
	Word    string // such as "Listing" or "Running"
	Elapsed time.Duration
	Tests   v1alpha1.TestCounts
}

// Ended is the last word on a run.
type Ended struct {
	Result   string // v1alpha1.Result
	Message  Text
	ExitCode int32
	Elapsed  time.Duration
	Tests    v1alpha1.TestCounts
	Slow     int64 // passed, but slowly
	Leaky    int64 // passed, but left something behind
	Workers  int64
	// Repeated are the final attempts of failed and flaky tests, in the order of the catalog.
	Repeated []Attempt
	Command  Text // shows all results
}

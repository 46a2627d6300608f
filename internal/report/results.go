package report

import (
	"slices"
	"time"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/outcome"
)

// Pending is the outcome of a test that has no verdict yet in a run that goes on.
const Pending = "pending"

// Outcomes are all words that Result.Outcome can be.
var Outcomes = []string{
	outcome.Passed.String(), outcome.Failed.String(), outcome.TimedOut.String(), outcome.Crashed.String(),
	outcome.OOMKilled.String(), outcome.Skipped.String(), outcome.NotRun.String(), Pending,
}

// Marks are what Result can be beside its outcome.
var Marks = []string{"flaky", "slow", "leaky"}

// Words are all that Result.Is knows.
var Words = slices.Concat(Outcomes, Marks)

// Result is what became of one test. Its names are not neutralised: they are data.
type Result struct {
	Ordinal    uint32 `json:"ordinal"`
	Binary     string `json:"binary"`
	Name       string `json:"name"`
	Outcome    string `json:"outcome"`
	Reason     string `json:"reason"`
	Code       uint8  `json:"code"`
	Flaky      bool   `json:"flaky"`
	Slow       bool   `json:"slow"`
	Leaky      bool   `json:"leaky"`
	Attempts   int    `json:"attempts"`
	DurationUs uint64 `json:"durationUs"`
	CPUUs      uint64 `json:"cpuUs"`
	PeakRSSKiB uint64 `json:"peakRssKiB"`
	Class      string `json:"class"`
	Pod        string `json:"pod"`
	Node       string `json:"node"`
}

// Is reports whether the result has one of the words of Outcomes and Marks.
func (r Result) Is(word string) bool {
	switch word {
	case "flaky":
		return r.Flaky
	case "slow":
		return r.Slow
	case "leaky":
		return r.Leaky
	}
	return r.Outcome == word
}

// Bad reports whether the test failed, in whatever way.
func (r Result) Bad() bool { return r.Decided() && !r.Good() }

// Good reports whether the test passed or said itself that it does not apply.
func (r Result) Good() bool {
	return r.Outcome == outcome.Passed.String() || r.Outcome == outcome.Skipped.String()
}

// Decided reports whether the test has a verdict.
func (r Result) Decided() bool { return r.Outcome != Pending && r.Outcome != outcome.NotRun.String() }

// Duration is how long the test's deciding attempt took.
func (r Result) Duration() time.Duration { return time.Duration(r.DurationUs) * time.Microsecond }

// ResultList is the results of a run as one document.
type ResultList struct {
	Namespace string   `json:"namespace"`
	Run       string   `json:"run"`
	UID       string   `json:"uid"`
	Complete  bool     `json:"complete"`
	Result    string   `json:"result,omitempty"` // of the run: Passed, Failed, Error, Cancelled
	Results   []Result `json:"results"`
}

// NewResultList puts the results of a run together.
func NewResultList(run *v1alpha1.TestRun, results []Result) ResultList {
	return ResultList{
		Namespace: run.Namespace, Run: run.Name, UID: string(run.UID), Complete: run.Status.CompletionTime != nil,
		Result: string(run.Status.Result), Results: append([]Result{}, results...),
	}
}

// Results are all selected tests of a run, in the order of the catalog.
func (b *Book) Results(run *v1alpha1.TestRun) []Result {
	none := Result{Outcome: Pending}
	if c := Completed(run); c != nil {
		none = Result{Outcome: outcome.NotRun.String(), Reason: c.Reason}
		b.Cut()
	}
	nodes := b.Nodes()
	var results []Result
	b.Selected(func(ordinal uint32, e Entry, decided bool) {
		r := none
		if decided {
			r = Result{
				Outcome: e.Row.Outcome.String(), Reason: reasons[e.Row.Reason], Code: e.Row.Code,
				Flaky: e.Flaky, Slow: e.Row.Slow, Leaky: e.Row.Leaky,
				DurationUs: e.Row.Duration, CPUUs: e.Row.CPU, PeakRSSKiB: e.Row.PeakRSS,
			}
		}
		r.Binary, r.Name = b.Names(ordinal)
		r.Ordinal, r.Attempts, r.Class, r.Pod, r.Node = ordinal, e.Attempts, b.Class(ordinal), e.Pod, nodes[e.Pod]
		results = append(results, r)
	})
	return results
}

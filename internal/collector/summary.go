package collector

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
)

// Limits of what a TestRun's status shows.
const (
	shownFailures = 50
	shownSlowest  = 10
	maxTestName   = 512
)

// failed is a test whose verdict is a bad one.
type failed struct {
	row     outcome.Row
	pod     string
	message string
}

// worst are the first failed tests, by when their last attempt ended. It does not depend on when they were told.
type worst struct{ all []failed }

func (w *worst) add(f failed) { w.all = insert(w.all, f, shownFailures, byEnd) }

func byEnd(a, b failed) int {
	return cmp.Or(
		cmp.Compare(a.row.Start+int64(a.row.Duration), b.row.Start+int64(b.row.Duration)),
		cmp.Compare(a.row.Ordinal, b.row.Ordinal),
	)
}

// longest are the tests that took longest.
type longest struct{ all []outcome.Row }

func (l *longest) add(row outcome.Row) { l.all = insert(l.all, row, shownSlowest, byDuration) }

func byDuration(a, b outcome.Row) int {
	return cmp.Or(cmp.Compare(b.Duration, a.Duration), cmp.Compare(a.Ordinal, b.Ordinal))
}

// insert keeps a short list sorted.
func insert[T any](list []T, x T, most int, order func(a, b T) int) []T {
	if len(list) == most && order(x, list[most-1]) >= 0 {
		return list
	}
	at, _ := slices.BinarySearchFunc(list, x, order)
	list = slices.Insert(list, at, x)
	return list[:min(len(list), most)]
}

// Failures are the first failed tests with what they said, at most 50.
func (r *Run) Failures() []v1alpha1.Failure {
	r.mu.Lock()
	defer r.mu.Unlock()
	var shown []v1alpha1.Failure
	for _, f := range r.failures.all {
		message := f.message
		if message == "" {
			message = explain(f.row)
		}
		shown = append(shown, v1alpha1.Failure{
			Test: r.shownName(f.row.Ordinal), Outcome: f.row.Outcome.String(), Message: message,
			Attempts: int32(f.row.Attempt), Duration: duration(f.row.Duration), Pod: f.pod,
		})
	}
	return shown
}

// Slowest are the tests that took longest, at most 10, longest first.
func (r *Run) Slowest() []v1alpha1.SlowTest {
	r.mu.Lock()
	defer r.mu.Unlock()
	var shown []v1alpha1.SlowTest
	for _, row := range r.slowest.all {
		shown = append(shown, v1alpha1.SlowTest{Test: r.shownName(row.Ordinal), Duration: duration(row.Duration)})
	}
	return shown
}

// NotRun are the first tests without a verdict, at most so many.
func (r *Run) NotRun(most int) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var shown []string
	for _, o := range r.state.Unfinished() {
		if len(shown) == most {
			break
		}
		shown = append(shown, r.shownName(o))
	}
	return shown
}

func (r *Run) shownName(ordinal uint32) string { return cut(r.cat.DisplayName(ordinal), maxTestName) }

// explain says why an attempt ended as it did, if its worker could not.
func explain(row outcome.Row) string {
	switch row.Reason {
	case outcome.ExitCode:
		return fmt.Sprintf("exited with code %d", row.Code)
	case outcome.NoEvidence:
		return "exited with code 0, and left no evidence that this test ran"
	case outcome.NotStarted:
		return "its process could not be started"
	case outcome.Signal:
		return fmt.Sprintf("ended by signal %d", row.Code)
	case outcome.SlowTimeout:
		return "took too long and was ended"
	case outcome.HarnessFailed:
		return "its harness recorded a failure"
	case outcome.UnknownTest:
		return "the binary does not know a test of this name, though it listed it"
	case outcome.KilledItsPod:
		return "run alone, it used more memory than its container may: the container was killed with it"
	case outcome.Leaked:
		return "it left a process behind or its output open, and leakTimeout.result is Fail"
	case outcome.FlakyFailed:
		return fmt.Sprintf("it passed on attempt %d only, and flakyResult is Fail", row.Attempt)
	case outcome.NoReason:
	}
	return ""
}

// duration is microseconds for people.
func duration(micros uint64) string {
	d := time.Duration(min(micros, 1<<50)) * time.Microsecond
	switch {
	case d < time.Second:
		return d.Round(time.Millisecond).String()
	case d < time.Minute:
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

// recall fills the lists from what is stored. Call it before the run is open.
func (r *Run) recall(facts plan.Facts) {
	wanted := map[attempt]*failed{}
	for o := range facts.Tests {
		row, ok := r.state.Verdict(uint32(o))
		if !ok {
			continue
		}
		r.slowest.add(row)
		if !row.Outcome.Good() {
			r.failures.add(failed{row: row})
		}
	}
	for i := range r.failures.all {
		f := &r.failures.all[i]
		wanted[attemptOf(f.row)] = f
	}
	for _, l := range r.ledgers {
		for _, row := range l.rows {
			if f := wanted[attemptOf(row)]; f != nil {
				f.pod = l.podName()
			}
		}
		for _, told := range l.failures {
			if f := wanted[attempt{uint32(told.Ordinal), uint16(told.Attempt)}]; f != nil {
				f.message = told.Message
			}
		}
		if l.ended {
			l.release()
		}
	}
}

// rowsOf are the rows of the facts, by batch.
func rowsOf(facts plan.Facts) map[int][]outcome.Row {
	rows := make(map[int][]outcome.Row, len(facts.Batches))
	for _, f := range facts.Batches {
		rows[f.Index] = slices.Clone(f.Rows)
	}
	return rows
}

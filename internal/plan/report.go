package plan

import (
	"slices"
	"time"

	"github.com/podtest/podtest/internal/outcome"
)

// Report tells a row of a worker's ledger. A failed attempt with attempts left puts the test in the queue again, first
// for the same worker. The row of a worker that has ended counts like any other: whoever tells it sees to it that it
// can still be recorded.
func (s *State) Report(index int, row outcome.Row, now time.Time) Accept {
	s.reach(row.Ordinal)
	if !s.plausible(row.Ordinal, row.Attempt) || !row.Outcome.Told() {
		return Unknown
	}
	w := s.living(index)
	if w != nil {
		s.heard(w, now)
		w.idle = time.Time{}
	}
	if s.closed != nil {
		return Duplicate
	}
	if s.tests[row.Ordinal].place == settled || !s.record(row) {
		s.tally.discarded++
		s.tested(row, w, now)
		return Duplicate
	}
	s.strikes.fruit(index)
	if !s.decide(row.Ordinal) {
		s.tested(row, w, now)
	}
	return Accepted
}

// record takes a row into what is known of its test. It is false if the row tells nothing new.
func (s *State) record(row outcome.Row) bool {
	t := &s.tests[row.Ordinal]
	if t.row.Outcome == outcome.None && row.Outcome.Good() && s.trouble[row.Ordinal] == nil {
		t.row = row
	} else if !s.troubleOf(row.Ordinal).Add(row) {
		return false
	}
	t.heardOf(row.Attempt)
	if row.Duration > 0 { // else nobody has measured it
		s.shelf.learn(t.bucket, row.Duration)
	}
	if !row.Outcome.Good() {
		s.tally.failedRows++
	}
	s.found(row)
	return true
}

// found takes back that an attempt was lost with its pod.
func (s *State) found(row outcome.Row) {
	x := s.trouble[row.Ordinal]
	if x == nil {
		return
	}
	if at := slices.Index(x.lost, row.Attempt); at >= 0 {
		x.lost = slices.Delete(x.lost, at, at+1)
		x.blamed = slices.DeleteFunc(x.blamed, func(a uint16) bool { return a == row.Attempt })
		s.tally.interrupted--
	}
}

// decide gives the test its verdict if what is known of it makes one.
func (s *State) decide(ordinal uint32) bool {
	x := s.trouble[ordinal]
	if x == nil {
		row := s.tests[ordinal].row
		if row.Outcome == outcome.None {
			return false
		}
		s.settle(ordinal, row, false)
		return true
	}
	final, decided, flaky := x.Final(s.Rule(ordinal))
	if decided {
		s.settle(ordinal, final, flaky)
	}
	return decided
}

// tested puts a test without a verdict in the queue again, once the attempt that its worker holds has ended. An
// attempt that another worker holds may still bring the verdict.
func (s *State) tested(row outcome.Row, w *worker, now time.Time) {
	t := &s.tests[row.Ordinal]
	switch t.place {
	case held:
		if w == nil || int(t.holder) != w.index || t.hold != row.Attempt {
			return
		}
	case givenUp:
		if s.lostTooOften(row.Ordinal) {
			return
		}
	default:
		return
	}
	s.retry(row.Ordinal, w, now)
}

package plan

import (
	"slices"
	"time"

	"github.com/podtest/podtest/internal/outcome"
)

// accuses reports whether what ran in a worker that ended so may have done it.
func (c Cause) accuses() bool { return c == OOMKilled || c == Died }

// comesInWaves reports whether the cause tends to hit many workers at once: a node is drained or lost, or the first
// tests all want more memory than there is.
func (c Cause) comesInWaves() bool {
	return c == Evicted || c == Deleted || c == NodeLost || c == OOMKilled
}

// bad reports whether the worker did not end as it should.
func (c Cause) bad() bool { return c != Finished && c != RunEnded }

// Judge gives the verdicts that follow from how a worker ended: a test that ran alone and was killed for memory with
// its pod is oomKilled. They belong in the same write as the end.
func (s *State) Judge(index int, e End) []outcome.Row {
	w := s.living(index)
	if w == nil || len(w.fixed) != 1 || e.Cause != OOMKilled || s.closed != nil {
		return nil
	}
	for _, h := range e.Lost {
		if h.Ordinal == w.fixed[0] && s.plausible(h.Ordinal, h.Attempt) && !s.hasRow(h.Ordinal, h.Attempt) &&
			s.tests[h.Ordinal].place != settled {
			return []outcome.Row{{
				Ordinal: h.Ordinal,
				Attempt: h.Attempt,
				Outcome: outcome.OOMKilled,
				Reason:  outcome.KilledItsPod,
			}}
		}
	}
	return nil
}

// Ended tells that a worker has ended. What it held goes back to the queue; only what was running is charged to
// infraRetries; after OOMKilled or Died what was running is a suspect, and runs alone next.
func (s *State) Ended(index int, e End, now time.Time) {
	w := s.living(index)
	if w == nil {
		return
	}
	s.lose(e)
	s.noteEnd(Batch{Index: index, Tests: w.fixed, End: &e})
	s.releaseAll(&w.held)
	s.releaseAll(&w.own)
	s.unreserve(w)
	s.dismiss(w)
	if s.refusal != nil {
		s.refusal.again = now // room may have come free
	}
	if w.spoken {
		s.lastWork = now
	}
	if e.Cause.bad() {
		s.strikes.again = now.Add(strikePause)
	}
}

func (s *State) noteEnd(b Batch) {
	if !b.End.Cause.bad() {
		s.tally.finishedWorkers++
		return
	}
	s.tally.lostWorkers++
	s.strike(b)
}

// lose charges the attempts that ended with their worker, and have no row, to their tests.
func (s *State) lose(e End) {
	for _, h := range e.Lost {
		s.reach(h.Ordinal)
		if !s.plausible(h.Ordinal, h.Attempt) || s.hasRow(h.Ordinal, h.Attempt) {
			continue
		}
		t, x := &s.tests[h.Ordinal], s.troubleOf(h.Ordinal)
		t.heardOf(h.Attempt)
		if slices.Contains(x.lost, h.Attempt) {
			continue
		}
		s.tally.interrupted++
		x.lost = append(x.lost, h.Attempt)
		if e.Cause.accuses() {
			x.blamed = append(x.blamed, h.Attempt)
		}
		// The charge may change where the test belongs, unless another worker runs it.
		if t.place == waiting || t.place == alone || (t.place == own || t.place == delayed) && s.lostTooOften(h.Ordinal) {
			s.requeue(h.Ordinal)
		}
	}
}

// strike takes a bad end into the strikes, which count it if the worker has no row. In a run that is not all alone, a
// lone worker ran a suspect: if that has killed it again, it is the test's budget that pays.
func (s *State) strike(b Batch) {
	e := strike{index: b.Index, wave: b.End.Cause.comesInWaves(), test: -1, message: b.End.Message}
	if e.message == "" {
		e.message = string(b.End.Cause)
	}
	if len(b.Tests) == 1 && b.End.Cause.accuses() && len(b.End.Lost) > 0 {
		e.test = int64(b.Tests[0])
	}
	if e.test < 0 || s.policy(uint32(e.test)).Alone {
		s.strikes.add(e)
	}
}

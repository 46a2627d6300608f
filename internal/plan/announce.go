package plan

import (
	"slices"
	"time"
)

// Announce tells what a worker says it holds, at its first word to this leader. Attempts that are not its to run any
// more (their test has its verdict, or another worker holds them) are not taken to be its own; its row for one counts
// if it comes first, and is a Duplicate else. What the worker was given and does not tell of, it has never got.
func (s *State) Announce(index int, attempts []Held, now time.Time) {
	w := s.living(index)
	if w == nil {
		return
	}
	first, given := !w.spoken, w.given+len(attempts)
	s.heard(w, now)
	s.unsilence(w)
	w.idle = time.Time{}
	told := make(map[uint32]uint16, len(attempts))
	for _, h := range attempts {
		s.reach(h.Ordinal)
		told[h.Ordinal] = max(told[h.Ordinal], h.Attempt)
		s.claim(h, w)
	}
	if first {
		w.given = given // even what it was given by an earlier leader in vain
	}
	for _, o := range slices.Backward(w.held.ordinals(s.tests)) { // each goes to the front
		if told[o] != s.tests[o].hold {
			s.requeue(o)
		}
	}
}

// Started tells that attempts have begun.
func (s *State) Started(index int, attempts []Held, now time.Time) {
	w := s.living(index)
	if w == nil {
		return
	}
	s.heard(w, now)
	for _, h := range attempts {
		h.Started = true
		s.claim(h, w)
	}
}

// claim makes a worker the holder of an attempt that it says it has, if it can be.
func (s *State) claim(h Held, w *worker) {
	s.reach(h.Ordinal)
	if s.closed != nil || !s.plausible(h.Ordinal, h.Attempt) || s.hasRow(h.Ordinal, h.Attempt) {
		return
	}
	t := &s.tests[h.Ordinal]
	switch {
	case t.place == settled, t.place == held && int(t.holder) != w.index:
		return
	case t.place == held && t.hold >= h.Attempt:
		// Of several attempts of a test, all but the last wait only for their row to be acknowledged.
		s.setStarted(t, t.started || h.Started && t.hold == h.Attempt)
	default:
		w.given++
		s.hand(h, w, true)
	}
}

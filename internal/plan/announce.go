package plan

import "time"

// Announce tells what a worker says it holds, at its first word to this leader. Attempts that are not its to run any
// more (their test has its verdict, or another worker holds them) are not taken to be its own; its row for one counts
// if it comes first, and is a Duplicate else. What the worker was given and does not tell of, it has never got.
func (s *State) Announce(index int, attempts []Held, now time.Time) {
	w := s.living(index)
	if w == nil {
		return
	}
	w.heard(now)
	s.unsilence(w)
	w.idle = time.Time{}
	told := make(map[uint32]uint16, len(attempts))
	for _, h := range attempts {
		told[h.Ordinal] = h.Attempt
		s.claim(h, w)
	}
	for _, o := range w.held.ordinals(s.tests) {
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
	w.heard(now)
	for _, h := range attempts {
		h.Started = true
		s.claim(h, w)
	}
}

// claim makes a worker the holder of an attempt that it says it has, if it can be.
func (s *State) claim(h Held, w *worker) {
	if s.closed != nil || !s.plausible(h.Ordinal, h.Attempt) || s.hasRow(h.Ordinal, h.Attempt) {
		return
	}
	t := &s.tests[h.Ordinal]
	switch t.place {
	case notSelected, listed, settled:
	case held, own:
		mine := int(t.holder) == w.index
		switch {
		case mine && t.place == held && t.hold == h.Attempt:
			s.setStarted(t, t.started || h.Started)
		case mine, s.worker(int(t.holder)).proposed:
			s.claimNew(h, w)
		}
	case waiting, alone, givenUp:
		s.claimNew(h, w)
	}
}

func (s *State) claimNew(h Held, w *worker) {
	if s.tests[h.Ordinal].hold != h.Attempt {
		w.given++
	}
	s.hand(h, w)
}

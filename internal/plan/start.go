package plan

// starts are the workers to make: no more than there is work for, at most Parallelism alive. What is asked for once is
// asked for in the same words until it is there, since it may have been made without our being told.
func (s *State) starts(v view) []Start {
	room := s.set.Parallelism - len(v.alive)
	if s.suspend || room <= 0 {
		return nil
	}
	room = min(room, s.tries(v))
	starts := s.lone(room)
	return append(starts, s.common(min(room-len(starts), s.wanted(v)))...)
}

// lone are workers for tests that run alone: first, since a suspect has waited already.
func (s *State) lone(room int) []Start {
	var starts []Start
	for _, w := range s.crew {
		if w.proposed && w.own.n > 0 && len(starts) < room {
			starts = append(starts, w.start())
		}
	}
	for len(starts) < room && s.solo.n > 0 {
		ordinal := s.solo.first - 1
		w := s.enlist(&worker{index: s.next, class: ClassAlone, fixed: []uint32{ordinal}, proposed: true})
		s.keep(ordinal, w)
		starts = append(starts, w.start())
	}
	return starts
}

// common are n workers that ask for work.
func (s *State) common(n int) []Start {
	var starts []Start
	for _, w := range s.crew {
		if w.proposed && !w.lone() && len(starts) < n {
			starts = append(starts, w.start())
		}
	}
	for len(starts) < n {
		w := s.enlist(&worker{index: s.next, class: ClassDefault, proposed: true})
		starts = append(starts, w.start())
	}
	return starts
}

// wanted is how many more workers the queue has work for.
func (s *State) wanted(v view) int {
	if s.withheld(v.now) {
		return 0
	}
	return max(0, (s.queue.n-v.free+s.set.Slots-1)/s.set.Slots)
}

func (w *worker) start() Start { return Start{Index: w.index, Class: w.class, Tests: w.fixed} }

// tries is how many workers to try at once: one and a while later, if the last ones could not be made or came to
// nothing.
func (s *State) tries(v view) int {
	switch {
	case s.refusal != nil && v.now.Before(s.refusal.again):
		return 0
	case s.struckOut() && (v.pending > 0 || v.now.Before(s.strikes.again)):
		return 0
	case s.refusal != nil || s.struckOut():
		return 1
	default:
		return s.set.Parallelism
	}
}

// struckOut reports whether as many workers in a row came to nothing as may.
func (s *State) struckOut() bool {
	return len(s.strikes.ends) > s.set.InfraRetries && s.strikes.n(s.set.Parallelism) > s.set.InfraRetries
}

package plan

// nextFor is the test that the worker gets next, if it has so many free slots: its own first.
func (s *State) nextFor(a ask, free int) (ordinal uint32, ok bool) {
	if o, ok, waits := s.nextOwn(a, free); ok || waits {
		return o, ok
	}
	if a.w.lone() || s.withheld(a.now) {
		return 0, false
	}
	l := s.nextLane(a.w, free)
	if l == nil {
		return 0, false
	}
	return l.first(), true
}

// nextOwn is the first of the worker's own tests that may be held. One that only lacks slots gets the next that come
// free: waits. For one that lacks room in its group that is kept.
func (s *State) nextOwn(a ask, free int) (ordinal uint32, ok, waits bool) {
	w, withheld := a.w, s.withheld(a.now)
	for id := w.own.first; id != 0; id = s.tests[id-1].next {
		p := s.policy(id - 1)
		if withheld && (p.Group != 0 || s.exclusive) {
			continue // who knows what is held of it
		}
		if s.admits(entry{group: p.Group, share: s.share(p), priority: int32(p.Priority), test: id}) {
			fits := s.cost(p, w) <= free
			return id - 1, fits, !fits
		}
		if g := s.group(p.Group); g != nil && g.claim == nil && g.kept == 0 && g.load > 0 {
			g.kept, g.keeper = id, int32(w.index)
		}
	}
	return 0, false, false
}

// cost is how many slots a test takes in a worker.
func (s *State) cost(p *Policy, w *worker) int { return min(p.Weight, s.slots(w)) }

// nextLane is the lane whose first test the worker gets next. Lighter tests may leave before one that finds too few
// free slots, until it has seen that too often: then a worker is kept for it.
func (s *State) nextLane(w *worker, free int) *lane {
	if l := s.reservedFor(w); l != nil {
		if l.cost > free {
			return nil
		}
		return l
	}
	q := s.queues[w.class]
	best := s.best(q, func(l *lane) bool { return l.cost <= free })
	if best == nil {
		return nil
	}
	if s.overtakes(w, best, free) {
		return best
	}
	return nil
}

// overtakes reports whether the first test of the lane may leave before those that lack free slots. It may not if one
// of them has seen that too often: the worker is kept for that now.
func (s *State) overtakes(w *worker, given *lane, free int) bool {
	for _, l := range s.passed(given.queue, given, free) {
		l.passed++
		if l.passed > patience(s.set.Slots) && l.reserved == nil && w.reserved == nil {
			s.reserve(w, l)
		}
	}
	return w.reserved == nil
}

// best is the lane whose first test leaves next, of those that may be given.
func (s *State) best(q *queue, fits func(*lane) bool) *lane {
	var best *lane
	for _, l := range q.lanes {
		if l.n == 0 || best != nil && !s.shelf.before(l.head(), best.head()) {
			continue
		}
		if fits(l) && s.admits(l.entry()) {
			best = l
		}
	}
	return best
}

// passed are the lanes that stand before another, and only lack slots.
func (s *State) passed(q *queue, given *lane, free int) []*lane {
	var all []*lane
	for _, l := range q.lanes {
		if l.n > 0 && l.cost > free && s.shelf.before(l.head(), given.head()) && s.admits(l.entry()) {
			all = append(all, l)
		}
	}
	return all
}

func (s *State) reserve(w *worker, l *lane) { w.reserved, l.reserved = l, w }

func (s *State) unreserve(w *worker) {
	if l := w.reserved; l != nil {
		w.reserved, l.reserved = nil, nil
		s.rouse = true
	}
}

// reservedFor is the lane that the worker is kept for. If that has nothing that may be held the worker is free again.
func (s *State) reservedFor(w *worker) *lane {
	if l := w.reserved; l != nil && (l.n == 0 || !s.admits(l.entry())) {
		s.unreserve(w)
	}
	return w.reserved
}

// given notes that a test leaves its place for a worker.
func (s *State) given(ordinal uint32, w *worker) {
	t := &s.tests[ordinal]
	var l *lane
	if t.place == waiting {
		l = s.shelf.buckets[t.bucket].lane
		l.passed = 0
		if w.reserved == l {
			s.unreserve(w)
		}
	}
	s.passOver(s.policy(ordinal), l)
}

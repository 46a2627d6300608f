package plan

import "time"

// ask is a worker that asks for work.
type ask struct {
	w               *worker
	queued, running int // attempts that it says it holds
	load            int // slots that they take
	now             time.Time
}

// answers are tried in order; the first that knows what to say says it.
var answers = []func(*State, ask) (Grant, bool){
	runIsOver,
	drainsAlready,
	isSuspended,
	isSurplus,
	hasStartedItsMost,
	mayHoldMore,
	hasEnough,
	getsWork,
	waitsForItsOwn,
	waitsForTheTakeover,
	waitsForItsTurn,
}

// Grant answers a worker that holds queued attempts which have not started, and running ones which have. The answer is
// Drain if there is nothing that this worker could ever get: nothing waits, and nothing of its own can come back.
func (s *State) Grant(index int, a Ask, now time.Time) Grant {
	w := s.living(index)
	if w == nil {
		return Grant{Drain: true}
	}
	s.heard(w, now)
	if !now.Before(s.until) {
		s.unsilence(w)
	}
	s.wake(now)
	s.refill(now)
	for _, try := range answers {
		if g, ok := try(s, ask{w, a.Queued, a.Running, a.Load, now}); ok {
			return s.orWhenDue(g)
		}
	}
	return s.drain(w)
}

// orWhenDue lets a worker that gets nothing now ask again when a delayed test is due, or the run's time is over.
func (s *State) orWhenDue(g Grant) Grant {
	if len(g.Attempts) > 0 || g.Drain {
		return g
	}
	timeout, _ := s.timeout()
	for _, at := range []time.Time{s.nextDue(), timeout} {
		if !at.IsZero() && (g.Again.IsZero() || at.Before(g.Again)) {
			g.Again = at
		}
	}
	return g
}

// drain tells a worker that it gets no more work.
func (s *State) drain(w *worker) Grant {
	w.draining, w.surplus = true, false
	s.recount(w)
	s.unreserve(w)
	s.releaseAll(&w.own)
	return Grant{Drain: true}
}

func runIsOver(s *State, a ask) (Grant, bool) {
	e := s.early(a.now)
	if s.closed == nil && e.why == notEarly && s.tally.undecided > s.tally.givenUp && !s.pastDeadline(a.now) {
		return Grant{}, false
	}
	g := s.drain(a.w)
	if s.tally.undecided > 0 {
		g.Stop = e.stop
	}
	return g, true
}

func drainsAlready(_ *State, a ask) (Grant, bool) { return Grant{Drain: true}, a.w.draining }

func isSuspended(s *State, a ask) (Grant, bool) {
	if !s.suspend {
		return Grant{}, false
	}
	return s.drain(a.w), true
}

func isSurplus(s *State, a ask) (Grant, bool) {
	if !a.w.surplus {
		return Grant{}, false
	}
	return s.drain(a.w), true
}

// What a worker has not started when it is told to drain, it drops: so it is told after it has started all.
func hasStartedItsMost(s *State, a ask) (Grant, bool) {
	if s.left(a.w) > 0 {
		return Grant{}, false
	}
	if a.queued > 0 {
		return Grant{}, true
	}
	return s.drain(a.w), true
}

// A worker of an earlier leader tells first what it holds.
func mayHoldMore(s *State, a ask) (Grant, bool) { return Grant{Again: s.until}, a.w.silent }

func hasEnough(s *State, a ask) (Grant, bool) { return Grant{}, a.queued >= s.slots(a.w) }

func getsWork(s *State, a ask) (Grant, bool) {
	attempts := s.lease(a)
	if len(attempts) > 0 {
		a.w.idle = time.Time{}
	}
	return Grant{Attempts: attempts}, len(attempts) > 0
}

// waitsForItsOwn: what the worker has may fail and come back to it. One that says that it holds nothing, though it was
// given work, has reports on their way, which is worth another look soon; or it never got the work, and after a while
// it is believed.
func waitsForItsOwn(s *State, a ask) (Grant, bool) {
	w := a.w
	switch {
	case a.queued+a.running > 0:
		w.idle = time.Time{}
		return Grant{}, true
	case w.held.n == 0:
		return Grant{}, false
	case w.idle.IsZero():
		w.idle = a.now
	}
	waited := a.now.Sub(w.idle)
	if waited < grace {
		return Grant{Again: a.now.Add(min(max(waited, soon), grace-waited))}, true
	}
	for _, o := range w.held.ordinals(s.tests) {
		s.keep(o, w)
	}
	return getsWork(s, a)
}

func waitsForTheTakeover(s *State, a ask) (Grant, bool) {
	waits := a.w.own.n
	if !a.w.lone() {
		waits += s.queues[a.w.class].n
	}
	return Grant{Again: s.until}, waits > 0 && s.withheld(a.now)
}

// waitsForItsTurn: what waits for this worker may not be held now, since its group is full, or its back-off is not
// over. If the worker's place is wanted for what could run it goes.
func waitsForItsTurn(s *State, a ask) (Grant, bool) {
	w := a.w
	waits := w.own.n + w.delayed
	if !w.lone() {
		q := s.queues[w.class]
		waits += q.n + q.delayed
	}
	return Grant{}, waits > 0 && !s.placeWanted(w, a.now)
}

func (s *State) pastDeadline(now time.Time) bool {
	return !s.set.Deadline.IsZero() && !now.Before(s.set.Deadline)
}

package plan

// Limits of a lease.
const (
	// leaseCap is the most work, in estimated microseconds a slot, that a worker has waiting: what it fetches in advance
	// nobody else can take, should its running tests turn out long.
	leaseCap = 2_000_000
	// leaseMost bounds the message that carries a lease.
	leaseMost = 1000
)

// lease takes tests from the queue for a worker: always as many as it has free slots, and beyond that work to fetch in
// advance, by estimated seconds, less and less towards the end. While nothing is known of a binary its tests are
// fetched by count, and few; of heavy tests and of groups none is fetched in advance.
func (s *State) lease(a ask) []Held {
	var attempts []Held
	free := s.slots(a.w) - s.load(a)
	most := min(leaseMost+free, s.left(a.w))
	ahead := s.advance(a)
	for len(attempts) < most {
		ordinal, ok := s.nextFor(a, free)
		if free <= 0 {
			ordinal, ok = s.nextAhead(a)
			ok = ok && ahead.allows(s.shelf.estimate(s.tests[ordinal].bucket))
		}
		if !ok {
			break
		}
		s.given(ordinal, a.w)
		h := Held{Ordinal: ordinal, Attempt: s.tests[ordinal].high + 1}
		attempts = append(attempts, s.hand(h, a.w, false))
		a.w.given++
		free -= s.cost(s.policy(ordinal), a.w)
	}
	if s.testsStarted.IsZero() && len(attempts) > 0 {
		s.testsStarted = a.now
	}
	return attempts
}

// load is how many slots of the worker are taken or spoken for: what it told when it asked, but no more than by what
// has not ended since.
func (s *State) load(a ask) int { return max(a.queued+a.running, min(a.load, a.w.load)) }

// nextAhead is the test that the worker may fetch next in advance.
func (s *State) nextAhead(a ask) (ordinal uint32, ok bool) {
	if first := a.w.own.first; first != 0 {
		return first - 1, s.lanes[s.shelf.buckets[s.tests[first-1].bucket].policy].plain() && !s.exclusive
	}
	if a.w.lone() || s.withheld(a.now) || s.reservedFor(a.w) != nil {
		return 0, false
	}
	if s.exclusive {
		return 0, false
	}
	l := s.best(s.queues[a.w.class], (*lane).plain)
	if l == nil || !s.overtakes(a.w, l, 1) {
		return 0, false
	}
	return l.first(), true
}

// advance is what a worker may still fetch in advance.
type advance struct {
	queued int   // attempts that it holds already and has not started
	work   int64 // microseconds, if the duration is known
	count  int   // if not
}

// A fixed share of what remains for each worker makes leases shrink towards the end (factoring: Hummel, Schonberg,
// Flynn 1992). What is as long as the share, or as leaseCap, is not fetched in advance at all.
func (s *State) advance(a ask) advance {
	q := s.queues[a.w.class]
	slots, pullers := s.slots(a.w), s.pullers(q)
	return advance{
		queued: a.queued,
		work:   min(q.remaining()/int64(2*pullers), int64(slots)*leaseCap),
		count:  min(slots, q.n/(8*pullers)),
	}
}

// allows takes one more test of such duration if there is room for it.
func (d *advance) allows(e estimate) bool {
	mean := e.mean()
	work, count := d.work-mean*int64(d.queued+1), d.count-d.queued-1
	if e.known() && work < 0 || !e.known() && count < 0 {
		return false
	}
	d.work -= mean
	d.count--
	return true
}

// pullers is how many workers share the queue.
func (s *State) pullers(q *queue) int { return max(1, min(s.set.Parallelism, q.pulling)) }

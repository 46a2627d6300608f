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
// fetched by count, and few. Weights will belong here, as slots that a test takes.
func (s *State) lease(a ask) []Held {
	var attempts []Held
	free := s.slots(a.w) - a.queued - a.running
	most := min(leaseMost+free, s.left(a.w))
	ahead := s.advance(a)
	for len(attempts) < most {
		ordinal, ok := s.nextFor(a)
		if !ok || len(attempts) >= free && !ahead.allows(s.queue.binaries[s.tests[ordinal].binary].estimate) {
			break
		}
		h := Held{Ordinal: ordinal, Attempt: s.tests[ordinal].high + 1}
		s.hand(h, a.w)
		a.w.given++
		attempts = append(attempts, h)
	}
	return attempts
}

// nextFor is the test that the worker gets next: its own first.
func (s *State) nextFor(a ask) (ordinal uint32, ok bool) {
	if first := a.w.own.first; first != 0 {
		return first - 1, true
	}
	if a.w.lone() || s.withheld(a.now) {
		return 0, false
	}
	return s.queue.peek()
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
	slots, pullers := s.slots(a.w), s.pullers()
	return advance{
		queued: a.queued,
		work:   min(s.queue.remaining()/int64(2*pullers), int64(slots)*leaseCap),
		count:  min(slots, s.queue.n/(8*pullers)),
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
func (s *State) pullers() int { return max(1, min(s.set.Parallelism, s.counted.pulling)) }

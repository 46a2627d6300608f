package plan

// queue holds the waiting tests of a class of workers, by lane. Of the heads of all lanes that a worker may have, the
// first in order leaves: the highest priority first; then binaries of unknown duration, in canonical order, so that
// each is tried early; then those whose tests take longest, so that no long test is left for last. Tests of one binary
// are taken to be alike, and leave in canonical order.
type queue struct {
	shelf   *shelf
	name    string
	lanes   []*lane
	n       int   // waiting tests
	known   int64 // estimated microseconds of the waiting tests whose binary is known
	unknown int   // waiting tests whose binary is not
	delayed int   // tests that will come when their back-off is over
	pulling int   // workers that share the queue
}

// shelf is what the queues share: all buckets, and what is known of the binaries.
type shelf struct {
	buckets  []bucket
	binaries []binary
	all      estimate
}

// binary is what is known of a binary's tests, whatever their class.
type binary struct {
	estimate
	buckets []int32
}

// bucket is the waiting tests of one binary that have one policy.
type bucket struct {
	tests    list
	lane     *lane
	at       int // place in the heap of the lane
	binary   int32
	policy   int32
	priority int32
}

func (h *shelf) estimate(bucket int32) estimate { return h.binaries[h.buckets[bucket].binary].estimate }

func (q *queue) push(tests []test, ordinal uint32, front bool) {
	b := &q.shelf.buckets[tests[ordinal].bucket]
	if front {
		b.tests.pushFront(tests, ordinal)
	} else {
		b.tests.pushBack(tests, ordinal)
	}
	q.count(b, 1)
	b.lane.changed(tests[ordinal].bucket)
}

func (q *queue) remove(tests []test, ordinal uint32) {
	b := &q.shelf.buckets[tests[ordinal].bucket]
	b.tests.remove(tests, ordinal)
	q.count(b, -1)
	b.lane.changed(tests[ordinal].bucket)
}

// count keeps the sums when n tests of a bucket come or go.
func (q *queue) count(b *bucket, n int) {
	q.n += n
	b.lane.n += n
	if e := &q.shelf.binaries[b.binary]; e.known() {
		q.known += int64(n) * e.mean()
	} else {
		q.unknown += n
	}
}

// learn takes in how long a test of the bucket's binary took.
func (h *shelf) learn(id int32, microseconds uint64) {
	e := &h.binaries[h.buckets[id].binary]
	for _, id := range e.buckets {
		b := &h.buckets[id]
		b.lane.queue.count(b, -b.tests.n)
		b.lane.takeOut(id) // all before any changes: a heap stands one change at a time
	}
	e.add(microseconds)
	h.all.add(microseconds)
	for _, id := range e.buckets {
		b := &h.buckets[id]
		b.lane.queue.count(b, b.tests.n)
		b.lane.changed(id)
	}
}

// remaining is the estimated time of all waiting tests, in microseconds.
func (q *queue) remaining() int64 { return q.known + int64(q.unknown)*q.shelf.all.mean() }

// before reports whether a bucket's first test leaves before that of another, if both may.
func (h *shelf) before(x, y int32) bool {
	p, q := &h.buckets[x], &h.buckets[y]
	a, b := &h.binaries[p.binary], &h.binaries[q.binary]
	switch {
	case p.priority != q.priority:
		return p.priority > q.priority
	case a.known() != b.known():
		return !a.known()
	case a.known() && a.mean() != b.mean():
		return a.mean() > b.mean()
	case p.binary != q.binary:
		return p.binary < q.binary
	default:
		return p.tests.first < q.tests.first
	}
}

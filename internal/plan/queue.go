package plan

import "container/heap"

// queue holds the waiting tests by binary. Tests of one binary are taken to be alike, and leave in canonical order. Of
// the binaries, those of unknown duration come first, in canonical order, so that each is tried early; then those
// whose tests take longest, so that no long test is left for last.
//
// Priorities and groups will belong here, as a key before the others in Less and as binaries that are set aside while
// their group is full; each further class will have a queue of its own.
type queue struct {
	binaries []binary
	order    []int32 // heap of the binaries with waiting tests
	n        int     // waiting tests
	all      estimate
	known    int64 // estimated microseconds of the waiting tests whose binary is known
	unknown  int   // waiting tests whose binary is not
}

type binary struct {
	estimate
	tests list
	at    int // place in the heap
}

func (q *queue) push(tests []test, ordinal uint32, front bool) {
	id := tests[ordinal].binary
	b := &q.binaries[id]
	if front {
		b.tests.pushFront(tests, ordinal)
	} else {
		b.tests.pushBack(tests, ordinal)
	}
	q.count(b, 1)
	if b.tests.n == 1 {
		heap.Push((*byEstimate)(q), id)
	}
}

func (q *queue) remove(tests []test, ordinal uint32) {
	b := &q.binaries[tests[ordinal].binary]
	b.tests.remove(tests, ordinal)
	q.count(b, -1)
	if b.tests.n == 0 {
		heap.Remove((*byEstimate)(q), b.at)
	}
}

// peek is the next test to give.
func (q *queue) peek() (ordinal uint32, ok bool) {
	if len(q.order) == 0 {
		return 0, false
	}
	return q.binaries[q.order[0]].tests.first - 1, true
}

// count keeps the sums when n tests of a binary come or go.
func (q *queue) count(b *binary, n int) {
	q.n += n
	if b.known() {
		q.known += int64(n) * b.mean()
	} else {
		q.unknown += n
	}
}

// learn takes in how long a test of the binary took.
func (q *queue) learn(id int32, microseconds uint64) {
	b := &q.binaries[id]
	n := b.tests.n
	q.count(b, -n)
	b.add(microseconds)
	q.all.add(microseconds)
	q.count(b, n)
	if n > 0 {
		heap.Fix((*byEstimate)(q), b.at)
	}
}

// remaining is the estimated time of all waiting tests, in microseconds.
func (q *queue) remaining() int64 { return q.known + int64(q.unknown)*q.all.mean() }

// byEstimate makes a queue a heap of binaries.
type byEstimate queue

func (h *byEstimate) Len() int { return len(h.order) }

func (h *byEstimate) Less(i, j int) bool {
	x, y := h.order[i], h.order[j]
	a, b := &h.binaries[x], &h.binaries[y]
	switch {
	case a.known() != b.known():
		return !a.known()
	case a.known() && a.mean() != b.mean():
		return a.mean() > b.mean()
	default:
		return x < y
	}
}

func (h *byEstimate) Swap(i, j int) {
	h.order[i], h.order[j] = h.order[j], h.order[i]
	h.binaries[h.order[i]].at, h.binaries[h.order[j]].at = i, j
}

func (h *byEstimate) Push(id any) {
	h.binaries[id.(int32)].at = len(h.order)
	h.order = append(h.order, id.(int32))
}

func (h *byEstimate) Pop() any {
	id := h.order[len(h.order)-1]
	h.order = h.order[:len(h.order)-1]
	return id
}

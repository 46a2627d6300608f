package plan

import "container/heap"

// lane is the waiting tests of a class that have one group and one weight: if the first may not leave now, none may.
type lane struct {
	queue *queue
	group int // index + 1; 0: none
	cost  int // slots that one takes in its worker
	share int // and in its group
	n     int // waiting tests
	order []int32

	passed     int     // tests that left before the first, as no slots were free for it, since one left
	reserved   *worker // gets nothing else until the first fits
	overlooked int     // members of the group that left before the first, as the group had no room for it
}

// head is the bucket whose first test leaves next.
func (l *lane) head() int32 { return l.order[0] }

func (l *lane) first() uint32 { return l.queue.shelf.buckets[l.head()].tests.first - 1 }

func (l *lane) priority() int32 { return l.queue.shelf.buckets[l.head()].priority }

// plain reports whether the tests may be fetched in advance.
func (l *lane) plain() bool { return l.group == 0 && l.cost == 1 }

// changed puts a bucket in its place in the heap again.
func (l *lane) changed(id int32) {
	b := &l.queue.shelf.buckets[id]
	in := b.at < len(l.order) && l.order[b.at] == id
	switch {
	case b.tests.n == 0 && in:
		heap.Remove((*byOrder)(l), b.at)
	case b.tests.n > 0 && in:
		heap.Fix((*byOrder)(l), b.at)
	case b.tests.n > 0:
		heap.Push((*byOrder)(l), id)
	}
}

// takeOut takes a bucket out of the heap; changed puts it back.
func (l *lane) takeOut(id int32) {
	if b := &l.queue.shelf.buckets[id]; b.at < len(l.order) && l.order[b.at] == id {
		heap.Remove((*byOrder)(l), b.at)
	}
}

// byOrder makes a lane a heap of buckets.
type byOrder lane

func (h *byOrder) Len() int { return len(h.order) }

func (h *byOrder) Less(i, j int) bool { return h.queue.shelf.before(h.order[i], h.order[j]) }

func (h *byOrder) Swap(i, j int) {
	h.order[i], h.order[j] = h.order[j], h.order[i]
	h.queue.shelf.buckets[h.order[i]].at, h.queue.shelf.buckets[h.order[j]].at = i, j
}

func (h *byOrder) Push(id any) {
	h.queue.shelf.buckets[id.(int32)].at = len(h.order)
	h.order = append(h.order, id.(int32))
}

func (h *byOrder) Pop() any {
	id := h.order[len(h.order)-1]
	h.order = h.order[:len(h.order)-1]
	return id
}

package runner

import (
	"sync"

	"github.com/podtest/podtest/internal/wire"
)

// work is one attempt, the binary it is of, and what holds for it.
type work struct {
	wire.Assignment
	binary   wire.Binary
	settings *wire.TestSettings

	artifacts string // its folder, once it is about to start
}

// queue holds the attempts that have not started, in order. The first of them starts when there is room for its
// weight; the others wait behind it, for who may overtake whom was decided where the order was made.
type queue struct {
	mu      sync.Mutex
	some    *sync.Cond
	slots   int
	load    int // of what runs; never more than slots
	waiting []work
	closed  bool
}

func newQueue(slots int) *queue {
	q := &queue{slots: slots}
	q.some = sync.NewCond(&q.mu)
	return q
}

func (q *queue) add(l *wire.Lease) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return
	}
	for _, a := range l.Attempts {
		if a.Binary >= 0 && a.Binary < len(l.Binaries) {
			q.waiting = append(q.waiting, work{Assignment: a, binary: l.Binaries[a.Binary], settings: l.SettingsOf(a)})
		}
	}
	q.some.Broadcast()
}

// next waits for an attempt to start; false: there will be none.
func (q *queue) next() (work, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for !q.closed {
		if w, ok := q.take(); ok {
			return w, true
		}
		q.some.Wait()
	}
	return work{}, false
}

// tryNext is next without waiting; false: nothing can start now.
func (q *queue) tryNext() (work, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.take()
}

// take removes the first attempt if there is room for it. Call with mu held.
func (q *queue) take() (work, bool) {
	if len(q.waiting) == 0 {
		return work{}, false
	}
	w := q.waiting[0]
	weight := w.settings.Load(q.slots)
	if q.load+weight > q.slots {
		return work{}, false
	}
	q.load += weight
	q.waiting = q.waiting[1:]
	return w, true
}

// ended makes room again.
func (q *queue) ended(w work) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.load -= w.settings.Load(q.slots)
	q.some.Broadcast()
}

// close drops what has not started; nothing starts any more.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed, q.waiting = true, nil
	q.some.Broadcast()
}

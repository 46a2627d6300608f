package runner

import (
	"sync"

	"github.com/podtest/podtest/internal/wire"
)

// work is one attempt and the binary it is of.
type work struct {
	wire.Assignment
	binary wire.Binary
}

// queue holds the attempts that have not started, in order.
type queue struct {
	mu      sync.Mutex
	some    *sync.Cond
	waiting []work
	closed  bool
}

func newQueue() *queue {
	q := &queue{}
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
			q.waiting = append(q.waiting, work{a, l.Binaries[a.Binary]})
		}
	}
	q.some.Broadcast()
}

// next waits for an attempt to start; false: there will be none.
func (q *queue) next() (work, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for len(q.waiting) == 0 && !q.closed {
		q.some.Wait()
	}
	if q.closed {
		return work{}, false
	}
	w := q.waiting[0]
	q.waiting = q.waiting[1:]
	return w, true
}

// tryNext is next without waiting; false: nothing is waiting now.
func (q *queue) tryNext() (work, bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.waiting) == 0 {
		return work{}, false
	}
	w := q.waiting[0]
	q.waiting = q.waiting[1:]
	return w, true
}

// close drops what has not started; nothing starts any more.
func (q *queue) close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed, q.waiting = true, nil
	q.some.Broadcast()
}

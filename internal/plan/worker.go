package plan

import "time"

// worker is a proposed or living worker; of ended ones nothing is kept.
type worker struct {
	index    int
	class    int      // index of its queue
	fixed    []uint32 // all that it ever gets
	proposed bool     // Next asked for it, it is not there yet

	own  list // tests kept for it
	held list // tests given to it

	load     int // slots that the tests given to it take
	delayed  int // tests that come back to it when their back-off is over
	reserved *lane

	given  int // attempts that it got in its life
	spoken bool
	silent bool // of an earlier leader, and has not told yet what it holds

	draining bool // has been told
	surplus  bool // is to be told
	gone     bool
	matters  bool   // that it holds its own test matters to others: there are groups
	sealed   bool   // nothing runs there any more
	counted  traits // as it is counted now

	pod       Pod
	born      time.Time // when this State first heard of it
	runsSince time.Time // when its pod was first seen to run
	asked     time.Time // its last word
	idle      time.Time // since when it says that it holds nothing, though it was given work
}

// lone reports whether the worker has its tests from the start, and gets no others.
func (w *worker) lone() bool { return len(w.fixed) > 0 }

// slots is how many tests the worker runs at a time.
func (s *State) slots(w *worker) int {
	if w.lone() {
		return 1
	}
	return s.set.Slots
}

// left is how many more attempts the worker may be given in its life.
func (s *State) left(w *worker) int { return s.set.MaxTests - w.given }

// free is how many more tests the worker is about to take from the queue.
func (s *State) free(w *worker, now time.Time) int {
	if w.proposed || w.lone() || w.draining || w.surplus {
		return 0
	}
	if w.silent || w.spoken && now.Sub(w.asked) >= quiet {
		return 0
	}
	return max(0, min(s.slots(w)-w.own.n-w.load, s.left(w)-w.own.n))
}

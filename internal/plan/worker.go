package plan

import (
	"cmp"
	"slices"
	"time"
)

// worker is a proposed or living worker; of ended ones nothing is kept.
type worker struct {
	index    int
	class    string
	fixed    []uint32 // all that it ever gets
	proposed bool     // Next asked for it, it is not there yet

	own  list // tests kept for it
	held list // tests given to it

	given  int // attempts that it got in its life
	spoken bool
	silent bool // of an earlier leader, and has not told yet what it holds

	draining bool // has been told
	surplus  bool // is to be told
	pulls    bool // is counted among those that share the queue

	pod     Pod
	born    time.Time // when this State first heard of it
	running time.Time // when its pod was first seen to run
	asked   time.Time // its last word
	idle    time.Time // since when it says that it holds nothing, though it was given work
}

func byIndex(w *worker, index int) int { return cmp.Compare(w.index, index) }

// worker is the one with the index, or nil if there is none, any more or yet.
func (s *State) worker(index int) *worker {
	if at, ok := slices.BinarySearchFunc(s.crew, index, byIndex); ok {
		return s.crew[at]
	}
	return nil
}

// living is the worker with the index if it has been made and has not ended.
func (s *State) living(index int) *worker {
	if w := s.worker(index); w != nil && !w.proposed {
		return w
	}
	return nil
}

func (s *State) enlist(w *worker) *worker {
	at, _ := slices.BinarySearchFunc(s.crew, w.index, byIndex)
	s.crew = slices.Insert(s.crew, at, w)
	s.next = max(s.next, w.index+1)
	return w
}

func (s *State) dismiss(w *worker) {
	if at, ok := slices.BinarySearchFunc(s.crew, w.index, byIndex); ok {
		s.crew = slices.Delete(s.crew, at, at+1)
	}
}

// unsilence notes that a worker has told what it holds, or cannot hold anything.
func (s *State) unsilence(w *worker) {
	if w.silent {
		w.silent = false
		s.silent--
	}
}

// withheld reports whether tests in the queue may be held by a worker that has not told yet.
func (s *State) withheld(now time.Time) bool { return s.silent > 0 && now.Before(s.until) }

// heard notes a word of the worker.
func (w *worker) heard(now time.Time) {
	w.spoken = true
	w.asked = now
}

// slots is how many tests the worker runs at a time.
func (s *State) slots(w *worker) int {
	if w.fixed != nil {
		return 1
	}
	return s.set.Slots
}

// left is how many more attempts the worker may be given in its life.
func (s *State) left(w *worker) int { return s.set.MaxTests - w.given }

// count keeps the number of those that share the queue.
func (s *State) count(w *worker) {
	pulls := !w.proposed && w.fixed == nil && !w.draining && w.pod.Blocked == "" && s.living(w.index) != nil
	s.pulling += change(w.pulls, pulls)
	w.pulls = pulls
}

// free is how many more tests the worker is about to take from the queue.
func (s *State) free(w *worker, now time.Time) int {
	if w.proposed || w.fixed != nil || w.draining || w.surplus {
		return 0
	}
	if w.silent || w.spoken && now.Sub(w.asked) >= quiet {
		return 0
	}
	return max(0, min(s.slots(w)-w.own.n-w.held.n, s.left(w)-w.own.n))
}

// Added tells of a worker that Next asked for and that now has its TestBatch.
func (s *State) Added(index int, now time.Time) {
	s.refusal = nil
	w := s.worker(index)
	if w == nil && index < s.next {
		return // it has ended
	}
	if w == nil {
		w = s.enlist(&worker{index: index, class: ClassDefault, proposed: true})
	}
	if w.proposed {
		w.proposed, w.born = false, now
		s.count(w)
		s.thin()
	}
}

// CreateFailed tells that a worker that Next asked for could not be made, and why (quota, admission).
func (s *State) CreateFailed(b Blocked, now time.Time) {
	if s.refusal == nil {
		s.refusal = &refusal{since: now}
	}
	s.refusal.Blocked, s.refusal.again = b, now.Add(refusedPause)
}

// Seen tells what is seen of a worker's pod.
func (s *State) Seen(index int, p Pod, now time.Time) {
	w := s.living(index)
	if w == nil {
		return
	}
	w.pod = p
	s.count(w)
	if !p.Running {
		s.unsilence(w) // it has not begun: it holds nothing
	} else if w.running.IsZero() {
		w.running = now
	}
}

// alive is how many workers there are.
func (s *State) alive() int {
	n := 0
	for _, w := range s.crew {
		if !w.proposed {
			n++
		}
	}
	return n
}

// thin chooses who leaves if there are more workers than there may be: those that leave already, then those that hold
// the least, the latest first.
func (s *State) thin() {
	var stay []*worker
	n := s.alive() - s.set.Parallelism
	for _, w := range s.crew {
		w.surplus = false
		switch {
		case w.proposed:
		case w.draining:
			n--
		default:
			stay = append(stay, w)
		}
	}
	if n <= 0 {
		return
	}
	slices.SortFunc(stay, func(a, b *worker) int {
		return cmp.Or(cmp.Compare(a.own.n+a.held.n, b.own.n+b.held.n), cmp.Compare(b.index, a.index))
	})
	for _, w := range stay[:n] {
		w.surplus = true
	}
}

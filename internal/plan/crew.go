package plan

import (
	"cmp"
	"slices"
	"time"
)

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
	w.matters = len(s.groups) > 0
	return w
}

func (s *State) dismiss(w *worker) {
	if at, ok := slices.BinarySearchFunc(s.crew, w.index, byIndex); ok {
		s.crew = slices.Delete(s.crew, at, at+1)
	}
	w.gone = true
	s.recount(w)
	s.thin()
}

// traits are numbers of workers, kept so that no event looks at all of them.
type traits struct {
	alive   int
	spoken  int // have said a word
	pulling int // share the queue
	silent  int // may hold attempts of an earlier leader that matter to others, and have not told
	surplus int
}

func (w *worker) traits() traits {
	if w.proposed || w.gone {
		return traits{}
	}
	return traits{
		alive:   1,
		spoken:  one(w.spoken),
		pulling: one(!w.lone() && !w.draining && w.pod.Blocked == ""),
		silent:  one(w.silent && (w.matters || !w.lone())),
		surplus: one(w.surplus),
	}
}

// recount brings the numbers up to date after a change of a worker.
func (s *State) recount(w *worker) {
	was, is := w.counted, w.traits()
	s.counted.alive += is.alive - was.alive
	s.counted.spoken += is.spoken - was.spoken
	s.queues[w.class].pulling += is.pulling - was.pulling
	s.counted.pulling += is.pulling - was.pulling
	s.counted.silent += is.silent - was.silent
	s.counted.surplus += is.surplus - was.surplus
	w.counted = is
}

// one is how many a single thing adds to a number.
func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// heard notes a word of a worker.
func (s *State) heard(w *worker, now time.Time) {
	w.asked = now
	if !w.spoken {
		w.spoken = true
		s.recount(w)
	}
}

// unsilence notes that a worker has told what it holds, or cannot hold anything.
func (s *State) unsilence(w *worker) {
	if w.silent {
		w.silent = false
		s.recount(w)
	}
}

// withheld reports whether tests in the queue may be held by a worker that has not told yet.
func (s *State) withheld(now time.Time) bool { return s.counted.silent > 0 && now.Before(s.until) }

// thin chooses who leaves if there are more workers than there may be: those that leave already, then those that hold
// the least, the latest first.
func (s *State) thin() {
	n := s.counted.alive - s.set.Parallelism
	if n <= 0 && s.counted.surplus == 0 {
		return
	}
	var stay []*worker
	for _, w := range s.crew {
		switch {
		case w.proposed:
		case w.draining:
			n--
		default:
			stay = append(stay, w)
		}
	}
	slices.SortFunc(stay, func(a, b *worker) int {
		return cmp.Or(cmp.Compare(a.own.n+a.held.n, b.own.n+b.held.n), cmp.Compare(b.index, a.index))
	})
	for i, w := range stay {
		w.surplus = i < n
		s.recount(w)
	}
}

package plan

import "time"

// starts are the workers to make: no more than there is work for, at most Parallelism alive. What is asked for once is
// asked for in the same words until it is there, since it may have been made without our being told.
func (s *State) starts(v view) []Start {
	room := s.set.Parallelism - len(v.alive)
	if s.suspend || room <= 0 {
		return nil
	}
	room = min(room, s.tries(v))
	starts := s.lone(room)
	return append(starts, s.common(v, room-len(starts))...)
}

// lone are workers for tests that run alone: first, since a suspect has waited already.
func (s *State) lone(room int) []Start {
	var starts []Start
	for _, w := range s.crew {
		if w.proposed && w.own.n > 0 && len(starts) < room {
			starts = append(starts, s.start(w))
		}
	}
	for len(starts) < room {
		l := s.nextAlone()
		if l == nil {
			break
		}
		ordinal := l.tests.first - 1
		class := s.policy(ordinal).Class
		w := s.enlist(&worker{index: s.next, class: class, fixed: []uint32{ordinal}, proposed: true})
		s.keep(ordinal, w)
		starts = append(starts, s.start(w))
	}
	return starts
}

// common are at most n workers that ask for work, of the classes that want them.
func (s *State) common(v view, n int) []Start {
	var starts []Start
	wants, proposed := s.wants(v.free, v.now), s.proposed()
	for len(starts) < n {
		class, ok := s.neediest(wants)
		if !ok {
			break
		}
		wants[class].workers--
		wants[class].alive++
		if len(proposed[class]) == 0 {
			proposed[class] = []*worker{s.enlist(&worker{index: s.next, class: class, proposed: true})}
		}
		starts = append(starts, s.start(proposed[class][0]))
		proposed[class] = proposed[class][1:]
	}
	return starts
}

// proposed are the workers, by class, that have been asked for and not made yet.
func (s *State) proposed() [][]*worker {
	all := make([][]*worker, len(s.queues))
	for _, w := range s.crew {
		if w.proposed && !w.lone() {
			all[w.class] = append(all[w.class], w)
		}
	}
	return all
}

// want is how many more workers the queue of a class has work for.
type want struct {
	workers, alive int
	work           int // slots that what waits and could run takes
	priority       int32
}

// wants are those of all classes, of which so many slots are free.
func (s *State) wants(free []int, now time.Time) []want {
	wants := make([]want, len(s.queues))
	if s.withheld(now) {
		return wants
	}
	for i, q := range s.queues {
		w := &wants[i]
		w.alive = q.pulling
		for _, l := range q.lanes {
			if l.n == 0 || !s.admits(l.entry()) {
				continue
			}
			if w.work == 0 || l.priority() > w.priority {
				w.priority = l.priority()
			}
			w.work += s.fitting(l.group, l.share, l.n) * l.cost
		}
		w.workers = max(0, (w.work-free[i]+s.set.Slots-1)/s.set.Slots)
	}
	return wants
}

// neediest is the class that the next worker belongs to: that with the highest priority, then one that has no worker,
// so that none is left for last, then that with the most work for each worker.
func (s *State) neediest(wants []want) (class int, ok bool) {
	for i, w := range wants {
		if w.workers == 0 {
			continue
		}
		b := wants[class]
		if !ok || w.needier(b) {
			class, ok = i, true
		}
	}
	return class, ok
}

func (w want) needier(than want) bool {
	switch {
	case w.priority != than.priority:
		return w.priority > than.priority
	case (w.alive == 0) != (than.alive == 0):
		return w.alive == 0
	}
	return w.work*(than.alive+1) > than.work*(w.alive+1)
}

// placeWanted reports whether another class has work that could run and no place for a worker, but for this one's.
func (s *State) placeWanted(w *worker, now time.Time) bool {
	coming := max(0, s.set.Parallelism-s.counted.alive)
	if s.refusal != nil {
		coming = 0
	}
	free := make([]int, len(s.queues))
	for _, other := range s.crew {
		coming += one(!other.proposed && other.draining)
		if other.pod.Blocked == "" {
			free[other.class] += s.free(other, now)
		}
		if other.proposed && other.own.n > 0 {
			coming--
		}
	}
	coming -= s.waitAlone()
	for i, want := range s.wants(free, now) {
		if i != w.class || w.lone() {
			coming -= want.workers
		}
	}
	return coming < 0
}

// class is the index of the class of such a name.
func (s *State) class(name string) int {
	for i, q := range s.queues {
		if q.name == name {
			return i
		}
	}
	return 0
}

func (s *State) start(w *worker) Start {
	name := s.queues[w.class].name
	if w.lone() && w.class == 0 {
		name = ClassAlone
	}
	return Start{Index: w.index, Class: name, Tests: w.fixed}
}

// tries is how many workers to try at once: one and a while later, if the last ones could not be made or came to
// nothing.
func (s *State) tries(v view) int {
	switch {
	case s.refusal != nil && v.now.Before(s.refusal.again):
		return 0
	case s.struckOut() && (v.pending > 0 || v.now.Before(s.strikes.again)):
		return 0
	case s.refusal != nil || s.struckOut():
		return 1
	default:
		return s.set.Parallelism
	}
}

// struckOut reports whether as many workers in a row came to nothing as may.
func (s *State) struckOut() bool {
	return len(s.strikes.ends) > s.set.InfraRetries && s.strikes.n(s.set.Parallelism) > s.set.InfraRetries
}

package plan

import "time"

// Next says what to do now. Once it has told an Ending it stays with that, and nothing is taken in any more: what is
// recorded as the end is what was decided.
func (s *State) Next(now time.Time) Step {
	if s.resumed {
		s.resumed, s.lastWork = false, now
	}
	s.wake(now)
	s.refill(now)
	v := s.look(now)
	if s.closed == nil {
		s.closed = s.ending(v)
	}
	if s.closed != nil {
		return Step{Ending: s.closed, Stop: v.alive}
	}
	if s.early(now).why != notEarly {
		return Step{Blocked: v.blocked, Again: s.again(v)}
	}
	return Step{Start: s.starts(v), Blocked: v.blocked, Again: s.again(v)}
}

// view is what Next sees of the workers: each pass looks anew.
type view struct {
	now     time.Time
	alive   []int
	working int   // workers that have said a word
	unsure  int   // workers that may be at work though they have not said a word
	free    []int // slots about to take work, by class
	pending int   // workers that have not said a word
	blocked *Blocked
	// stuck is since when the first of those that do not start has been waiting; zero: nobody waits to start.
	stuck time.Time
	// change is the first moment at which the answer may be another; zero: none is known.
	change time.Time
}

func (s *State) look(now time.Time) view {
	v := view{now: now, free: make([]int, len(s.queues))}
	for _, w := range s.crew {
		if w.proposed {
			continue
		}
		v.alive = append(v.alive, w.index)
		v.free[w.class] += s.free(w, now)
		switch {
		case w.spoken:
			v.working++
			if s.queues[w.class].n > 0 && s.free(w, now) > 0 {
				v.mayChange(w.asked.Add(quiet))
			}
		default:
			v.pending++
			v.wait(w.since(), w.trouble(now))
			if w.silent || w.pod.Running {
				v.unsure++
			}
			if w.pod.Running {
				v.mayChange(w.runsSince.Add(grace))
			}
		}
	}
	if s.refusal != nil {
		v.wait(s.refusal.since, &s.refusal.Blocked)
	}
	if v.working > 0 || s.suspend {
		v.blocked, v.stuck = nil, time.Time{}
	}
	return v
}

// wait notes something that has not started since then.
func (v *view) wait(since time.Time, why *Blocked) {
	if v.stuck.IsZero() || since.Before(v.stuck) {
		v.stuck = since
	}
	if v.blocked == nil {
		v.blocked = why
	}
}

// since is when the worker began not to start: a pod that runs has yet to say its first word.
func (w *worker) since() time.Time {
	switch {
	case !w.runsSince.IsZero():
		return w.runsSince
	case !w.pod.Since.IsZero():
		return w.pod.Since
	default:
		return w.born
	}
}

// trouble says why the worker does not start, if anybody knows.
func (w *worker) trouble(now time.Time) *Blocked {
	switch {
	case w.pod.Blocked != "":
		return &Blocked{Reason: w.pod.Blocked, Message: w.pod.Message}
	case !w.runsSince.IsZero() && now.Sub(w.runsSince) >= grace:
		return &Blocked{reasonPodNotStarting, "pods run, but podtest's reporter in them does not reach the collector"}
	default:
		return nil
	}
}

// again is when to look again though nothing has happened.
func (s *State) again(v view) time.Time {
	if s.counted.silent > 0 || s.cancel {
		v.mayChange(s.until)
	}
	if s.refusal != nil {
		v.mayChange(s.refusal.again)
	}
	if s.struckOut() {
		v.mayChange(s.strikes.again)
	}
	if at, ok := s.startTimeout(v); ok {
		v.mayChange(at)
	}
	v.mayChange(s.nextDue())
	v.mayChange(s.early(v.now).until)
	if at, ok := s.timeout(); ok {
		v.mayChange(at)
	}
	v.mayChange(s.set.Deadline)
	return v.change
}

// mayChange notes a moment. Those that have passed will change nothing.
func (v *view) mayChange(at time.Time) {
	if at.After(v.now) && (v.change.IsZero() || at.Before(v.change)) {
		v.change = at
	}
}

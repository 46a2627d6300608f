package plan

import "time"

// Added tells of a worker that Next asked for and that now has its TestBatch.
func (s *State) Added(index int, now time.Time) {
	s.refusal = nil
	w := s.worker(index)
	if w == nil && index < s.next {
		return // it has ended
	}
	if w == nil {
		w = s.enlist(&worker{index: index, proposed: true})
	}
	if w.proposed {
		w.proposed, w.born = false, now
		s.recount(w)
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
	w.silent = w.silent && p.Running // one that has not begun holds nothing
	if p.Running && w.runsSince.IsZero() {
		w.runsSince = now
	}
	s.recount(w)
}

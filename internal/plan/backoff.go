package plan

import (
	"container/heap"
	"time"
)

// Wait is how long to wait before a retry, which is counted from 1. The seed is that of the jitter: the same seed, the
// same wait.
func (b Backoff) Wait(retry int, seed uint64) time.Duration {
	wait := max(0, b.Delay)
	if b.Exponential {
		for range min(retry-1, 63) { // more doublings than there are bits change nothing
			if wait > longestWait/2 || b.MaxDelay > 0 && wait >= b.MaxDelay {
				break
			}
			wait *= 2
		}
		if b.MaxDelay > 0 {
			wait = min(wait, b.MaxDelay)
		}
	}
	if b.Jitter {
		share := 0.5 + 0.5*float64(scatter(seed)>>11+1)/(1<<53) // in (0.5, 1]
		wait = time.Duration(float64(wait) * share)
	}
	return wait
}

// longestWait keeps times far from where they overflow.
const longestWait = 365 * 24 * time.Hour

// scatter makes numbers that look like chance of numbers that do not (splitmix64).
func scatter(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// delay is a test that waits for its next attempt to be due.
type delay struct {
	due     time.Time
	ordinal uint32
	home    *worker // that has run it last and will run it again, or nil
	queue   *queue  // that it comes back to else; nil: it runs alone
	at      int     // place in the heap
}

// wait is how long the test has to wait after its last failed attempt; none if it has had another attempt since.
func (s *State) wait(ordinal uint32) time.Duration {
	x := s.trouble[ordinal]
	if x == nil || len(x.Failed) == 0 || x.Best.Outcome.Good() || x.Best.Attempt != s.tests[ordinal].high {
		return 0
	}
	seed := scatter(s.set.Seed^uint64(ordinal)<<16) ^ uint64(x.Best.Attempt)
	return s.policy(ordinal).Backoff.Wait(len(x.Failed), seed)
}

// retry puts a test that has failed, with attempts left, where its next attempt comes from: with its worker, if that
// goes on, and not before its back-off is over.
func (s *State) retry(ordinal uint32, w *worker, now time.Time) {
	if w != nil && (w.draining || !w.lone() && s.runsAlone(ordinal)) {
		w = nil
	}
	switch wait := s.wait(ordinal); {
	case wait > 0 && !s.lostTooOften(ordinal):
		s.putOff(&delay{due: now.Add(wait), ordinal: ordinal, home: w})
	case w != nil:
		s.keep(ordinal, w)
	default:
		s.requeue(ordinal)
	}
}

// putOff takes a test out of all places until it is due.
func (s *State) putOff(d *delay) {
	s.leave(d.ordinal)
	s.tests[d.ordinal].place = delayed
	if !s.runsAlone(d.ordinal) {
		d.queue = s.queues[s.policy(d.ordinal).Class]
	}
	s.delays[d.ordinal] = d
	heap.Push(&s.byDue, d)
	d.expect(1)
}

// expect counts a delayed test where it will come back to.
func (d *delay) expect(n int) {
	if d.home != nil {
		d.home.delayed += n
	}
	if d.queue != nil {
		d.queue.delayed += n
	}
}

// undelay takes a test off the delayed ones.
func (s *State) undelay(ordinal uint32) *delay {
	d := s.delays[ordinal]
	delete(s.delays, ordinal)
	heap.Remove(&s.byDue, d.at)
	d.expect(-1)
	return d
}

// wake puts tests that are due where they belong.
func (s *State) wake(now time.Time) {
	for len(s.byDue) > 0 && !s.byDue[0].due.After(now) {
		d := s.byDue[0]
		if w := d.home; w != nil && !w.gone && !w.draining && (w.lone() || !s.runsAlone(d.ordinal)) {
			s.keep(d.ordinal, w)
			s.rouse = true
		} else {
			s.requeue(d.ordinal)
		}
	}
}

// nextDue is when the first delayed test is due; zero: there is none.
func (s *State) nextDue() time.Time {
	if len(s.byDue) == 0 {
		return time.Time{}
	}
	return s.byDue[0].due
}

// delaysByDue is a heap.
type delaysByDue []*delay

func (h delaysByDue) Len() int { return len(h) }

func (h delaysByDue) Less(i, j int) bool {
	if h[i].due.Equal(h[j].due) {
		return h[i].ordinal < h[j].ordinal
	}
	return h[i].due.Before(h[j].due)
}

func (h delaysByDue) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].at, h[j].at = i, j
}

func (h *delaysByDue) Push(d any) {
	d.(*delay).at = len(*h)
	*h = append(*h, d.(*delay))
}

func (h *delaysByDue) Pop() any {
	d := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return d
}

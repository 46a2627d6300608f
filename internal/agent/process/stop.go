package process

import (
	"sync"
	"time"
)

// Stopper ends what runs, from outside. It may be asked again, to be less patient. A nil Stopper never does.
type Stopper struct {
	mu      sync.Mutex
	stopped bool
	longest time.Duration // grace period that anything has
	changed chan struct{} // closed with the next change
}

// NewStopper is one that has not been asked yet.
func NewStopper() *Stopper { return &Stopper{changed: make(chan struct{})} }

// OwnGrace leaves each process the grace period of its own limits.
const OwnGrace = time.Duration(1<<63 - 1)

// Stop has each process sent SIGTERM, and SIGKILL when its own grace period is over, or the longest one given here. No
// grace is no SIGTERM.
func (s *Stopper) Stop(longest time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped && longest >= s.longest {
		return
	}
	s.stopped, s.longest = true, longest
	close(s.changed)
	s.changed = make(chan struct{})
}

// order is what was asked for so far, and what to wait for: the next change, or the first if there was none.
func (s *Stopper) order() (stopped bool, longest time.Duration, changed <-chan struct{}) {
	if s == nil {
		return false, 0, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stopped, s.longest, s.changed
}

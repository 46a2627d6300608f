package plan

import (
	"time"

	"github.com/podtest/podtest/internal/outcome"
)

// Waits that are not the user's to choose.
const (
	// grace is how long live workers have after a takeover to announce what they hold, and how long a worker that says
	// it holds nothing may be waited for before it is believed.
	grace = 15 * time.Second
	// soon is when to look for reports that should be here already.
	soon = 50 * time.Millisecond
	// quiet is after how long without a word an idle worker is no longer counted on. Reporters ask every 20 s.
	quiet = time.Minute
	// refusedPause and strikePause are the times between two tries to make a worker, when the last ones failed.
	refusedPause = 5 * time.Second
	strikePause  = 30 * time.Second
)

// State is what is known of a run, arranged for deciding. Not safe for concurrent use.
type State struct {
	set     Settings
	suspend bool
	cancel  bool
	closed  *Ending // what Next has told; nothing is taken in after it

	tests   []test
	trouble map[uint32]*trouble
	queue   queue // tests that any worker of the default class may have
	solo    list  // tests that wait for a worker of their own

	crew    []*worker // proposed and alive, by index
	next    int       // index of the next worker to propose
	counted traits    // how many of them have each
	until   time.Time // so long silent ones are waited for

	strikes  strikes
	refusal  *refusal  // no worker could be made, lately
	resumed  bool      // since the last Next
	lastWork time.Time // when a worker ended that had been at work; zero: none ever was

	tally tally
}

// tally are the numbers that are not computed anew each time.
type tally struct {
	outcome.Tally
	selected, undecided, givenUp, running int
	failedRows, interrupted, discarded    int
	finishedWorkers, lostWorkers          int
}

// refusal is that workers cannot be made, since when, and when to try again.
type refusal struct {
	Blocked
	since, again time.Time
}

// Resize changes how many workers there may be. Surplus ones are told to drain, those that hold the least first.
func (s *State) Resize(parallelism int) {
	s.set.Parallelism = max(1, parallelism)
	s.thin()
}

// Suspend keeps new work back (true) or lets it go on.
func (s *State) Suspend(on bool) {
	s.resumed = s.resumed || s.suspend && !on
	s.suspend = on
}

// Cancel ends the run.
func (s *State) Cancel() { s.cancel = true }

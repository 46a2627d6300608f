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
	force   bool
	cut     bool // the end came early
	rouse   bool

	testsStarted time.Time
	cancelSeen   time.Time // first pass or question after it
	base         int       // tests of the facts: a round
	placed       bool      // all tests have their place
	failSeen     time.Time // likewise, after so many failed as end the run

	policies  []Policy
	lanes     []*lane // by policy
	lines     []*line // by policy
	groups    []*group
	numbers   numbers
	slotsOf   map[uint32]slots // of held tests
	delays    map[uint32]*delay
	byDue     delaysByDue
	holding   int     // tests held
	exclusive bool    // there are exclusive groups
	closed    *Ending // what Next has told; nothing is taken in after it

	tests   []test
	trouble map[uint32]*trouble
	queues  []*queue // tests that any worker of a class may have
	solo    []*line  // tests that wait for a worker of their own
	shelf   shelf

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
	flakyFailed                           int // failed, though their last attempt passed
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

// Cancel ends the run; force: without waiting for the tests that run to end.
func (s *State) Cancel(force bool) {
	s.cancel, s.rouse = true, true
	s.force = s.force || force
}

// TestsStarted is when the first test was handed out; zero: none yet.
func (s *State) TestsStarted() time.Time { return s.testsStarted }

// Sealed tells that a worker's reporter has said that this is all: nothing runs there any more.
func (s *State) Sealed(index int, now time.Time) {
	w := s.living(index)
	if w == nil {
		return
	}
	s.heard(w, now)
	s.unsilence(w)
	w.sealed = true
	for _, o := range w.held.ordinals(s.tests) {
		s.setStarted(&s.tests[o], false)
	}
}

// Policy is what holds for a test.
func (s *State) Policy(ordinal uint32) Policy { return *s.policy(ordinal) }

// Rule is what holds for a test's attempts.
func (s *State) Rule(ordinal uint32) outcome.Rule {
	p := s.policy(ordinal)
	return outcome.Rule{MaxAttempts: p.MaxAttempts, FlakyFails: p.FlakyFails}
}

// Rounds is how often the tests of the facts are in the run: of a stress run by duration, the rounds begun.
func (s *State) Rounds() int { return len(s.tests) / max(1, s.base) }

// Cut reports whether the run has ended early, and the tests with failed attempts and no verdict with it, as failed.
func (s *State) Cut() bool { return s.cut }

// TakeRouse reports whether since it was last asked something happened that may let a worker have work that got none.
func (s *State) TakeRouse() bool {
	was := s.rouse
	s.rouse = false
	return was
}

package plan

import (
	"time"

	"github.com/podtest/podtest/internal/outcome"
)

// State is what is known of a run, arranged for deciding. Not safe for concurrent use.
type State struct{}

// New makes a State of facts. now is when the facts were gathered: live workers have some seconds from it to announce
// what they hold, before anything they might hold is given to another.
func New(f Facts, now time.Time) *State { panic("contract") }

// Added tells of a worker that Next asked for and that now has its TestBatch.
func (s *State) Added(index int, now time.Time) { panic("contract") }

// Seen tells what is seen of a worker's pod.
func (s *State) Seen(index int, p Pod, now time.Time) { panic("contract") }

// CreateFailed tells that a worker that Next asked for could not be made, and why (quota, admission).
func (s *State) CreateFailed(b Blocked, now time.Time) { panic("contract") }

// Announce tells what a worker says it holds, at its first word to this leader. Attempts that are not its to run any
// more (their test has its verdict, or another worker holds them) are left out of the answer; a reporter's
// row for them is a Duplicate later.
func (s *State) Announce(index int, held []Held, now time.Time) { panic("contract") }

// Started tells that attempts have begun.
func (s *State) Started(index int, held []Held, now time.Time) { panic("contract") }

// Report tells a row of a worker's ledger. A failed attempt with attempts left puts the test in the queue again, first
// for the same worker.
func (s *State) Report(index int, row outcome.Row, now time.Time) Accept { panic("contract") }

// Ended tells that a worker has ended. What it held goes back to the queue; only what was running is charged to
// infraRetries; after OOMKilled or Died what was running is a suspect, and runs alone next.
func (s *State) Ended(index int, e End, now time.Time) { panic("contract") }

// Judge gives the verdicts that follow from how a worker ended: a test that ran alone and was killed for memory with
// its pod is oomKilled. They belong in the same write as the end.
func (s *State) Judge(index int, e End) []outcome.Row { panic("contract") }

// Resize changes how many workers there may be; Suspend and Cancel are the spec's.
func (s *State) Resize(parallelism int) { panic("contract") }

// Suspend keeps new work back (true) or lets it go on.
func (s *State) Suspend(on bool) { panic("contract") }

// Cancel ends the run.
func (s *State) Cancel() { panic("contract") }

// Grant answers a worker that holds queued attempts which have not started, and running ones which have.
func (s *State) Grant(index int, queued, running int, now time.Time) Grant { panic("contract") }

// Next says what to do now.
func (s *State) Next(now time.Time) Step { panic("contract") }

// Counts are the numbers of this moment.
func (s *State) Counts() Counts { panic("contract") }

// Verdict is the final row of a test and whether it has one.
func (s *State) Verdict(ordinal uint32) (outcome.Row, bool) { panic("contract") }

// Unfinished yields the ordinals without a verdict, with the reason for users ("Cancelled", "Infrastructure" …) once the run has ended.
func (s *State) Unfinished() []uint32 { panic("contract") }

// Package plan decides: which workers to start or stop, whether the run is over and why (Next), and which tests a
// worker gets now (Grant). It is pure: no Kubernetes, no clock, no network; time is an argument. A State is built
// from facts and kept up to date by events, each O(1) amortised; built anew from the facts of any moment it is the
// same.
//
// A test is always in one place (place.go): in the queue, with a worker, or done. Rules that are tried in order are
// lists: answers (grant.go), endings (endings.go).
package plan

import (
	"time"

	"github.com/podtest/podtest/internal/outcome"
)

// Settings of a run that deciding needs.
type Settings struct {
	Parallelism  int           // workers at a time
	Slots        int           // tests at a time in a worker
	MaxTests     int           // attempts a worker starts in its life
	Alone        bool          // isolation: Pod
	MaxAttempts  int           // 1 + retries.count
	InfraRetries int           // times a test may be lost with its pod and started again
	StartTimeout time.Duration // how long to wait while no pod can start
	Deadline     time.Time     // of the whole run; zero: none
	NoTestsPass  bool
	Outstanding  int // of a rerun: tests that have not passed in the runs before and are not selected

	GlobalTimeout  time.Duration // of all tests, from Facts.TestsStarted; zero: none
	MaxFail        int           // so many failed tests end the run; zero: none do
	FailImmediate  bool          // and the tests that run then are ended too
	StressDuration time.Duration // new rounds of all tests are begun for so long; zero: there is one round
	Seed           uint64        // of jitter: the same for the whole life of a run
}

// Test is what deciding needs of a test; its ordinal is its index.
type Test struct {
	Binary   int32 // tests of one binary are taken to be alike
	Selected bool
	Policy   int32 // index into Facts.Policies
}

// Policy is what holds alike for many tests.
type Policy struct {
	Class       int // index into Facts.Classes
	Alone       bool
	Group       int // index into Facts.Groups + 1; 0: none
	Weight      int // slots that a test takes, in its worker and in its group
	Priority    int // higher ones first
	MaxAttempts int
	Backoff     Backoff
	RetryAlone  bool // a failed test is tried again in a pod made for it
	FlakyFails  bool // a test that passes after a failed attempt has failed
}

// Backoff is the time between two attempts of a test.
type Backoff struct {
	Delay, MaxDelay     time.Duration // MaxDelay zero: no bound
	Exponential, Jitter bool
}

// Group is a set of tests of which only so many run at a time.
type Group struct {
	Max       int  // sum of weights
	Exclusive bool // no test outside the group runs meanwhile
}

// Classes of workers.
const (
	ClassDefault = "default"
	ClassAlone   = "alone" // has one test, told when it is made
)

// Held is an attempt that a worker holds.
type Held struct {
	Ordinal uint32
	Attempt uint16
	Started bool
	// Slot is the smallest number that no other held attempt of the run had; GroupSlot likewise in its group. -1: unknown,
	// or no group.
	Slot, GroupSlot int32
}

// Cause is how a worker ended; the values are v1alpha1's Cause* constants.
type Cause string

// How a worker ended.
const (
	Finished    Cause = "Finished"
	OOMKilled   Cause = "OOMKilled"
	Evicted     Cause = "Evicted"
	Deleted     Cause = "Deleted"
	NodeLost    Cause = "NodeLost"
	StartFailed Cause = "StartFailed"
	Died        Cause = "Died"
	RunEnded    Cause = "RunEnded"
)

// End is how a worker ended and what was running in it then.
type End struct {
	Cause   Cause
	Message string
	Lost    []Held
}

// Batch is what the ledger says of one worker.
type Batch struct {
	Index int
	Class string
	Tests []uint32 // fixed list; empty for a worker that asks
	Rows  []outcome.Row
	End   *End // nil: it may be alive
	// Discarded is how many reports of the worker were not counted.
	Discarded int
}

// Facts are all that a State is made of.
type Facts struct {
	Settings Settings
	Tests    []Test
	Batches  []Batch
	Suspend  bool
	Cancel   bool
	Force    bool // with Cancel: at once

	Classes      []string // names; empty: ClassDefault alone
	Policies     []Policy // empty: one, made of Settings
	Groups       []Group
	TestsStarted time.Time // when the first test was handed out; zero: not yet
}

// Pod is what is seen of a worker's pod.
type Pod struct {
	Running bool
	// Blocked says why it does not start: a condition reason such as "Unschedulable"; empty: it just has not yet.
	Blocked string
	Message string
	// Since is when the pod (or the attempt to create it) came to be.
	Since time.Time
}

// Accept is what became of a reported row.
type Accept int

// What became of a reported row.
const (
	Accepted  Accept = iota // to be recorded
	Duplicate               // this attempt, or the test's verdict, is known already
	Unknown                 // no such selected test
)

// Grant is the answer to a worker that asks for work.
type Grant struct {
	Attempts []Held
	Drain    bool // no more work for this worker
	// Stop, with Drain, says how what runs is to be ended too: StopTerminate, StopKill, or not at all.
	Stop string
	// Again is when asking again may help though no event has happened; zero: only an event will.
	Again time.Time
}

// How what runs is ended; the values are wire's.
const (
	StopTerminate = "terminate"
	StopKill      = "kill"
)

// Ask is a worker's question for work: what it says it holds.
type Ask struct {
	Queued  int // attempts that have not started
	Running int // those that have
	Load    int // slots that all of them take
}

// Start is a worker to make.
type Start struct {
	Index int
	Class string   // the pod's shape: of Facts.Classes, or ClassAlone
	Tests []uint32 // all that it will ever get; empty: it asks
}

// Ending is the end of a run.
type Ending struct {
	Result  string // v1alpha1.Result
	Reason  string // v1alpha1 condition reason
	Message string // a plain sentence, stable from one pass to the next
	Exit    int32
}

// Blocked says why nothing goes on.
type Blocked struct {
	Reason  string
	Message string
}

// Step is what to do now.
type Step struct {
	Start   []Start
	Stop    []int // workers whose pods are to be deleted
	Ending  *Ending
	Blocked *Blocked
	Again   time.Time // when to look again though no event has happened; zero: only an event will change the answer
}

// Counts are the numbers of a run at this moment.
type Counts struct {
	Selected, NotSelected                                         int
	Passed, Failed, Flaky, TimedOut, Crashed, OOMKilled, Skipped  int
	Pending, Running, Retried, Interrupted, Discarded             int
	WorkersStarting, WorkersRunning, WorkersFinished, WorkersLost int
}

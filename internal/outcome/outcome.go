// Package outcome holds how tests end, the rows of the ledger that say so, their compact encoding, and the
// fold that makes one final outcome of a test's attempts. It is pure: no Kubernetes, no clock, no network.
// Operator, agent, command line and tests share it, so that all count alike.
package outcome

// Outcome is how one attempt of a test ended.
type Outcome uint8

// How an attempt ended. The numbers are part of the stored encoding: add at the end, never renumber.
const (
	None      Outcome = 0 // no verdict yet
	Passed    Outcome = 1
	Failed    Outcome = 2
	TimedOut  Outcome = 3
	Crashed   Outcome = 4 // ended by a signal that podtest did not send
	OOMKilled Outcome = 5
	Skipped   Outcome = 6 // the test itself said that it does not apply
	NotRun    Outcome = 7 // never in a ledger: what has no verdict at the end of a run
)

var names = [...]string{"none", "passed", "failed", "timedOut", "crashed", "oomKilled", "skipped", "notRun"}

// String is the outcome's name as users see it, such as "timedOut".
func (o Outcome) String() string {
	if int(o) < len(names) {
		return names[o]
	}
	return "unknown"
}

// Good reports whether the attempt needs no other: it passed or was skipped.
func (o Outcome) Good() bool { return o == Passed || o == Skipped }

// Told reports whether an attempt can end so: what a ledger may hold.
func (o Outcome) Told() bool { return o >= Passed && o <= Skipped }

// Reason says more about an outcome than its name.
type Reason uint8

// Why an attempt ended as it did. The numbers are part of the stored encoding.
const (
	NoReason      Reason = 0
	ExitCode      Reason = 1 // the process exited with Row.Code
	NoEvidence    Reason = 2 // exited 0 without a record of exactly this test
	NotStarted    Reason = 3 // the process could not be started
	Signal        Reason = 4 // ended by signal Row.Code
	SlowTimeout   Reason = 5 // ended by podtest after slowTimeout; passed, if slowTimeout.onTimeout is Pass
	HarnessFailed Reason = 6 // the harness recorded a failure although the process exited 0
	UnknownTest   Reason = 7 // the binary does not know a test that it had listed
	KilledItsPod  Reason = 8 // run alone, its pod died with it
	Leaked        Reason = 9 // would have passed, but left a process behind, and leakTimeout.result is Fail
	// FlakyFailed is never in a ledger: the test passed after a failed attempt, and flakyResult is Fail.
	FlakyFailed Reason = 10
)

// Row is one attempt of one test: a line of the ledger. Durations are in microseconds.
type Row struct {
	Ordinal  uint32
	Attempt  uint16 // from 1
	Outcome  Outcome
	Reason   Reason
	Code     uint8  // exit code or signal number
	Leaky    bool   // left a process or an open pipe behind
	Slow     bool   // took longer than slowTimeout.period
	Start    int64  // microseconds since the Unix epoch, of the node's clock
	Duration uint64 // microseconds, of the node's monotonic clock
	CPU      uint64 // microseconds of user and system time
	PeakRSS  uint64 // KiB, of the largest process of the test (wait4)
}

// Package harness knows how test binaries are asked for their tests, how one test is started, and what its
// process must leave behind to have passed: exit code 0 is necessary, never sufficient, where the protocol has more to
// say. Each protocol has a folder. Nothing here starts a process itself, and nothing knows Kubernetes.
package harness

import (
	"context"
	"io"

	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

// Harness is the protocol of a suite's test binaries.
type Harness interface {
	// Find names the binaries of the suite.
	Find(wire.Suite) ([]wire.Binary, error)
	// List asks one binary for its tests.
	List(context.Context, Target, Run) ([]Test, error)
	// Attempt prepares one attempt of one test.
	Attempt(Target, wire.Assignment) Attempt
}

// Target is a binary and the suite it belongs to.
type Target struct {
	Suite  wire.Suite
	Binary wire.Binary
}

// Test is a test that a binary has listed.
type Test struct {
	Name    string
	Ignored bool
	Line    int // of the list, for messages
}

// Command is how a process is started. Env is added to what all tests are given.
type Command struct {
	Argv []string
	Dir  string
	Env  []string
}

// Run starts a command that lists, gives its standard output to w as it comes, and returns how it ended. An error
// says that it was not started, or did not end of itself.
type Run func(ctx context.Context, c Command, w io.Writer) (Exit, error)

// Exit is a process that has ended of itself.
type Exit struct {
	Code   int
	Signal string // such as SIGSEGV; Code means nothing then
	Stderr []byte // all if it is short; else the end of it for a list, the beginning for a test
}

// Attempt is one attempt of one test.
type Attempt interface {
	Command() Command
	// Watch is given all that the process prints to standard output; nil if nobody needs it.
	Watch() io.Writer
	// Judge says how the attempt ended, once the process has exited without a signal. Again asks for another start
	// because the binary speaks an older protocol: Command and Watch are new then.
	Judge(Exit) (v Verdict, again bool)
}

// Verdict is how an attempt ended, and why, in words that continue "the test failed: ".
type Verdict struct {
	Outcome outcome.Outcome
	Reason  outcome.Reason
	Why     string
}

// Passed is the verdict on a test that has passed.
var Passed = Verdict{Outcome: outcome.Passed}

// Failed is the verdict on a test that failed for the reason given.
func Failed(r outcome.Reason, why string) Verdict {
	return Verdict{Outcome: outcome.Failed, Reason: r, Why: why}
}

package report

import (
	"fmt"
	"strings"

	"github.com/podtest/podtest/internal/outcome"
)

// reasons are the names of outcome's reasons for programs.
var reasons = map[outcome.Reason]string{
	outcome.NoReason: "", outcome.ExitCode: "exitCode", outcome.NoEvidence: "noEvidence", outcome.NotStarted: "notStarted",
	outcome.Signal: "signal", outcome.SlowTimeout: "slowTimeout", outcome.HarnessFailed: "harnessFailed",
	outcome.UnknownTest: "unknownTest", outcome.KilledItsPod: "killedItsPod", outcome.Leaked: "leaked",
	outcome.FlakyFailed: "flakyFailed",
}

// Why says in a few words why an attempt ended as it did; nothing for one that passed.
func Why(r outcome.Row) string {
	switch r.Reason {
	case outcome.ExitCode:
		return fmt.Sprintf("exit code %d", r.Code)
	case outcome.NoEvidence:
		return "exit code 0, but no record of this test"
	case outcome.NotStarted:
		return "the process could not be started"
	case outcome.Signal:
		return "ended by " + signalWord(r.Code)
	case outcome.SlowTimeout:
		return "took too long"
	case outcome.HarnessFailed:
		return "exit code 0, but a failure is on record"
	case outcome.UnknownTest:
		return "the test binary does not know the test that it has listed"
	case outcome.KilledItsPod:
		return "its pod died with it when it ran alone"
	case outcome.Leaked:
		return "passed, but left a process behind or its output open"
	case outcome.FlakyFailed:
		return fmt.Sprintf("passed on attempt %d only, and flakyResult is Fail", r.Attempt)
	case outcome.NoReason:
	}
	return ""
}

// Quote is a word for a POSIX shell.
func Quote(s string) string {
	const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=@%+,"
	if s != "" && strings.Trim(s, safe) == "" {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}

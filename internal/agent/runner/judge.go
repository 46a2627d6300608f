package runner

import (
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/podtest/podtest/internal/agent/process"
	"github.com/podtest/podtest/internal/harness"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

// stderrForHarness is how much of the end of standard error a harness is shown.
const stderrForHarness = 2 << 10

// judge: what podtest or the kernel did to the process comes first, then how it exited, as its harness sees it, then
// what it left behind.
func (s *slot) judge(w work, a harness.Attempt, end process.End, killsBefore int64) (harness.Verdict, bool) {
	switch {
	case end.TimedOut:
		return timedOut(w.settings, end), false
	case end.Status.Signaled():
		return alsoLeaky(s.killed(end.Status.Signal(), killsBefore), end), false
	}
	stderr := s.process.Stderr.Head()
	if s.process.Stderr.Len() > stderrForHarness {
		stderr = stderr[:stderrForHarness]
	}
	v, again := a.Judge(harness.Exit{Code: end.Status.ExitStatus(), Stderr: stderr})
	if end.Leaky && w.settings.LeakFails && v.Outcome == outcome.Passed {
		v = harness.Failed(outcome.Leaked, "it passed, but "+leftBehind(end)+
			": end what the test starts before it ends (leakTimeout.result is Fail)")
		return v, again
	}
	return alsoLeaky(v, end), again
}

func timedOut(settings *wire.TestSettings, end process.End) harness.Verdict {
	v := harness.Verdict{
		Outcome: outcome.TimedOut, Reason: outcome.SlowTimeout,
		Why: fmt.Sprintf("ended after %s by slowTimeout", limits(settings).Terminate.Round(time.Millisecond)),
	}
	if settings.TimeoutPasses {
		v.Outcome = outcome.Passed
	}
	return alsoLeaky(v, end)
}

// alsoLeaky adds to why an attempt failed that it left something behind.
func alsoLeaky(v harness.Verdict, end process.End) harness.Verdict {
	if end.Leaky && !v.Outcome.Good() {
		v.Why += "; " + leftBehind(end)
	}
	return v
}

func leftBehind(end process.End) string {
	if len(end.Survivors) == 0 {
		return "something still held its output open when leakTimeout was over"
	}
	return "when leakTimeout was over it had left behind " + strings.Join(end.Survivors, ", ")
}

// killed tells the kernel's OOM killer from other senders of SIGKILL: it counts its victims.
func (s *slot) killed(by syscall.Signal, killsBefore int64) harness.Verdict {
	if by == syscall.SIGKILL && s.oom.count() > killsBefore {
		return harness.Verdict{
			Outcome: outcome.OOMKilled, Reason: outcome.Signal,
			Why: "killed by the kernel: the container was out of memory",
		}
	}
	return harness.Verdict{Outcome: outcome.Crashed, Reason: outcome.Signal, Why: "signal " + signalName(by)}
}

var signalNames = map[syscall.Signal]string{
	syscall.SIGHUP: "SIGHUP", syscall.SIGINT: "SIGINT", syscall.SIGQUIT: "SIGQUIT", syscall.SIGILL: "SIGILL",
	syscall.SIGTRAP: "SIGTRAP", syscall.SIGABRT: "SIGABRT", syscall.SIGBUS: "SIGBUS", syscall.SIGFPE: "SIGFPE",
	syscall.SIGKILL: "SIGKILL", syscall.SIGUSR1: "SIGUSR1", syscall.SIGSEGV: "SIGSEGV", syscall.SIGUSR2: "SIGUSR2",
	syscall.SIGPIPE: "SIGPIPE", syscall.SIGALRM: "SIGALRM", syscall.SIGTERM: "SIGTERM", syscall.SIGXCPU: "SIGXCPU",
	syscall.SIGXFSZ: "SIGXFSZ", syscall.SIGVTALRM: "SIGVTALRM", syscall.SIGPROF: "SIGPROF", syscall.SIGSYS: "SIGSYS",
}

func signalName(s syscall.Signal) string {
	if name, known := signalNames[s]; known {
		return name
	}
	return fmt.Sprintf("%d", int(s))
}

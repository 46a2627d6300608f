package runner

import (
	"fmt"
	"syscall"
	"time"

	"github.com/podtest/podtest/internal/agent/process"
	"github.com/podtest/podtest/internal/harness"
	"github.com/podtest/podtest/internal/outcome"
)

// stderrForHarness is how much of the end of standard error a harness is shown.
const stderrForHarness = 2 << 10

// judge: what podtest or the kernel did to the process comes first, then how it exited, as its harness sees it.
func (s *slot) judge(a harness.Attempt, end process.End, killsBefore int64) (harness.Verdict, bool) {
	switch {
	case end.TimedOut:
		return harness.Verdict{
			Outcome: outcome.TimedOut, Reason: outcome.SlowTimeout,
			Why: fmt.Sprintf("ended after %s by slowTimeout", s.limits.Terminate.Round(time.Millisecond)),
		}, false
	case end.Status.Signaled():
		return s.killed(end.Status.Signal(), killsBefore), false
	}
	stderr := s.process.Stderr.Head()
	if s.process.Stderr.Len() > stderrForHarness {
		stderr = stderr[:stderrForHarness]
	}
	return a.Judge(harness.Exit{Code: end.Status.ExitStatus(), Stderr: stderr})
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

// Package ends: tests that end in every way a test can end.
package ends

import (
	"os"
	"syscall"
	"testing"
	"unsafe"
)

func TestPasses(t *testing.T) {}

func TestFails(t *testing.T) { t.Error("wrong on purpose") }

func TestFailsAtOnce(t *testing.T) { t.Fatal("wrong on purpose") }

func TestSkips(t *testing.T) { t.Skip("not today") }

// Skipping after an error is still a failure.
func TestFailsThenSkips(t *testing.T) {
	t.Error("wrong on purpose")
	t.Skip("too late")
}

func TestPanics(t *testing.T) { panic("on purpose") }

func TestPanicsInGoroutine(t *testing.T) {
	go panic("on purpose, elsewhere")
	select {}
}

func TestDeadlocks(t *testing.T) { select {} }

func TestOverflowsStack(t *testing.T) { overflow(1) }

func overflow(n int) int { return overflow(n+1) + 1 }

func TestExits0(t *testing.T) { os.Exit(0) }

// The testing package guards os.Exit only: this one leaves without a word.
func TestExits0Silently(t *testing.T) { syscall.Exit(0) }

func TestExits7(t *testing.T) { os.Exit(7) }

func TestExits77(t *testing.T) { os.Exit(77) }

func TestDereferencesNil(t *testing.T) {
	var nothing *int
	*nothing = 1
}

func TestDiesBySIGSEGV(t *testing.T) { die(syscall.SIGSEGV) }

func TestDiesBySIGABRT(t *testing.T) { die(syscall.SIGABRT) }

// Nobody ran out of memory here: SIGKILL alone does not prove an OOM kill.
func TestDiesBySIGKILL(t *testing.T) { die(syscall.SIGKILL) }

func TestDiesBySIGTERM(t *testing.T) { die(syscall.SIGTERM) }

// die takes the Go runtime's handler away first, so that the signal itself is what ends the process.
func die(s syscall.Signal) {
	var byDefault [4]uintptr
	syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(s), uintptr(unsafe.Pointer(&byDefault)), 0, 8, 0, 0)
	syscall.Kill(os.Getpid(), s)
	select {}
}

// TestKillsItsRunner harms whoever started it, so it waits to be asked.
func TestKillsItsRunner(t *testing.T) {
	if os.Getenv("EVIL_KILL_RUNNER") == "" {
		t.Skip("EVIL_KILL_RUNNER is not set")
	}
	syscall.Kill(os.Getppid(), syscall.SIGKILL)
}

// TestFlaky passes from the second attempt on.
func TestFlaky(t *testing.T) {
	attempt := os.Getenv("PODTEST_ATTEMPT")
	if attempt == "" {
		attempt = os.Getenv("NEXTEST_ATTEMPT")
	}
	if attempt == "" || attempt == "1" {
		t.Fatal("the first attempt fails")
	}
}

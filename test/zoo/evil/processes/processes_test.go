// Package processes: tests that leave processes behind.
package processes

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

// The binary is its own child: the image holds no other programs.
func TestMain(m *testing.M) {
	switch os.Getenv("EVIL_ROLE") {
	case "sleeper":
		time.Sleep(20 * time.Second)
	case "deaf sleeper":
		ignoreSignals()
		time.Sleep(20 * time.Second)
	case "daemon":
		child := start("sleeper")
		child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
		child.Start()
	default:
		os.Exit(m.Run())
	}
}

func start(role string) *exec.Cmd {
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), "EVIL_ROLE="+role)
	child.Stdout, child.Stderr = os.Stdout, os.Stderr
	return child
}

func TestLeaksChildWithPipes(t *testing.T) { must(t, start("sleeper").Start()) }

func TestLeaksChildDeafToSignals(t *testing.T) { must(t, start("deaf sleeper").Start()) }

func TestFailsAndLeaksChild(t *testing.T) {
	must(t, start("sleeper").Start())
	t.Error("wrong on purpose")
}

func TestLeaksChildWithoutPipes(t *testing.T) {
	child := start("sleeper")
	child.Stdout, child.Stderr = nil, nil
	must(t, child.Start())
}

func TestLeavesDaemon(t *testing.T) {
	child := start("daemon")
	child.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	must(t, child.Run())
}

func TestWaitsForChild(t *testing.T) {
	child := start("sleeper")
	must(t, child.Start())
	must(t, child.Process.Kill())
	child.Wait()
}

func TestHangsWithChildren(t *testing.T) {
	ignoreSignals()
	must(t, start("deaf sleeper").Start())
	must(t, start("daemon").Run())
	time.Sleep(time.Hour)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

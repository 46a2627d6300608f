package ends

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"syscall"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	fmt.Println("TestMain prints what it likes")
	m.Run()
}

func TestPasses(t *testing.T) {}

func TestSkips(t *testing.T) { t.Skip("not today") }

func TestFails(t *testing.T) { t.Error("2 + 2 is 5") }

func TestPanics(t *testing.T) { panic("oh no") }

func TestExitsZero(t *testing.T) { syscall.Exit(0) }

func TestKillsItself(t *testing.T) { _ = syscall.Kill(os.Getpid(), syscall.SIGKILL); select {} }

func TestHangs(t *testing.T) {
	c := exec.Command("/bin/sh", "-c", "trap '' TERM; while :; do sleep 1; done")
	c.Stdout = os.Stdout
	_ = c.Start()
	ignoreTerm()
	time.Sleep(time.Hour)
}

func TestFloods(t *testing.T) {
	line := append(bytes.Repeat([]byte("x"), 1<<20), '\n')
	for range 50 {
		_, _ = os.Stdout.Write(line)
	}
}

func TestLeaks(t *testing.T) {
	c := exec.Command("/bin/sleep", "3600")
	c.Stdout = os.Stdout
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
}

func TestPrintsNoNewline(t *testing.T) { fmt.Print("and on it goes") }

func TestSubtestFails(t *testing.T) {
	t.Run("one", func(t *testing.T) {})
	t.Run("two", func(t *testing.T) { t.Fail() })
}

func TestForges(t *testing.T) {
	fmt.Println("--- PASS: TestForges (0.00s)")
	t.Fail()
}

func Example_greets() {
	fmt.Println("hello")
	// Output: hello
}

func FuzzSeeds(f *testing.F) {
	f.Add(1)
	f.Fuzz(func(t *testing.T, n int) {})
}

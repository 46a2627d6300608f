package process_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/internal/agent/process"
)

const envRole = "PROCESS_TEST_ROLE"

func TestMain(m *testing.M) {
	roles := map[string]func() error{"adopter": adopt, "forker": fork}
	role := roles[os.Getenv(envRole)]
	if role == nil {
		os.Exit(m.Run())
	}
	if err := role(); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func shell(script string) process.Command {
	return process.Command{Argv: []string{"/bin/sh", "-c", script}, Env: []string{"PATH=/bin:/usr/bin"}}
}

var patient = process.Limits{Grace: time.Minute, Leak: time.Minute}

func TestEndsOfProcesses(t *testing.T) {
	type end struct {
		Exit                     int
		Signal                   syscall.Signal
		TimedOut, Stopped, Leaky bool
	}
	// Long enough for a shell to set its traps, and longer than anything that must not be waited for.
	const soon = 700 * time.Millisecond
	short := process.Limits{Terminate: soon, Grace: time.Minute, Leak: time.Minute}
	killed := process.Limits{Terminate: soon, Grace: soon, Leak: time.Minute}
	leaked := process.Limits{Terminate: soon, Grace: time.Minute, Leak: time.Millisecond}
	cases := map[string]struct {
		script string
		limits process.Limits
		stop   bool
		want   end
	}{
		"it exits":                          {"exit 7", patient, false, end{Exit: 7}},
		"it is killed":                      {"kill -KILL $$", patient, false, end{Exit: -1, Signal: syscall.SIGKILL}},
		"standard input is empty":           {"cat; exit 3", patient, false, end{Exit: 3}},
		"its time is over":                  {"sleep 1000", short, false, end{Exit: -1, Signal: syscall.SIGTERM, TimedOut: true}},
		"it ends well when told to":         {"trap 'exit 0' TERM; while :; do sleep 0.01; done", short, false, end{TimedOut: true}},
		"it does not listen":                {"trap '' TERM; while :; do sleep 0.01; done", killed, false, end{Exit: -1, Signal: syscall.SIGKILL, TimedOut: true}},
		"its child does not listen":         {"(trap '' TERM; while :; do sleep 1000; done) & wait", leaked, false, end{Exit: -1, Signal: syscall.SIGTERM, TimedOut: true, Leaky: true}},
		"it leaves a process with a stream": {"sleep 1000 & exit 0", leaked, false, end{Leaky: true}},
		"it leaves a process without":       {"sleep 1000 >/dev/null 2>&1 & exit 0", patient, false, end{}},
		"it is stopped":                     {"sleep 1000", patient, true, end{Exit: -1, Signal: syscall.SIGTERM, Stopped: true}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			stop := process.NewStopper()
			if c.stop {
				stop.Stop(time.Minute)
			}
			r := process.Runner{Stop: stop}
			got, err := r.Run(shell(c.script), c.limits)
			if err != nil {
				t.Fatal(err)
			}
			is := end{Exit: got.Status.ExitStatus(), TimedOut: got.TimedOut, Stopped: got.Stopped, Leaky: got.Leaky}
			if got.Status.Signaled() {
				is.Signal = got.Status.Signal()
			}
			if diff := cmp.Diff(c.want, is); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNothingOfTheGroupIsLeft(t *testing.T) {
	var r process.Runner
	_, err := r.Run(shell("sleep 1000 >/dev/null 2>&1 & echo $!"), patient)
	if err != nil {
		t.Fatal(err)
	}
	pid := strings.TrimSpace(string(r.Stdout.Head()))
	for alive(pid) { // it was killed; it is init that reaps it
		time.Sleep(time.Millisecond)
	}
}

// alive reports whether a process runs; a zombie does not.
func alive(pid string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ")
}

func TestAFloodCostsNoMoreThanWhatIsKept(t *testing.T) {
	var r process.Runner
	end, err := r.Run(shell("head -c 50000000 /dev/zero; head -c 50000000 /dev/zero >&2; exit 5"), patient)
	if err != nil || end.Status.ExitStatus() != 5 {
		t.Fatalf("%v, %v", end, err)
	}
	for _, s := range []*process.Stream{&r.Stdout, &r.Stderr} {
		if s.Len() != 50_000_000 || len(s.Head()) != process.HeadSize || len(s.Tail()) != process.TailSize {
			t.Errorf("%d bytes: head %d, tail %d", s.Len(), len(s.Head()), len(s.Tail()))
		}
	}
}

func TestWhatCannotBeStartedIsNamed(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "script")
	if err := os.WriteFile(script, []byte("no program"), 0o755); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		command process.Command
		want    string
	}{
		"no such program": {process.Command{Argv: []string{"/no/such"}}, "cannot start /no/such: no such file or directory"},
		"not in PATH":     {process.Command{Argv: []string{"no-such"}}, "cannot start no-such: not found in PATH"},
		"no such folder":  {process.Command{Argv: []string{"/bin/true"}, Dir: "/no/such"}, "cannot start /bin/true: working directory /no/such: no such file or directory"},
		"a folder":        {process.Command{Argv: []string{dir}}, "cannot start " + dir + ": permission denied"},
		"not a program":   {process.Command{Argv: []string{script}}, "cannot start " + script + ": exec format error"},
		"a NUL in a name": {process.Command{Argv: []string{"/bin/true", "a\x00b"}}, "cannot start /bin/true: invalid argument"},
		"an argument list too long": {
			process.Command{Argv: []string{"/bin/true", strings.Repeat("a", 1<<20)}}, "cannot start /bin/true: argument list too long",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var r process.Runner
			_, err := r.Run(c.command, patient)
			if err == nil || err.Error() != c.want {
				t.Errorf("got %v, want %s", err, c.want)
			}
		})
	}
}

func TestFiguresOfAProcessAreItsOwn(t *testing.T) {
	var r process.Runner
	end, err := r.Run(shell("i=0; while [ $i -lt 20000 ]; do i=$((i+1)); done"), patient)
	if err != nil {
		t.Fatal(err)
	}
	if end.CPU <= 0 || end.PeakRSS == 0 || end.Duration <= 0 || end.Start.IsZero() {
		t.Errorf("%+v", end)
	}
}

package main

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/report"
)

// record is what watch writes for programs about the run of withRun.
func record(t *testing.T) string {
	t.Helper()
	s := newShell(t)
	s.withRun(t)
	if code := s.podtest(t, "watch", "shop", "-n", "ci", "--message-format", "json"); code != 120 {
		t.Fatalf("exit code %d: %s", code, &s.err)
	}
	return s.out.String()
}

func TestReplayShowsWhatWasRecorded(t *testing.T) {
	recording := record(t)
	if strings.Contains(recording, "\x1b") {
		t.Errorf("the recording holds an escape: %q", recording)
	}
	live := newShell(t)
	live.withRun(t)
	live.podtest(t, "watch", "shop", "-n", "ci")
	begun, rest, _ := strings.Cut(recording, "\n")
	for name, c := range map[string]struct {
		in       string
		args     []string
		wantCode int
		wantOut  string
		wantErr  string
	}{
		"as it was shown":                      {in: recording, wantCode: 120, wantOut: live.out.String()},
		"events of a later time are no matter": {in: recording + `{"version":1,"event":"dreamt"}` + "\n", args: []string{"-"}, wantCode: 120, wantOut: live.out.String()},
		"less of it": {
			in: recording, args: []string{"--status-level", "none", "--final-status-level", "none", "--failure-output", "never"},
			wantCode: 120, wantOut: `     TestRun ci/shop
      Listed 6 tests in 2 binaries (1 ignored)
────────────
     Summary [   3.000s] 4/5 tests run: 3 passed, 1 timed out, 1 skipped (1 worker)
warning: 1/5 tests have no verdict
       Error [exit 120] 1 test has no verdict
     Results podtest results --namespace ci shop
       Rerun podtest rerun --namespace ci shop
`,
		},
		"a recording without an end": {
			in: begun + "\n", wantCode: 106, wantOut: "     TestRun ci/shop\n", wantErr: "error: standard input ends before its run does\n",
		},
		"a recording cut in a line": {
			in: begun + "\n" + rest[:20], wantCode: 106, wantOut: "     TestRun ci/shop\n", wantErr: "error: standard input ends before its run does\n",
		},
		"nothing": {wantCode: 106, wantErr: "error: standard input ends before its run does\n"},
		"something else": {
			in: begun + "\nPASS\n", wantCode: 96, wantOut: "     TestRun ci/shop\n",
			wantErr: "error: standard input, line 2: not an event: invalid character 'P' looking for beginning of value\n",
		},
		"a word that is none": {
			args: []string{"--status-level", "loud"}, wantCode: 96,
			wantErr: "error: invalid argument \"loud\" for \"--status-level\" flag: want one of none, fail, retry, slow, leak, pass, skip, all\n",
		},
		"no such file": {args: []string{"/nowhere"}, wantCode: 96, wantErr: "error: reading a recording: open /nowhere: no such file or directory\n  check the path\n"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t)
			s.in = c.in
			if code := s.podtest(t, append([]string{"replay"}, c.args...)...); code != c.wantCode {
				t.Errorf("exit code %d, want %d", code, c.wantCode)
			}
			if diff := cmp.Diff(c.wantOut, s.out.String()); diff != "" {
				t.Errorf("standard output (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.wantErr, s.err.String()); diff != "" {
				t.Errorf("standard error (-want +got):\n%s", diff)
			}
		})
	}
}

// unwritable is standard output that takes nothing.
type unwritable struct{ err error }

func (u unwritable) Write([]byte) (int, error) { return 0, u.err }

func TestOutputThatCannotBeWritten(t *testing.T) {
	for name, c := range map[string]struct {
		err     error
		wantErr string
	}{
		"a reader that has gone knows it": {syscall.EPIPE, ""},
		"a full disk is told":             {syscall.ENOSPC, "error: writing: no space left on device\n"},
	} {
		for _, format := range []string{"human", "json"} {
			t.Run(name+", "+format, func(t *testing.T) {
				s := newShell(t)
				s.withRun(t)
				cli := newCLI("podtest", strings.NewReader(""), unwritable{c.err}, &s.err)
				cli.connect = func() (client.WithWatch, error) { return s.cluster, nil }
				if code := cli.run(t.Context(), []string{"watch", "shop", "-n", "ci", "--message-format", format}); code != int(v1alpha1.ExitOutput) {
					t.Errorf("exit code %d, want 110", code)
				}
				if s.err.String() != c.wantErr {
					t.Errorf("standard error %q, want %q", &s.err, c.wantErr)
				}
			})
		}
	}
}

func TestResultsThatCannotBeWrittenAreNoTroubleOfTheCluster(t *testing.T) {
	s := newShell(t)
	s.withRun(t)
	full := &fs.PathError{Op: "write", Path: os.Stdout.Name(), Err: syscall.ENOSPC}
	cli := newCLI("podtest", strings.NewReader(""), unwritable{full}, &s.err)
	cli.connect = func() (client.WithWatch, error) { return s.cluster, nil }
	if code := cli.run(t.Context(), []string{"results", "shop", "-n", "ci"}); code != int(v1alpha1.ExitOutput) {
		t.Errorf("exit code %d, want 110", code)
	}
	if want := "error: write " + os.Stdout.Name() + ": no space left on device\n"; s.err.String() != want {
		t.Errorf("standard error %q, want %q", &s.err, want)
	}
}

// underWay puts a run into the cluster that goes on.
func (s *shell) underWay(t *testing.T) *v1alpha1.TestRun {
	t.Helper()
	run := &v1alpha1.TestRun{}
	run.Namespace, run.Name, run.UID = "ci", "shop", "u1"
	if err := s.cluster.Create(t.Context(), run); err != nil {
		t.Fatal(err)
	}
	return run
}

// told calls do with what was written, once it holds a cue.
type told struct {
	bytes.Buffer
	cue string
	do  func()
}

func (w *told) Write(p []byte) (int, error) {
	n, err := w.Buffer.Write(p)
	if w.do != nil && strings.Contains(w.String(), w.cue) {
		do := w.do
		w.do = nil
		do()
	}
	return n, err
}

func TestTheFirstInterruptCancelsAndTheSecondKillsIfAsked(t *testing.T) {
	s := newShell(t)
	run := s.underWay(t)
	signals := make(chan os.Signal, 2)
	out := &told{cue: "TestRun ci/shop", do: func() { signals <- os.Interrupt; signals <- syscall.SIGTERM }}
	cli := newCLI("podtest", strings.NewReader(""), out, &s.err)
	cli.connect = func() (client.WithWatch, error) { return s.cluster, nil }
	cli.interrupts = func() (<-chan os.Signal, func()) { return signals, func() {} }
	if code := cli.run(t.Context(), []string{"watch", "shop", "-n", "ci", "--cancel-on-interrupt"}); code != 130 {
		t.Errorf("exit code %d, want 130", code)
	}
	if want := "interrupted twice: the tests of the run are killed\n"; s.err.String() != want {
		t.Errorf("standard error %q, want %q", &s.err, want)
	}
	if want := "interrupt again to kill it"; !strings.Contains(out.String(), want) {
		t.Errorf("standard output does not say %q: %s", want, out.String())
	}
	if err := s.cluster.Get(t.Context(), client.ObjectKeyFromObject(run), run); err != nil {
		t.Fatal(err)
	}
	if !run.Spec.Cancel || !run.Spec.Force {
		t.Errorf("cancel %v, force %v", run.Spec.Cancel, run.Spec.Force)
	}
}

// clocked is a cli whose clock stands.
func clocked(out io.Writer, at time.Time) *cli {
	c := newCLI("podtest", strings.NewReader(""), out, io.Discard)
	c.now = func() time.Time { return at }
	return c
}

func TestAStreamTellsOfProgressOnceASecond(t *testing.T) {
	var out bytes.Buffer
	at := time.Unix(1e9, 0)
	c := clocked(&out, at)
	shown := c.display(&displayFlags{format: "json"}, &ciFlags{})
	for range 20 {
		at = at.Add(250 * time.Millisecond)
		c.now = func() time.Time { return at }
		if err := shown.Show(report.Progress{Word: "Running"}); err != nil {
			t.Fatal(err)
		}
	}
	if n := strings.Count(out.String(), `"event":"progress"`); n != 5 {
		t.Errorf("%d lines in 5 seconds, want 5", n)
	}
	if err := errors.Join(shown.Close()); err != nil {
		t.Error(err)
	}
}

package agent_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/internal/agent/collectortest"
	"github.com/podtest/podtest/internal/agent/runner"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

// shellSuite runs each test's name as a script.
func shellSuite(more wire.Config) wire.Config {
	more.Mode, more.RunName, more.RunUID = "run", "r", "u"
	more.Suites = []wire.Suite{{
		Name: "sh", Harness: "exec", List: []string{"true"}, Run: []string{"/bin/sh", "-c", "{id}"},
	}}
	if more.GraceMS == 0 {
		more.GraceMS = 60_000
	}
	return more
}

var shellBinary = wire.Binary{Suite: "sh", ID: "sh", Path: "/bin/sh"}

func TestEachAttemptHasAnEmptyFolderOfItsOwn(t *testing.T) {
	const script = `ls -A "$TMPDIR" | grep -q . && exit 1; touch "$TMPDIR/x"; chmod 000 "$TMPDIR"; test "$NEXTEST_TEST_NAME"`
	p := startPod(t, &collectortest.Collector{
		Config: shellSuite(wire.Config{}), Leases: []wire.Lease{leaseOf(shellBinary, script, script, "rmdir $TMPDIR", script)},
	})
	p.end(t)
	passed := verdict{Outcome: outcome.Passed}
	if diff := cmp.Diff([]verdict{passed, passed, passed, passed}, verdicts(p.collector.Rows())); diff != "" {
		t.Error(diff)
	}
}

func TestWhatCannotBeStartedFailsAndSaysWhy(t *testing.T) {
	c := &collectortest.Collector{
		Config: shellSuite(wire.Config{}), Leases: []wire.Lease{leaseOf(shellBinary, "true")},
	}
	c.Config.Suites[0].Run = []string{"/no/such/program", "{id}"}
	p := startPod(t, c)
	p.end(t)
	if diff := cmp.Diff([]verdict{{Outcome: outcome.Failed, Reason: outcome.NotStarted}}, verdicts(c.Rows())); diff != "" {
		t.Error(diff)
	}
	want := map[uint32]string{0: "cannot start /no/such/program: no such file or directory"}
	if diff := cmp.Diff(want, c.Excerpts()); diff != "" {
		t.Error(diff)
	}
}

func TestOutputOfAFailedTestIsKeptAndThatOfOthersIsNot(t *testing.T) {
	p := startPod(t, &collectortest.Collector{
		Config: shellSuite(wire.Config{}),
		Leases: []wire.Lease{leaseOf(shellBinary, "echo good", "echo out; printf 'err\\377' >&2; exit 3")},
	})
	p.end(t)
	want := []wire.Output{{
		Ordinal: 1, Attempt: 1,
		Stdout: wire.Stream{Head: []byte("out\n")}, Stderr: wire.Stream{Head: []byte("err\xff")},
	}}
	if diff := cmp.Diff(want, p.collector.Outputs()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[uint32]string{1: "exit code 3\nerr\uFFFD"}, p.collector.Excerpts()); diff != "" {
		t.Error(diff)
	}
}

// fifo is a pipe with a name: who opens it waits for the other side.
func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "fifo")
	must(t, mkfifo(path))
	return path
}

func TestAttemptsThatAreEndedFromOutsideAreLostNotFailed(t *testing.T) {
	begun := fifo(t)
	p := startPod(t, &collectortest.Collector{
		Config: shellSuite(wire.Config{}),
		Leases: []wire.Lease{leaseOf(shellBinary, "true", fmt.Sprintf("echo > %s; sleep 1000", begun), "true")},
	})
	_, err := os.ReadFile(begun)
	must(t, err)
	p.stop()
	if err := <-p.ran; err == nil || runner.IsDone(err) {
		t.Errorf("a runner that was ended says %v", err)
	}
	must(t, <-p.reported)
	if diff := cmp.Diff([]verdict{{Outcome: outcome.Passed}}, verdicts(p.collector.Rows())); diff != "" {
		t.Error(diff)
	}
	seal := p.collector.Seal()
	if diff := cmp.Diff([]wire.Held{{Ordinal: 1, Attempt: 1, Started: true}}, seal.Lost); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(seal.Died, "ended from outside") {
		t.Errorf("died: %q", seal.Died)
	}
}

func TestARunnerWithoutItsReporterEndsWhatRuns(t *testing.T) {
	begun, over := fifo(t), make(chan struct{})
	p := startPod(t, &collectortest.Collector{
		Config: shellSuite(wire.Config{}),
		Leases: []wire.Lease{leaseOf(shellBinary, fmt.Sprintf("echo > %s; sleep 1000", begun))},
		Refuse: func(path string, n int) int {
			if path == wire.PathLease && n == 2 {
				<-over
				return 410
			}
			return 0
		},
	})
	_, err := os.ReadFile(begun)
	must(t, err)
	close(over)
	if err := <-p.ran; !runner.IsDone(err) {
		t.Error(err)
	}
	must(t, <-p.reported)
}

func TestAListingThatFailsSaysWhereAndWhy(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "list")
	must(t, os.WriteFile(script, []byte("#!/bin/sh\necho a\necho 'no database' >&2\nexit 3\n"), 0o755))
	c := &collectortest.Collector{Config: wire.Config{
		Mode: "list", ListTimeoutMS: 60_000,
		Suites: []wire.Suite{{Name: "own", Harness: "exec", List: []string{script}, Run: []string{"r", "{id}"}}},
	}}
	startPod(t, c).end(t)
	want := fmt.Sprintf(`listing own: [%q] ended with exit code 3; it printed to standard error: no database`, script)
	if parts := c.Parts(); len(parts) != 1 || parts[0].Error != want || !parts[0].Last {
		t.Errorf("got %+v, want %s", parts, want)
	}
}

func TestAListingThatTakesTooLongSaysSo(t *testing.T) {
	c := &collectortest.Collector{Config: wire.Config{
		Mode: "list", ListTimeoutMS: 50,
		Suites: []wire.Suite{{Name: "own", Harness: "exec", List: []string{"sleep", "1000"}, Run: []string{"r", "{id}"}}},
	}}
	startPod(t, c).end(t)
	want := "listing own: not done when listTimeout (50ms) was over: raise spec.listTimeout if the binary needs longer"
	if parts := c.Parts(); len(parts) != 1 || parts[0].Error != want {
		t.Errorf("got %+v, want %s", parts, want)
	}
}

func TestEachTestOfALargeRunIsReportedOnce(t *testing.T) {
	const tests, perLease = 600, 7
	c := &collectortest.Collector{Config: shellSuite(wire.Config{Slots: 4})}
	var want []verdict
	for o := uint32(0); o < tests; o += perLease {
		l := leaseOf(shellBinary)
		for i := o; i < min(tests, o+perLease); i++ {
			l.Attempts = append(l.Attempts, wire.Assignment{Ordinal: i, Attempt: 1, Name: fmt.Sprintf("exit %d", i%3)})
			v := verdict{Outcome: outcome.Passed}
			if i%3 != 0 {
				v = verdict{Outcome: outcome.Failed, Reason: outcome.ExitCode, Code: uint8(i % 3)}
			}
			want = append(want, v)
		}
		c.Leases = append(c.Leases, l)
	}
	p := startPod(t, c)
	p.end(t)
	if diff := cmp.Diff(want, verdicts(c.Rows())); diff != "" {
		t.Error(diff)
	}
	if seal := c.Seal(); seal == nil || seal.Count != tests || seal.Digest != outcome.Digest(c.Rows()) {
		t.Errorf("seal %+v", seal)
	}
}

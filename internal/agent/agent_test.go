package agent_test

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/internal/agent/collectortest"
	"github.com/podtest/podtest/internal/agent/reporter"
	"github.com/podtest/podtest/internal/agent/runner"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

// pod is a reporter and a runner in this process, and the collector they talk to.
type pod struct {
	collector *collectortest.Collector
	options   reporter.Options
	reported  chan error
	ran       chan error
	stop      context.CancelFunc // SIGTERM for the runner
	dismiss   context.CancelFunc // SIGTERM for the reporter
}

func startPod(t testing.TB, c *collectortest.Collector) *pod {
	t.Helper()
	c.Start(t)
	dir := t.TempDir()
	token := filepath.Join(dir, "token")
	must(t, os.WriteFile(token, []byte(collectortest.Token+"\n"), 0o600))
	p := &pod{collector: c, reported: make(chan error, 1), ran: make(chan error, 1)}
	p.options = reporter.Options{
		Collector: c.URL(), ServerName: "example.com", CA: c.CA(), Batch: "run-w00001", TokenPath: token,
		Socket: filepath.Join(dir, "reporter"), LastWords: filepath.Join(dir, "termination-log"),
		Log: slog.New(slog.NewTextHandler(t.Output(), nil)), StopWithin: 10 * time.Second, Drain: 5 * time.Second,
	}
	runs, stop := context.WithCancel(context.Background())
	reports, dismiss := context.WithCancel(context.Background())
	p.stop, p.dismiss = stop, dismiss
	go func() { p.reported <- reporter.Run(reports, p.options) }()
	go func() {
		p.ran <- runner.Run(runs, runner.Options{
			Socket: p.options.Socket, Patience: time.Minute, Environ: os.Environ(),
		})
	}()
	t.Cleanup(func() { stop(); dismiss() })
	return p
}

// end waits for both to end of themselves, and well.
func (p *pod) end(t testing.TB) {
	t.Helper()
	if err := <-p.ran; !runner.IsDone(err) {
		t.Errorf("runner: %v", err)
	}
	must(t, <-p.reported)
	if wrong := p.collector.Wrong(); len(wrong) > 0 {
		t.Errorf("the reporter broke the contract: %q", wrong)
	}
	if _, err := os.Stat(p.options.LastWords); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("all was acknowledged, and yet there is a termination message")
	}
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// verdict is the part of a row that is the same each time.
type verdict struct {
	Outcome outcome.Outcome
	Reason  outcome.Reason
	Code    uint8
	Leaky   bool
}

func verdicts(rows []outcome.Row) []verdict {
	var all []verdict
	for _, r := range rows {
		all = append(all, verdict{r.Outcome, r.Reason, r.Code, r.Leaky})
	}
	return all
}

// buildGo compiles a test binary from testdata.
func buildGo(t testing.TB, name string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name+".test")
	c := exec.Command("go", "test", "-c", "-o", path, ".")
	c.Dir = filepath.Join("testdata", name)
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("building %s: %v\n%s", name, err, out)
	}
	return path
}

// patient are the settings of tests that nothing is to happen to.
var patient = wire.TestSettings{TotalAttempts: 1, GraceMS: 60_000, LeakMS: 60_000}

func leaseOf(b wire.Binary, names ...string) wire.Lease { return leaseWith(patient, b, names...) }

func leaseWith(s wire.TestSettings, b wire.Binary, names ...string) wire.Lease {
	l := wire.Lease{Binaries: []wire.Binary{b}, Settings: []wire.TestSettings{s}}
	for i, name := range names {
		l.Attempts = append(l.Attempts, wire.Assignment{Ordinal: uint32(i), Attempt: 1, Name: name})
	}
	return l
}

func TestEveryEndOfAGoTestReachesTheCollector(t *testing.T) {
	binary := buildGo(t, "ends")
	want := map[string]verdict{
		"TestPasses":          {Outcome: outcome.Passed},
		"TestSkips":           {Outcome: outcome.Skipped},
		"TestFails":           {Outcome: outcome.Failed, Reason: outcome.ExitCode, Code: 1},
		"TestPanics":          {Outcome: outcome.Failed, Reason: outcome.ExitCode, Code: 2},
		"TestExitsZero":       {Outcome: outcome.Failed, Reason: outcome.NoEvidence},
		"TestIsNotThere":      {Outcome: outcome.Failed, Reason: outcome.UnknownTest},
		"TestKillsItself":     {Outcome: outcome.Crashed, Reason: outcome.Signal, Code: 9},
		"TestHangs":           {Outcome: outcome.TimedOut, Reason: outcome.SlowTimeout, Code: 9},
		"TestFloods":          {Outcome: outcome.Passed},
		"TestLeaks":           {Outcome: outcome.Passed, Leaky: true},
		"TestPrintsNoNewline": {Outcome: outcome.Passed},
		"TestSubtestFails":    {Outcome: outcome.Failed, Reason: outcome.ExitCode, Code: 1},
		"TestForges":          {Outcome: outcome.Failed, Reason: outcome.ExitCode, Code: 1},
		"Example_greets":      {Outcome: outcome.Passed},
		"FuzzSeeds":           {Outcome: outcome.Passed},
	}
	var names []string
	var wanted []verdict
	for name, v := range want {
		names, wanted = append(names, name), append(wanted, v)
	}
	p := startPod(t, &collectortest.Collector{
		Config: wire.Config{
			Mode: "run", RunName: "r", RunUID: "u", Slots: 2, GraceMS: 100,
			Suites: []wire.Suite{{Name: "s", Harness: "go"}},
		},
		Leases: []wire.Lease{leaseWith(
			wire.TestSettings{TerminateMS: 3000, GraceMS: 100, LeakMS: 200},
			wire.Binary{Suite: "s", ID: "s::ends", Path: binary, Dir: filepath.Dir(binary)}, names...,
		)},
	})
	p.end(t)

	rows := p.collector.Rows()
	if diff := cmp.Diff(wanted, verdicts(rows)); diff != "" {
		t.Errorf("%s\n%q", diff, names)
	}
	seal := p.collector.Seal()
	if diff := cmp.Diff(&wire.Seal{Count: len(names), Digest: outcome.Digest(rows)}, seal); diff != "" {
		t.Error(diff)
	}
	if got := len(p.collector.Started()); got != len(names) {
		t.Errorf("%d attempts were told as started, want %d", got, len(names))
	}
	for ordinal, text := range p.collector.Excerpts() {
		t.Logf("%s: %.300q", names[ordinal], text)
	}
}

func TestAListingReachesTheCollector(t *testing.T) {
	binary := buildGo(t, "ends")
	p := startPod(t, &collectortest.Collector{Config: wire.Config{
		Mode: "list", ListTimeoutMS: 60_000,
		Suites: []wire.Suite{{Name: "s", Harness: "go", Binaries: []string{filepath.Dir(binary) + "/*.test"}}},
	}})
	p.end(t)

	parts := p.collector.Parts()
	if len(parts) != 1 || !parts[0].Last || parts[0].Error != "" {
		t.Fatalf("got %d parts: %+v", len(parts), parts)
	}
	if diff := cmp.Diff([]wire.Binary{{Suite: "s", ID: "s::ends", Path: binary, Dir: filepath.Dir(binary)}}, parts[0].Binaries); diff != "" {
		t.Error(diff)
	}
	if len(parts[0].Tests) != 14 {
		t.Errorf("got %d tests: %+v", len(parts[0].Tests), parts[0].Tests)
	}
}

package agent_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/internal/agent/collectortest"
	"github.com/podtest/podtest/internal/agent/runner"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

var passed = verdict{Outcome: outcome.Passed}

func TestHeavyTestsRunAloneAndLightOnesTogether(t *testing.T) {
	dir := t.TempDir()
	const light = `test ! -e $D/heavy && touch $D/$$ && sleep 0.05 && rm $D/$$`
	const heavy = `test -z "$(ls $D)" && touch $D/heavy && sleep 0.05 && test "$(ls $D)" = heavy && rm $D/heavy`
	l := leaseWith(wire.TestSettings{GraceMS: 1000, LeakMS: 1000, Env: []string{"D=" + dir}}, shellBinary,
		light, light, heavy, light, light, light, heavy, heavy, light)
	l.Settings = append(l.Settings, l.Settings[0])
	l.Settings[1].Weight = 99
	for i, a := range l.Attempts {
		if a.Name == heavy {
			l.Attempts[i].Settings = 1
		}
	}
	p := startPod(t, &collectortest.Collector{Config: shellSuite(wire.Config{Slots: 3}), Leases: []wire.Lease{l}})
	p.end(t)
	for i, v := range verdicts(p.collector.Rows()) {
		if v != passed {
			t.Errorf("%d: %+v", i, v)
		}
	}
	most := 0
	for _, ask := range p.collector.Asked() {
		most = max(most, ask.Load)
	}
	if most > 6+3*3 || most < 3 {
		t.Errorf("the reporter said that it holds %d slots' worth", most)
	}
}

func TestWhatRunsIsEndedAsTheLeaseSays(t *testing.T) {
	for stop, wantTold := range map[string]bool{wire.StopTerminate: true, wire.StopKill: false} {
		t.Run(stop, func(t *testing.T) {
			dir, begun, over := t.TempDir(), fifo(t), make(chan struct{})
			listens := fmt.Sprintf(`trap 'touch $D/told; exit 0' TERM; echo > %s; while :; do sleep 0.01; done`, begun)
			p := startPod(t, &collectortest.Collector{
				Config: shellSuite(wire.Config{Slots: 2}),
				Leases: []wire.Lease{
					leaseWith(wire.TestSettings{GraceMS: 60_000, LeakMS: 60_000, Env: []string{"D=" + dir}}, shellBinary,
						"true", listens, "exec sleep 1000", "true", "true", "true"),
					{Drain: true},
					{Drain: true, Stop: stop},
				},
				// The stop comes when all slots are taken, more is queued, and a drain was told before.
				Refuse: func(path string, n int) int {
					if path == wire.PathLease && n == 2 {
						<-over
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
			if diff := cmp.Diff([]verdict{passed}, verdicts(p.collector.Rows())); diff != "" {
				t.Error(diff)
			}
			lost := []wire.Held{{Ordinal: 1, Attempt: 1, Started: true}, {Ordinal: 2, Attempt: 1, Started: true}}
			if diff := cmp.Diff(lost, p.collector.Seal().Lost); diff != "" {
				t.Error(diff)
			}
			_, err = os.Stat(filepath.Join(dir, "told"))
			if told := err == nil; told != wantTold {
				t.Errorf("the test was told to end: %v", told)
			}
		})
	}
}

func TestSettingsSayHowAnEndIsJudged(t *testing.T) {
	const leaves = "sleep 1000 & exit 0"
	cases := map[string]struct {
		settings    wire.TestSettings
		script      string
		want        verdict
		wantExcerpt string
	}{
		"a timeout may pass": {
			wire.TestSettings{TerminateMS: 200, TimeoutPasses: true},
			"exec sleep 1000",
			verdict{Outcome: outcome.Passed, Reason: outcome.SlowTimeout, Code: 15},
			"",
		},
		"a timeout fails": {
			wire.TestSettings{TerminateMS: 200},
			"exec sleep 1000",
			verdict{Outcome: outcome.TimedOut, Reason: outcome.SlowTimeout, Code: 15},
			"ended after 200ms by slowTimeout",
		},
		"a leak may pass": {wire.TestSettings{LeakMS: 50}, leaves, verdict{Outcome: outcome.Passed, Leaky: true}, ""},
		"a leak may fail": {
			wire.TestSettings{LeakMS: 50, LeakFails: true},
			leaves,
			verdict{Outcome: outcome.Failed, Reason: outcome.Leaked, Leaky: true},
			"it passed, but something still held its output open",
		},
		"a failure that leaks is a failure": {
			wire.TestSettings{LeakMS: 50, LeakFails: true},
			"sleep 1000 & exit 3",
			verdict{Outcome: outcome.Failed, Reason: outcome.ExitCode, Code: 3, Leaky: true},
			"exit code 3; something still held",
		},
		"an environment that is too long is not started": {
			wire.TestSettings{Env: []string{"A=" + strings.Repeat("a", 1<<20)}},
			"true",
			verdict{Outcome: outcome.Failed, Reason: outcome.NotStarted},
			"cannot start /bin/sh: argument list too long",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.settings.GraceMS = 60_000
			if c.settings.LeakMS == 0 {
				c.settings.LeakMS = 60_000
			}
			p := startPod(t, &collectortest.Collector{
				Config: shellSuite(wire.Config{}), Leases: []wire.Lease{leaseWith(c.settings, shellBinary, c.script)},
			})
			p.end(t)
			rows := p.collector.Rows()
			if diff := cmp.Diff([]verdict{c.want}, verdicts(rows)); diff != "" {
				t.Error(diff)
			}
			if c.want.Reason == outcome.SlowTimeout && !rows[0].Slow {
				t.Error("it is not called slow")
			}
			if got := p.collector.Excerpts()[0]; !strings.HasPrefix(got, c.wantExcerpt) {
				t.Errorf("excerpt %q", got)
			}
		})
	}
}

// reportAndRun has a reporter here and a runner that is a process of its own, for it takes in orphans.
func reportAndRun(t *testing.T, c *collectortest.Collector) {
	t.Helper()
	c.Start(t)
	o, text := reporterOptions(t, c)
	var both sync.WaitGroup
	both.Go(func() { play(t, part(t, "reporter", text)) })
	play(t, part(t, "runner", o.Socket))
	both.Wait()
}

func TestADaemonIsALeakAndDoesNotOutliveItsTest(t *testing.T) {
	dir := t.TempDir()
	const daemon = `setsid sh -c 'echo $$ > $D/pid; exec sleep 1000' >/dev/null 2>&1 & while ! test -s $D/pid; do sleep 0.01; done`
	const gone = `! kill -0 $(cat $D/pid) && rm $D/pid`
	l := leaseWith(wire.TestSettings{GraceMS: 1000, LeakMS: 50, Env: []string{"D=" + dir}}, shellBinary,
		daemon, gone, daemon, gone, daemon+"; exit 3", gone, "sleep 0.02 >/dev/null 2>&1 & true")
	strict := l.Settings[0]
	strict.LeakFails = true
	l.Settings = append(l.Settings, strict, wire.TestSettings{GraceMS: 1000, LeakMS: 60_000})
	l.Attempts[2].Settings, l.Attempts[6].Settings = 1, 2
	c := &collectortest.Collector{Config: shellSuite(wire.Config{Slots: 1}), Leases: []wire.Lease{l}}
	reportAndRun(t, c)
	want := []verdict{
		{Outcome: outcome.Passed, Leaky: true},
		passed,
		{Outcome: outcome.Failed, Reason: outcome.Leaked, Leaky: true},
		passed,
		{Outcome: outcome.Failed, Reason: outcome.ExitCode, Code: 3, Leaky: true},
		passed,
		passed,
	}
	if diff := cmp.Diff(want, verdicts(c.Rows())); diff != "" {
		t.Error(diff)
	}
	for ordinal, pattern := range map[uint32]string{
		2: `^it passed, but when leakTimeout was over it had left behind sleep \(pid \d+\): `,
		4: `^exit code 3; when leakTimeout was over it had left behind sleep \(pid \d+\)$`,
	} {
		if got := c.Excerpts()[ordinal]; !regexp.MustCompile(pattern).MatchString(got) {
			t.Errorf("%d: %q", ordinal, got)
		}
	}
}

// recorder is a wrapper that writes down what it was given.
func recorder(t *testing.T) (command []string, given func() string) {
	t.Helper()
	dir := t.TempDir()
	script, file := filepath.Join(dir, "wrapper"), filepath.Join(dir, "argv")
	must(t, os.WriteFile(script, []byte("#!/bin/sh\nprintf '%s\\n' \"$@\" > "+file+"\nshift\nexec \"$@\"\n"), 0o755))
	return []string{script, "of mine"}, func() string {
		text, err := os.ReadFile(file)
		must(t, err)
		return string(text)
	}
}

func TestTestsAreWrappedAndGivenMoreArguments(t *testing.T) {
	wrapper, given := recorder(t)
	p := startPod(t, &collectortest.Collector{
		Config: shellSuite(wire.Config{}),
		Leases: []wire.Lease{leaseWith(
			wire.TestSettings{GraceMS: 1000, LeakMS: 1000, Wrapper: wrapper, Args: []string{"zero", "one"}, KeepOutput: true},
			shellBinary, `echo "$0 $1"`,
		)},
	})
	p.end(t)
	if diff := cmp.Diff("of mine\n/bin/sh\n-c\necho \"$0 $1\"\nzero\none\n", given()); diff != "" {
		t.Error(diff)
	}
	want := []wire.Output{{Attempt: 1, Stdout: wire.Stream{Head: []byte("zero one\n")}}}
	if diff := cmp.Diff(want, p.collector.Outputs()); diff != "" {
		t.Errorf("the output of a passed test was to be kept: %s", diff)
	}
}

func TestListsAreWrapped(t *testing.T) {
	wrapper, given := recorder(t)
	c := &collectortest.Collector{Config: wire.Config{
		Mode: "list", ListTimeoutMS: 60_000, ListWrapper: wrapper,
		Suites: []wire.Suite{{
			Name: "own", Harness: "exec", Run: []string{"r", "{id}"},
			List: []string{"/bin/sh", "-c", "echo $NEXTEST_TEST_PHASE-$NEXTEST_BINARY_ID"},
		}},
	}}
	startPod(t, c).end(t)
	if diff := cmp.Diff("of mine\n/bin/sh\n-c\necho $NEXTEST_TEST_PHASE-$NEXTEST_BINARY_ID\n", given()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]wire.Listed{{Name: "list-own"}}, c.Parts()[0].Tests); diff != "" {
		t.Error(diff)
	}
}

func TestABinaryThatCannotMatchIsNotExecuted(t *testing.T) {
	c := &collectortest.Collector{Config: wire.Config{
		Mode: "list", ListTimeoutMS: 60_000, Filter: "suite(=good)",
		Suites: []wire.Suite{
			{Name: "bad", Harness: "exec", Run: []string{"r", "{id}"}, List: []string{"/no/such/program"}},
			{Name: "good", Harness: "exec", Run: []string{"r", "{id}"}, List: []string{"echo", "t"}},
		},
	}}
	startPod(t, c).end(t)
	part := c.Parts()[0]
	if part.Error != "" {
		t.Fatal(part.Error)
	}
	want := []wire.Binary{{Suite: "bad", ID: "bad", Path: "r", Pruned: true}, {Suite: "good", ID: "good", Path: "r"}}
	if diff := cmp.Diff(want, part.Binaries); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]wire.Listed{{Binary: 1, Name: "t"}}, part.Tests); diff != "" {
		t.Error(diff)
	}
}

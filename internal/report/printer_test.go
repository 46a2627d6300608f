package report

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/goldentest"
	"github.com/podtest/podtest/internal/outcome"
)

func row(o outcome.Outcome, attempt uint16, took time.Duration, change ...func(*outcome.Row)) outcome.Row {
	r := outcome.Row{Outcome: o, Attempt: attempt, Duration: uint64(took.Microseconds())}
	for _, f := range change {
		f(&r)
	}
	return r
}

func slow(r *outcome.Row)  { r.Slow = true }
func leaky(r *outcome.Row) { r.Leaky = true }
func code(c uint8) func(*outcome.Row) {
	return func(r *outcome.Row) { r.Code, r.Reason = c, outcome.Signal }
}

func named(binary, name string) Test { return Test{Binary: Line(binary), Name: Line(name)} }

var begun = Begun{Namespace: Line("ci"), Name: Line("pr-4812"), Image: Line("app@sha256:1f0c")}

// mixed is a run in which everything happens.
func mixed() []Event {
	counts := v1alpha1.TestCounts{
		Listed: 1380, Selected: 1355, NotSelected: 25, Passed: 1009, Failed: 2, Flaky: 1, OOMKilled: 1, Running: 48, Pending: 343,
	}
	failed := Attempt{
		Test: named("api::v1", "limits::rejects_huge"), Row: row(outcome.Failed, 3, 210*time.Millisecond), Allowed: 3,
		Final: true, Done: 3, Of: 1355, Pod: Line("pr-4812-w00003"),
		Excerpt: Block("exit code 101\nthread 'limits::rejects_huge' panicked at src/limits.rs:4:5:\n\x1b[31massertion failed\x1b[0m: left == right\n"),
		Command: Line("podtest logs --namespace ci pr-4812 'api::v1 limits::rejects_huge'"),
	}
	flaky := Attempt{
		Test: named("net::dns", "resolves"), Row: row(outcome.Passed, 2, 1870*time.Millisecond), Allowed: 3, Final: true,
		Done: 413, Of: 1355,
	}
	first := flaky
	first.Row, first.Final, first.Excerpt = row(outcome.Failed, 1, 2003*time.Millisecond), false, Block("exit code 1")
	return []Event{
		begun,
		Note{Word: "Listing", Elapsed: 100 * time.Millisecond, Text: Line("waiting for the listing pod")},
		Listed{Tests: 1380, Binaries: 41, Selected: 1355, NotSelected: 25},
		Progress{Word: "Running", Elapsed: 3 * time.Second, Tests: v1alpha1.TestCounts{Selected: 1355, Pending: 1355}},
		Attempt{Test: named("api::v1", "decode::roundtrip"), Row: row(outcome.Passed, 1, 21*time.Millisecond), Allowed: 3, Final: true, Done: 1, Of: 1355},
		Attempt{Test: named("go::pkg/store", "TestPut/empty"), Row: row(outcome.Skipped, 1, 0), Allowed: 3, Final: true, Done: 2, Of: 1355},
		Note{Word: "PENDING", Elapsed: 45 * time.Second, Text: Line("0/9 nodes are available: 7 Insufficient memory.")},
		failed, first, flaky,
		Attempt{Test: named("e2e", "upgrade"), Row: row(outcome.Passed, 1, 61*time.Second, slow, leaky), Allowed: 3, Final: true, Done: 414, Of: 1355},
		Progress{Word: "Running", Elapsed: 72 * time.Second, Tests: counts},
		Progress{Word: "Running", Elapsed: 73 * time.Second, Tests: counts},
		Ended{
			Result: "Failed", Message: Line("4 of 1355 tests failed"), ExitCode: 100, Elapsed: 131402 * time.Millisecond,
			Tests: v1alpha1.TestCounts{
				Listed: 1380, Selected: 1355, NotSelected: 25, Passed: 1350, Failed: 1, Flaky: 1, Crashed: 1, TimedOut: 1, OOMKilled: 1, Skipped: 1,
			},
			Slow: 1, Leaky: 1, Workers: 46, Repeated: []Attempt{failed, flaky},
			Command: Line("podtest results --namespace ci pr-4812"),
		},
	}
}

// words is each way in which an attempt can end.
func words(allowed int, attempt uint16) []Event {
	rows := []outcome.Row{
		row(outcome.Passed, 1, time.Millisecond), row(outcome.Passed, 1, 0, slow), row(outcome.Passed, 1, 0, leaky),
		row(outcome.Failed, 1, 0), row(outcome.Failed, 1, 0, leaky),
		row(outcome.Failed, 1, 0, func(r *outcome.Row) { r.Reason = outcome.NotStarted }),
		row(outcome.TimedOut, 1, time.Hour), row(outcome.Crashed, 1, 0, code(11)), row(outcome.Crashed, 1, 0, code(60)),
		row(outcome.OOMKilled, 1, 0), row(outcome.Skipped, 1, 0),
	}
	events := make([]Event, len(rows))
	for i, r := range rows {
		r.Attempt = attempt
		events[i] = Attempt{Test: named("a", "b"), Row: r, Allowed: allowed, Final: true, Done: int64(i + 1), Of: 11}
	}
	return events
}

func TestRender(t *testing.T) {
	hostile := Test{Binary: Line("a\x1b[2J\r"), Name: Line("\u202eevil\nPASS")}
	setUp := []Event{begun, Ended{
		Result: "Error", ExitCode: 104, Message: Block("listing /tests/a.test: exit code 2\n\x1b]0;title\x07usage: a"),
	}}
	for name, c := range map[string]struct {
		events []Event
		o      Options
	}{
		"mixed-pipe":          {mixed(), Options{}},
		"mixed-terminal-80":   {mixed(), Options{Terminal: true, Width: 80}},
		"mixed-terminal-160":  {mixed(), Options{Terminal: true, Width: 160}},
		"mixed-color":         {mixed(), Options{Color: true, Terminal: true, Width: 160}},
		"mixed-terminal-20":   {mixed(), Options{Terminal: true, Width: 20}},
		"words":               {words(1, 1), Options{}},
		"words-of-tries":      {words(3, 2), Options{}},
		"set-up-wrong":        {setUp, Options{}},
		"hostile":             {[]Event{Attempt{Test: hostile, Row: row(outcome.Failed, 1, 0), Excerpt: Block("a\rb\x1b[1A\u202e"), Final: true, Of: 1, Done: 1}}, Options{}},
		"one-passed":          {[]Event{Ended{Result: "Passed", Message: Line("1 test passed"), Tests: v1alpha1.TestCounts{Selected: 1, Passed: 1}}}, Options{}},
		"cancelled-with-rest": {[]Event{Ended{Result: "Cancelled", ExitCode: 130, Message: Line("cancelled by spec.cancel"), Tests: v1alpha1.TestCounts{Selected: 9, Passed: 2, NotRun: 7}}}, Options{}},
	} {
		t.Run(name, func(t *testing.T) {
			goldentest.Compare(t, filepath.Join("testdata", name+".txt"), Render(c.events, c.o))
		})
	}
}

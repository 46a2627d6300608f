package report

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
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

func of(ordinal uint32) func(*outcome.Row) { return func(r *outcome.Row) { r.Ordinal = ordinal } }

func named(binary, name string) Name { return Name{Binary: binary, Name: name} }

var begun = Begun{Namespace: "ci", Name: "pr-4812", UID: "u1", Image: "app@sha256:1f0c"}

// running are more tests than are shown, one of them with a long name of wide characters.
func running(after time.Duration) []Running {
	all := []Running{
		{Test: named("e2e", "upgrade::rolling"), Attempt: 1, Elapsed: micros(after + time.Minute), Slow: true, Pod: "pr-4812-w00001"},
		{Test: named("suite::名前の長いテスト", "日本語::とても長い名前のテストでは行の幅を数えることが大切です::端末の桁"), Attempt: 2, Elapsed: micros(after)},
		{Test: named("net::dns", "cafe\u0301s::re\u0301solus"), Attempt: 1, Elapsed: micros(after)},
	}
	for i := range 8 {
		all = append(all, Running{Test: named("bulk", fmt.Sprintf("ingest::test_%d", i)), Attempt: 1, Elapsed: micros(after)})
	}
	return all
}

// mixed is a run in which everything happens.
func mixed() []Event {
	counts := v1alpha1.TestCounts{
		Listed: 1380, Selected: 1355, NotSelected: 25, Passed: 1009, Failed: 2, Flaky: 1, OOMKilled: 1, Running: 48, Pending: 343,
	}
	const pod, node = "pr-4812-w00003", "node-7"
	failed := Attempt{
		Test: named("api::v1", "limits::rejects_huge"), Row: row(outcome.Failed, 3, 210*time.Millisecond, of(7)), Allowed: 3,
		Final: true, Done: 3, Of: 1355, Pod: pod, Node: node, Why: "exit code 101",
		Output: &Output{
			Stdout: Stream{Head: "\nrunning 1 test\n", Cut: 70_000, Tail: "test result: FAILED\n\n"},
			Stderr: Stream{Head: "thread 'limits::rejects_huge' panicked at src/limits.rs:4:5:\n\n\x1b[31massertion failed\x1b[0m: left == right\n"},
		},
		Logs:  "podtest logs --namespace ci pr-4812 'api::v1 limits::rejects_huge'",
		Repro: "podtest repro --namespace ci pr-4812 'api::v1 limits::rejects_huge'",
	}
	flaky := Attempt{
		Test: named("net::dns", "resolves"), Row: row(outcome.Passed, 2, 1870*time.Millisecond, of(6)), Allowed: 3, Final: true,
		Done: 413, Of: 1355, Pod: pod, Node: node, Show: v1alpha1.OutputImmediate,
		Output: &Output{Stdout: Stream{Head: "resolved\n"}},
	}
	first := flaky
	first.Row, first.Final, first.Output = row(outcome.Failed, 1, 2003*time.Millisecond, of(6)), false, nil
	first.Why, first.Excerpt = "exit code 1", "no such host"
	oom := Attempt{
		Test: named("ingest", "bulk::one_million"), Row: row(outcome.OOMKilled, 1, 12440*time.Millisecond, of(5)), Allowed: 1,
		Final: true, Done: 412, Of: 1355, Pod: pod, Node: node, Why: "killed for want of memory: limit 512Mi", Show: v1alpha1.OutputFinal,
		Excerpt: "allocating index...",
	}
	return []Event{
		begun,
		Note{Word: "Listing", Elapsed: 100e3, Text: "waiting for the listing pod"},
		Listed{
			Tests: 1380, Binaries: 41, Selected: 1355, NotSelected: 25, LeftOut: map[string]int64{"ignored": 3, "filter": 22},
			Workers: 12, Slots: 4,
		},
		Skipped{Test: named("api::v1", "decode::benchmark"), By: "ignored"},
		Progress{Word: "Running", Elapsed: 3e6, Tests: v1alpha1.TestCounts{Selected: 1355, NotSelected: 25, Pending: 1355}},
		Attempt{Test: named("api::v1", "decode::roundtrip"), Row: row(outcome.Passed, 1, 21*time.Millisecond, of(1)), Allowed: 3, Final: true, Done: 1, Of: 1355, Pod: pod},
		Attempt{Test: named("go::pkg/store", "TestPut/empty"), Row: row(outcome.Skipped, 1, 0, of(2)), Allowed: 3, Final: true, Done: 2, Of: 1355, Pod: pod},
		Note{Word: "PENDING", Elapsed: 45e6, Text: "0/9 nodes are available: 7 Insufficient memory."},
		failed, oom, first, flaky,
		Slow{Running: Running{Test: named("e2e", "upgrade"), Attempt: 1, Elapsed: 60e6, Slow: true, Pod: pod}, Of: 1355},
		Attempt{Test: named("e2e", "upgrade"), Row: row(outcome.Passed, 1, 61*time.Second, slow, leaky, of(3)), Allowed: 3, Final: true, Done: 414, Of: 1355},
		Attempt{Test: named("e2e", "downgrade"), Row: row(outcome.Passed, 1, time.Second, leaky, of(4)), Allowed: 3, Final: true, Done: 415, Of: 1355},
		Progress{Word: "Running", Elapsed: 72e6, Tests: counts, Running: running(12 * time.Second)},
		Progress{Word: "Running", Elapsed: 73e6, Tests: counts, Running: running(13 * time.Second)},
		Slow{Running: Running{Test: named("e2e", "upgrade::rolling"), Attempt: 1, Elapsed: 180e6}, Terminating: true, Of: 1355},
		Cancelling{Reason: "test failure", Running: 48},
		Progress{Word: "Cancelling", Elapsed: 90e6, Tests: counts, Running: running(30 * time.Second)},
		Ended{
			Result: "Failed", Reason: v1alpha1.ReasonFailFast, Message: "4 of 1355 tests failed", ExitCode: 100, Elapsed: 131402e3,
			Tests: v1alpha1.TestCounts{
				Listed: 1380, Selected: 1355, NotSelected: 25, Passed: 1340, Failed: 1, Flaky: 1, Crashed: 1, TimedOut: 1, OOMKilled: 1,
				Skipped: 1, NotRun: 10,
			},
			Slow: 1, Leaky: 2, Workers: 46, Repeated: []Attempt{oom, flaky, failed},
			Results: "podtest results --namespace ci pr-4812", Rerun: "podtest rerun --namespace ci pr-4812 --failed",
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
		r.Attempt, r.Ordinal = attempt, uint32(i)
		events[i] = Attempt{Test: named("a", "b"), Row: r, Allowed: allowed, Final: true, Done: int64(i + 1), Of: 11}
	}
	return append(events, Ended{Result: "Failed", Tests: v1alpha1.TestCounts{Selected: 11}})
}

const evil = "\x1b[2J\x1b]8;;http://evil\x07x\x1b]8;;\x07\r\u202e\u009b31m\u200b日本"

// hostile is a run whose every word is one.
func hostile() []Event {
	test := Name{Binary: "a" + evil, Name: evil + "\nPASS"}
	attempt := Attempt{
		Test: test, Row: row(outcome.Failed, 1, 0), Final: true, Of: 1, Done: 1, Pod: evil, Node: evil, Why: evil, Excerpt: evil,
		Logs: evil, Repro: evil, Show: v1alpha1.OutputImmediateFinal,
		Output: &Output{Stdout: Stream{Head: evil + "\n", Cut: 1, Tail: evil}, Stderr: Stream{Head: "\x1b[3" + evil}},
	}
	return []Event{
		Begun{Namespace: evil, Name: evil, UID: evil, Image: evil},
		Note{Word: evil, Text: evil + "\n" + evil},
		Listed{Tests: 1, Selected: 1, Workers: 1, LeftOut: map[string]int64{evil: 1}},
		Skipped{Test: test, By: evil},
		attempt,
		Slow{Running: Running{Test: test, Pod: evil}},
		Cancelling{Reason: evil},
		Progress{Word: evil, Tests: v1alpha1.TestCounts{Selected: 1}, Elapsed: 9e6, Running: []Running{{Test: test, Pod: evil}}},
		Ended{Result: evil, Reason: evil, Message: evil, Tests: v1alpha1.TestCounts{Selected: 1}, Repeated: []Attempt{attempt}, Results: evil, Rerun: evil},
	}
}

// told is something to render.
type told struct {
	events []Event
	o      Options
}

func stories() map[string]told {
	setUp := []Event{begun, Ended{
		Result: "Error", ExitCode: 104, Message: "listing /tests/a.test: exit code 2\n\x1b]0;title\x07usage: a",
	}}
	return map[string]told{
		"mixed-pipe":          {mixed(), Options{}},
		"mixed-terminal-80":   {mixed(), Options{Terminal: true, Width: 80}},
		"mixed-terminal-160":  {mixed(), Options{Terminal: true, Width: 160}},
		"mixed-color":         {mixed(), Options{Color: true, Terminal: true, Width: 160}},
		"mixed-terminal-20":   {mixed(), Options{Terminal: true, Width: 20}},
		"mixed-ascii":         {mixed(), Options{ASCII: true, Terminal: true, Width: 80}},
		"mixed-verbose":       {mixed(), Options{Verbose: true}},
		"mixed-only":          {mixed(), Options{Terminal: true, Progress: "only", Width: 80}},
		"mixed-no-indent":     {mixed(), Options{NoIndent: true}},
		"mixed-all":           {mixed(), Options{Status: "all", Final: "all"}},
		"mixed-skip":          {mixed(), Options{Status: "skip", Final: "skip", Progress: "none"}},
		"mixed-pass":          {mixed(), Options{Status: "pass", Final: "pass"}},
		"mixed-leak":          {mixed(), Options{Status: "leak", Final: "leak"}},
		"mixed-slow":          {mixed(), Options{Status: "slow", Final: "slow"}},
		"mixed-retry":         {mixed(), Options{Status: "retry", Final: "flaky"}},
		"mixed-fail":          {mixed(), Options{Status: "fail", Final: "fail"}},
		"mixed-none":          {mixed(), Options{Status: "none", Final: "none"}},
		"output-final":        {mixed(), Options{FailureOutput: v1alpha1.OutputFinal, SuccessOutput: v1alpha1.OutputFinal}},
		"output-never":        {mixed(), Options{FailureOutput: v1alpha1.OutputNever, SuccessOutput: v1alpha1.OutputNever}},
		"output-both":         {mixed(), Options{FailureOutput: v1alpha1.OutputImmediateFinal, Final: "none"}},
		"words":               {words(1, 1), Options{}},
		"words-of-tries":      {words(3, 2), Options{}},
		"words-at-the-end":    {words(1, 1), Options{Status: "none", Final: "all"}},
		"set-up-wrong":        {setUp, Options{}},
		"hostile":             {hostile(), Options{Final: "all", Status: "all", Verbose: true}},
		"hostile-terminal-80": {hostile(), Options{Terminal: true, Width: 80, Color: true}},
		"one-passed":          {[]Event{Ended{Result: "Passed", Message: "1 test passed", Tests: v1alpha1.TestCounts{Selected: 1, Passed: 1}}}, Options{}},
		"cancelled-with-rest": {[]Event{Ended{Result: "Cancelled", ExitCode: 130, Message: "cancelled by spec.cancel", Tests: v1alpha1.TestCounts{Selected: 9, Passed: 2, NotRun: 7}}}, Options{}},
	}
}

func TestRender(t *testing.T) {
	for name, c := range stories() {
		t.Run(name, func(t *testing.T) {
			goldentest.Compare(t, filepath.Join("testdata", name+".txt"), Render(c.events, c.o))
		})
	}
}

func TestWithoutATerminalNothingButLinesIsWritten(t *testing.T) {
	for name, c := range stories() {
		c.o.Terminal, c.o.Color = false, false
		if got := Render(c.events, c.o); bytes.ContainsAny(got, "\x1b\r") {
			t.Errorf("%s holds an escape sequence or a return: %q", name, got)
		}
	}
}

func TestTheLineOfARerunTellsWhatPassedBefore(t *testing.T) {
	p := NewPrinter(Options{})
	got := string(p.Print(Listed{
		Tests: 15, Binaries: 3, Selected: 1, NotSelected: 14, LeftOut: map[string]int64{"filter": 4, "rerun": 10},
	}))
	if want := "      Listed 15 tests in 3 binaries (4 filtered out, 10 passed before)\n"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestARunThatIsCancelledIsEndedOnRequest(t *testing.T) {
	p := NewPrinter(Options{})
	got := string(p.Print(Cancelling{Reason: byRequest, Running: 1}))
	if want := "  Cancelling on request: 1 test still running\n"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestACounterLineComesAtMostEveryFiveSecondsAndOnlyWithNews(t *testing.T) {
	p := NewPrinter(Options{})
	var got []string
	for second := range 30 {
		counts := v1alpha1.TestCounts{Selected: 9, Passed: int64(second / 12)}
		if line := p.Print(Progress{Word: "Running", Elapsed: Micros(second) * 1e6, Tests: counts}); line != nil {
			got = append(got, strings.TrimSpace(string(line)))
		}
	}
	want := []string{
		"Running [   5.000s] 0/9: 0 running, 0 passed", "Running [  12.000s] 1/9: 0 running, 1 passed",
		"Running [  24.000s] 2/9: 0 running, 2 passed",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

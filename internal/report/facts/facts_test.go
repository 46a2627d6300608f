package facts_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/report/facts"
	"github.com/podtest/podtest/internal/report/reporttest"
	"github.com/podtest/podtest/internal/wire"
)

const second = time.Second

func TestHeadlines(t *testing.T) {
	got := map[string]string{}
	for name, story := range reporttest.Stories {
		run := facts.Of(story().Input(t), "podtest")
		got[name] = run.Verdict + ": " + run.Headline()
	}
	want := map[string]string{
		"mixed": "Failed: 3 of 8 tests failed", "green": "Passed: all 36 tests passed",
		"cancelled": "Cancelled: 21 of 36 tests did not run", "goes-on": "Running: 3 of 8 tests done so far, 1 failed",
		"infrastructure": "Error: 13 of 36 tests did not run", "hostile": "Failed: 4 of 8 tests failed",
		"no-tests": "Failed: no test was selected",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWhatTookTheTime(t *testing.T) {
	for name, c := range map[string]struct {
		made       *reporttest.Made
		want       []string
		wantAdvice string
	}{
		"from the last test back, through its slot": {
			reporttest.Mixed(),
			[]string{
				"listing 2s", "node 1s", "image 1s", "worker 1s", "tests 22.62s", "between 2.18s", "closing 1.2s",
			},
			"No number of pods makes it shorter than its longest test: unit::cart TestImportCatalogue.",
		},
		"of a run without tests all is listing": {reporttest.NoTests(), []string{"listing 2s", "closing 2s"}, "Listing took most"},
		"many tests one after the other": {
			reporttest.Green(),
			[]string{"listing 2s", "node 1s", "image 1s", "worker 500ms", "tests 2.88s", "between 350ms", "closing 1.27s"},
			"",
		},
	} {
		t.Run(name, func(t *testing.T) {
			run := facts.Of(c.made.Input(t), "podtest")
			var got []string
			for _, s := range run.Shares() {
				got = append(got, fmt.Sprintf("%s %s", s.Kind, s.Length))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
			if !strings.HasPrefix(run.Advice(), c.wantAdvice) {
				t.Errorf("the advice is %q, want %q", run.Advice(), c.wantAdvice)
			}
		})
	}
}

func TestThePathIsWithoutGapsFromStartToEnd(t *testing.T) {
	stories := map[string]func() *reporttest.Made{"many": func() *reporttest.Made { return reporttest.Many(3000, 7) }}
	maps.Copy(stories, reporttest.Stories)
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			run := facts.Of(story().Input(t), "podtest")
			now := run.Start
			for _, s := range run.Path {
				if !s.From.Equal(now) {
					t.Errorf("%s begins at %s, want %s", s.Kind, s.From, now)
				}
				now = s.To
			}
			if now.Before(run.End) {
				t.Errorf("the path ends at %s, the run at %s", now, run.End)
			}
		})
	}
}

func TestARetryWaitsForTheAttemptBeforeItInAnotherPod(t *testing.T) {
	made := reporttest.New("Passed", 0, 20*second)
	a, b := made.Worker(2*second, 10*second), made.Worker(2*second, 20*second)
	made.Binary("unit")
	test, other := made.Test("TestMoves"), made.Test("TestOther")
	made.Row(b, outcome.Row{Ordinal: other, Attempt: 1, Outcome: outcome.Passed}, 5*second, second)
	made.Row(a, outcome.Row{Ordinal: test, Attempt: 1, Outcome: outcome.Failed}, 5*second, 4*second)
	made.Row(b, outcome.Row{Ordinal: test, Attempt: 2, Outcome: outcome.Passed}, 10*second, 9*second)
	var got []string
	for _, s := range facts.Of(made.Input(t), "podtest").Path {
		if s.Kind == facts.Testing {
			got = append(got, fmt.Sprintf("test %d attempt %d in pod %d", s.Test, s.Attempt+1, s.Pod))
		}
	}
	if diff := cmp.Diff([]string{"test 0 attempt 1 in pod 0", "test 0 attempt 2 in pod 1"}, got); diff != "" {
		t.Error(diff)
	}
}

func TestAttemptsThatOverlapHaveSlotsOfTheirOwn(t *testing.T) {
	run := facts.Of(reporttest.Many(500, 3).Input(t), "podtest")
	ends := map[[2]int]time.Time{}
	for _, p := range run.Pods {
		if p.Slots != 4 {
			t.Errorf("pod %s has %d slots, want 4", p.Name, p.Slots)
		}
	}
	slices.SortFunc(run.Tests, func(a, b facts.Test) int { return a.Last().Start.Compare(b.Last().Start) })
	for _, test := range run.Tests {
		a := test.Last()
		slot := [2]int{a.Pod, a.Slot}
		if a.Start.Before(ends[slot]) {
			t.Errorf("%s overlaps in its slot", test.Name)
		}
		ends[slot] = a.End()
	}
}

func TestAStreamIsCutInTheMiddleAndSaysHowMuch(t *testing.T) {
	for name, c := range map[string]struct {
		stream wire.Stream
		limit  int
		want   string
	}{
		"what fits stays":          {wire.Stream{Head: []byte("abcdef")}, 6, "abcdef|0|"},
		"head and tail":            {wire.Stream{Head: []byte(strings.Repeat("a", 100) + strings.Repeat("b", 100))}, 64, strings.Repeat("a", 32) + "|136|" + strings.Repeat("b", 32)},
		"what was cut before, too": {wire.Stream{Head: []byte(strings.Repeat("a", 90)), Dropped: 5, Tail: []byte("end")}, 70, strings.Repeat("a", 67) + "|28|end"},
		"runes stay whole":         {wire.Stream{Head: []byte(strings.Repeat("é", 50))}, 65, strings.Repeat("é", 16) + "|36|" + strings.Repeat("é", 16)},
		"what is neutralised is longer": {
			wire.Stream{Head: []byte(strings.Repeat("\x00", 100))}, 128, strings.Repeat(`\x00`, 16) + "|68|" + strings.Repeat(`\x00`, 16),
		},
	} {
		t.Run(name, func(t *testing.T) {
			made := reporttest.Mixed()
			made.Outputs[report.Try{Ordinal: 1, Attempt: 1}] = wire.Output{Stdout: c.stream}
			run := facts.Of(made.Input(t), "podtest")
			cut := run.Tests[1].Attempts[0].Streams[0].Within(c.limit)
			got := fmt.Sprintf("%s|%d|%s", cut.Head, cut.Dropped, cut.Tail)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPhasesOfAPod(t *testing.T) {
	run := facts.Of(reporttest.Infrastructure().Input(t), "podtest")
	var got []string
	for _, p := range run.Pods {
		for _, phase := range p.Phases(run.End) {
			got = append(got, fmt.Sprintf("%s %s %s", p.Name, phase.Name, phase.To.Sub(phase.From)))
		}
	}
	want := []string{
		"checkout-w00000 pending 1s", "checkout-w00000 starting 1s", "checkout-w00000 running 4s",
		"checkout-w00001 pending 1s",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestWordsForFigures(t *testing.T) {
	for want, got := range map[string]string{
		"0.5 ms": facts.Took(500 * time.Microsecond), "850 ms": facts.Took(850 * time.Millisecond),
		"1.20 s": facts.Took(1200 * time.Millisecond), "12.4 s": facts.Took(12400 * time.Millisecond),
		"2 m 11 s": facts.Took(131 * second), "1 h 04 m": facts.Took(64 * time.Minute),
		"900 KiB": facts.Memory(900), "1.5 MiB": facts.Memory(1536), "2.00 GiB": facts.Memory(2 << 20),
		"1 test": facts.Count(1, "test"), "12,345 tests": facts.Count(12345, "test"), "1,000,000": facts.Number(1000000),
	} {
		if got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

package report

import (
	"bytes"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/internal/goldentest"
)

func was(name, ended string, more ...func(*Result)) Result {
	r := Result{Binary: "unit::cart", Name: name, Outcome: ended, Attempts: 1, DurationUs: 1_000_000, PeakRSSKiB: 100 << 10, Pod: "p-" + name}
	for _, f := range more {
		f(&r)
	}
	return r
}

func flaky(r *Result) { r.Flaky, r.Attempts = true, 2 }

func takes(us uint64) func(*Result) { return func(r *Result) { r.DurationUs = us } }

func eats(mib uint64) func(*Result) { return func(r *Result) { r.PeakRSSKiB = mib << 10 } }

var before = ResultList{Namespace: "ci", Run: "a", Complete: true, Result: "Failed", Results: []Result{
	was("breaks", "passed"), was("stays broken", "failed"), was("is fixed", "timedOut"), was("gets flaky", "passed"),
	was("was flaky", "passed", flaky), was("vanishes", "passed"), was("gets slower", "passed"), was("gets faster", "passed", takes(9_000_000)),
	was("slower by little", "passed", takes(1000)), was("eats more", "passed"), was("fails faster", "failed", takes(9_000_000)),
	was("not run", "passed"), was("as ever", "passed"), was("fails, skipped now", "failed"), was("still flaky", "passed", flaky),
}}

var after = ResultList{Namespace: "ci", Run: "b`", Results: []Result{
	was("breaks", "crashed"), was("stays broken", "oomKilled"), was("is fixed", "passed"), was("gets flaky", "passed", flaky),
	was("was flaky", "passed"), was("new", "passed"), was("new | and `broken`\x1b[2J", "failed"), was("gets slower", "passed", takes(2_000_000)),
	was("gets faster", "passed"), was("slower by little", "passed", takes(100_000)), was("eats more", "passed", eats(200)),
	was("fails faster", "failed"), was("not run", "pending"), was("as ever", "passed", eats(120)), was("fails, skipped now", "skipped"),
	was("still flaky", "passed", flaky),
}}

func TestCompare(t *testing.T) {
	got := map[string][]string{}
	for _, s := range Compare(before, after, DefaultThresholds).Sections {
		for _, c := range s.Tests {
			got[s.Name] = append(got[s.Name], c.Name)
		}
	}
	want := map[string][]string{
		"newlyFailing": {"breaks", "new | and `broken`\x1b[2J"}, "stillFailing": {"stays broken", "fails faster"}, "fixed": {"is fixed", "fails, skipped now"},
		"newlyFlaky": {"gets flaky"}, "noLongerFlaky": {"was flaky"}, "noVerdict": {"not run"}, "onlyInA": {"vanishes"}, "onlyInB": {"new"},
		"slower": {"gets slower"}, "faster": {"gets faster"}, "moreMemory": {"eats more"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestARunComparedWithItselfHasNotChanged(t *testing.T) {
	for _, s := range Compare(before, before, DefaultThresholds).Sections {
		if len(s.Tests) > 0 && s.Name != "stillFailing" {
			t.Errorf("%s: %d tests", s.Name, len(s.Tests))
		}
	}
}

func TestThresholds(t *testing.T) {
	sum := func(th Thresholds) string {
		c := Compare(before, after, th)
		return fmt.Sprint(len(c.Section("slower").Tests), len(c.Section("faster").Tests), len(c.Section("moreMemory").Tests))
	}
	for want, th := range map[string]Thresholds{
		"1 1 1": DefaultThresholds,
		"1 1 0": {Ratio: 5, MemoryRatio: 5},
		"2 1 2": {Ratio: 1.1, MemoryRatio: 1.1},
		"0 1 1": {Ratio: 1.1, Duration: 5e9, MemoryRatio: 1.1, MemoryKiB: 50 << 10},
	} {
		if got := sum(th); got != want {
			t.Errorf("%+v: slower, faster, more memory %s, want %s", th, got, want)
		}
	}
}

func TestWriteComparison(t *testing.T) {
	changed, same := Compare(before, after, DefaultThresholds), Compare(ResultList{}, ResultList{}, DefaultThresholds)
	many := Compare(ResultList{}, before, DefaultThresholds)
	for name, write := range map[string]func(*bytes.Buffer) error{
		"compare-table":     func(b *bytes.Buffer) error { return changed.Write(b, 0) },
		"compare-markdown":  func(b *bytes.Buffer) error { return changed.WriteMarkdown(b, 1) },
		"compare-unchanged": func(b *bytes.Buffer) error { return same.Write(b, 0) },
		"compare-limited":   func(b *bytes.Buffer) error { return many.Write(b, 2) },
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			goldentest.Compare(t, filepath.Join("testdata", name+".txt"), b.Bytes())
		})
	}
}

func TestRanking(t *testing.T) {
	r := NewRanking()
	r.Add("third", []Result{was("a", "passed", takes(5)), was("b", "passed", flaky), was("c", "failed"), was("d", "passed"), was("e", "pending")})
	r.Add("second", []Result{was("a", "passed", takes(9)), was("b", "passed", flaky), was("c", "failed"), was("d", "timedOut", eats(900))})
	r.Add("first", []Result{was("a", "passed", takes(1)), was("b", "failed"), was("c", "failed"), was("new", "passed", takes(9_000_000))})
	for by, want := range map[string][]string{
		"flaky": {"b 3 runs, 1 failed, 2 flaky, last in third", "d 2 runs, 1 failed, 0 flaky, last in second"},
		"duration": {
			"new 1 runs, 0 failed, 0 flaky, last in first", "b 3 runs, 1 failed, 2 flaky, last in third",
			"c 3 runs, 3 failed, 0 flaky, last in third", "d 2 runs, 1 failed, 0 flaky, last in second",
			"a 3 runs, 0 failed, 0 flaky, last in third",
		},
		"memory": {"d 2 runs, 1 failed, 0 flaky, last in second"},
		"cpu":    nil,
	} {
		n := 10
		if by == "memory" {
			n = 1
		}
		var got []string
		for _, t := range r.Top(by, n) {
			got = append(got, fmt.Sprintf("%s %d runs, %d failed, %d flaky, last in %s", t.Name, t.Runs, t.Failed, t.Flaky, t.LastRun))
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("by %s: %s", by, diff)
		}
	}
	for name, many := range map[string]bool{"top-one": false, "top-many": true} {
		var b bytes.Buffer
		if err := WriteTop(&b, r.Top("duration", 10), many); err != nil {
			t.Fatal(err)
		}
		goldentest.Compare(t, filepath.Join("testdata", name+".txt"), b.Bytes())
	}
}

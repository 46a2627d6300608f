package report

import (
	"cmp"
	"slices"
	"time"

	"github.com/podtest/podtest/internal/outcome"
)

// Thresholds say what is a notable difference. A difference must reach both, the ratio and the amount.
type Thresholds struct {
	Ratio       float64       // such as 1.5
	Duration    time.Duration // at least
	MemoryRatio float64
	MemoryKiB   uint64
}

// DefaultThresholds are those that are taken if nobody says otherwise.
var DefaultThresholds = Thresholds{Ratio: 1.5, Duration: 500 * time.Millisecond, MemoryRatio: 1.5, MemoryKiB: 16 << 10}

// Comparison is what has changed from one run to another, by binary id and name. Each test is in one of the lists of
// outcomes at most, and beside it in those of time and memory.
type Comparison struct {
	A        ComparedRun   `json:"a"`
	B        ComparedRun   `json:"b"`
	Counts   []CompareItem `json:"counts"`
	Sections []Section     `json:"sections"`
}

// ComparedRun is one of the two.
type ComparedRun struct {
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	Complete  bool   `json:"complete"`
	Result    string `json:"result,omitempty"`
	Tests     int    `json:"tests"`
}

// CompareItem is a count of both runs.
type CompareItem struct {
	Name string `json:"name"`
	A    int    `json:"a"`
	B    int    `json:"b"`
}

// Section is a kind of change and its tests.
type Section struct {
	Name  string   `json:"name"` // such as newlyFailing
	Title string   `json:"title"`
	Tests []Change `json:"tests"`
}

// Change is a test in both runs; nil: it is not in that one.
type Change struct {
	Binary string  `json:"binary"`
	Name   string  `json:"name"`
	A      *Result `json:"a,omitempty"`
	B      *Result `json:"b,omitempty"`
}

// NewlyFailing is the name of the section that decides about the exit code.
const NewlyFailing = "newlyFailing"

// kinds are the sections in the order in which they are shown. A test is in the first that is exclusive and fits.
var kinds = []struct {
	name, title string
	exclusive   bool
	fits        func(c Change, t Thresholds) bool
}{
	{NewlyFailing, "newly failing", true, func(c Change, _ Thresholds) bool {
		return failing(c.B) && !failing(c.A)
	}},
	{"stillFailing", "still failing", true, func(c Change, _ Thresholds) bool { return failing(c.A) && failing(c.B) }},
	{"fixed", "fixed", true, func(c Change, _ Thresholds) bool { return failing(c.A) && c.B != nil && c.B.Good() }},
	{"newlyFlaky", "newly flaky", true, func(c Change, _ Thresholds) bool {
		return passed(c.B) && c.B.Flaky && c.A != nil && !c.A.Flaky
	}},
	{"noLongerFlaky", "no longer flaky", true, func(c Change, _ Thresholds) bool {
		return passed(c.A) && c.A.Flaky && passed(c.B) && !c.B.Flaky
	}},
	{"noVerdict", "without a verdict now", true, func(c Change, _ Thresholds) bool {
		return c.A != nil && c.A.Decided() && c.B != nil && !c.B.Decided()
	}},
	{"onlyInA", "only in A", true, func(c Change, _ Thresholds) bool { return c.B == nil }},
	{"onlyInB", "only in B", true, func(c Change, _ Thresholds) bool { return c.A == nil }},
	{"slower", "slower", false, func(c Change, t Thresholds) bool {
		return bothPassed(c) && longer(c.A.DurationUs, c.B.DurationUs, t.Ratio, uint64(t.Duration.Microseconds()))
	}},
	{"faster", "faster", false, func(c Change, t Thresholds) bool {
		return bothPassed(c) && longer(c.B.DurationUs, c.A.DurationUs, t.Ratio, uint64(t.Duration.Microseconds()))
	}},
	{"moreMemory", "more memory", false, func(c Change, t Thresholds) bool {
		return bothPassed(c) && c.A.PeakRSSKiB > 0 && longer(c.A.PeakRSSKiB, c.B.PeakRSSKiB, t.MemoryRatio, t.MemoryKiB)
	}},
}

func failing(r *Result) bool { return r != nil && r.Bad() }

func passed(r *Result) bool { return r != nil && r.Outcome == outcome.Passed.String() }

func bothPassed(c Change) bool { return passed(c.A) && passed(c.B) }

func longer(before, after uint64, ratio float64, least uint64) bool {
	return after > before && after-before >= least && float64(after) >= ratio*float64(before)
}

// Compare tells what has changed from run A to run B, which may be of other suites and images.
func Compare(a, b ResultList, t Thresholds) Comparison {
	c := Comparison{A: comparedRun(a), B: comparedRun(b), Counts: counts(a.Results, b.Results)}
	changes := changes(a.Results, b.Results)
	taken := make([]bool, len(changes))
	for _, k := range kinds {
		s := Section{Name: k.name, Title: k.title, Tests: []Change{}}
		for i := range changes {
			if k.exclusive && taken[i] || !k.fits(changes[i], t) {
				continue
			}
			taken[i] = taken[i] || k.exclusive
			s.Tests = append(s.Tests, changes[i])
		}
		sortSection(s)
		c.Sections = append(c.Sections, s)
	}
	return c
}

// sortSection puts the largest changes of time and memory first.
func sortSection(s Section) {
	by := func(of func(Change) float64) {
		slices.SortStableFunc(s.Tests, func(a, b Change) int { return cmp.Compare(of(b), of(a)) })
	}
	switch s.Name {
	case "slower":
		by(func(c Change) float64 { return float64(c.B.DurationUs) - float64(c.A.DurationUs) })
	case "faster":
		by(func(c Change) float64 { return float64(c.A.DurationUs) - float64(c.B.DurationUs) })
	case "moreMemory":
		by(func(c Change) float64 { return float64(c.B.PeakRSSKiB) - float64(c.A.PeakRSSKiB) })
	}
}

func comparedRun(l ResultList) ComparedRun {
	return ComparedRun{Namespace: l.Namespace, Name: l.Run, Complete: l.Complete, Result: l.Result, Tests: len(l.Results)}
}

// changes are the tests of both runs: those of B in its order, then those that only A has.
func changes(a, b []Result) []Change {
	type key struct{ binary, name string }
	before := make(map[key]*Result, len(a))
	for i := range a {
		before[key{a[i].Binary, a[i].Name}] = &a[i]
	}
	all := make([]Change, 0, max(len(a), len(b)))
	for i := range b {
		k := key{b[i].Binary, b[i].Name}
		all = append(all, Change{Binary: k.binary, Name: k.name, A: before[k], B: &b[i]})
		delete(before, k)
	}
	for i := range a {
		k := key{a[i].Binary, a[i].Name}
		if before[k] != nil {
			all = append(all, Change{Binary: k.binary, Name: k.name, A: &a[i]})
		}
	}
	return all
}

func counts(a, b []Result) []CompareItem {
	var items []CompareItem
	for _, word := range Words {
		item := CompareItem{Name: word}
		for i := range a {
			if a[i].Is(word) {
				item.A++
			}
		}
		for i := range b {
			if b[i].Is(word) {
				item.B++
			}
		}
		if item.A+item.B > 0 {
			items = append(items, item)
		}
	}
	return items
}

// Section is the section of a name.
func (c Comparison) Section(name string) Section {
	for _, s := range c.Sections {
		if s.Name == name {
			return s
		}
	}
	return Section{}
}

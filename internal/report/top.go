package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"
)

// Ranks are what tests can be ranked by.
var Ranks = []string{"duration", "memory", "cpu", "flaky"}

// Ranking gathers the tests of one run or of many. It keeps a few words for each distinct test, however many runs it
// is given.
type Ranking struct {
	tests map[rankKey]*Ranked
	Runs  int
}

type rankKey struct{ binary, name string }

// Ranked is a test over all runs that it was in.
type Ranked struct {
	Binary     string `json:"binary"`
	Name       string `json:"name"`
	Runs       int    `json:"runs"`       // in which it has a verdict
	Failed     int    `json:"failed"`     // of them
	Flaky      int    `json:"flaky"`      // of them
	Attempts   int    `json:"attempts"`   // in all
	DurationUs uint64 `json:"durationUs"` // the longest
	MeanUs     uint64 `json:"meanUs"`
	CPUUs      uint64 `json:"cpuUs"`      // the most
	PeakRSSKiB uint64 `json:"peakRssKiB"` // the most
	LastRun    string `json:"lastRun"`    // in which it failed or was flaky, else in which it was
	LastPod    string `json:"lastPod"`

	totalUs uint64
	trouble bool
}

// NewRanking is one without tests.
func NewRanking() *Ranking { return &Ranking{tests: map[rankKey]*Ranked{}} }

// Add takes in the results of a run; newest first.
func (r *Ranking) Add(run string, results []Result) {
	r.Runs++
	for _, t := range results {
		if !t.Decided() {
			continue
		}
		k := rankKey{t.Binary, t.Name}
		in := r.tests[k]
		if in == nil {
			in = &Ranked{Binary: t.Binary, Name: t.Name, LastRun: run, LastPod: t.Pod}
			r.tests[k] = in
		}
		in.add(run, t)
	}
}

func (r *Ranked) add(run string, t Result) {
	r.Runs++
	r.Attempts += t.Attempts
	if t.Bad() {
		r.Failed++
	}
	if t.Flaky {
		r.Flaky++
	}
	if (t.Bad() || t.Flaky) && !r.trouble {
		r.trouble, r.LastRun, r.LastPod = true, run, t.Pod
	}
	r.totalUs += t.DurationUs
	r.MeanUs = r.totalUs / uint64(r.Runs)
	r.DurationUs, r.CPUUs = max(r.DurationUs, t.DurationUs), max(r.CPUUs, t.CPUUs)
	r.PeakRSSKiB = max(r.PeakRSSKiB, t.PeakRSSKiB)
}

// Top are the first n by a rank; those that have nothing of it are not among them. By flaky, a test that was flaky
// comes before one that only failed: of that, the code is to blame rather than the test.
func (r *Ranking) Top(by string, n int) []Ranked {
	value := map[string]func(*Ranked) [3]float64{
		"duration": func(t *Ranked) [3]float64 { return [3]float64{float64(t.DurationUs)} },
		"memory":   func(t *Ranked) [3]float64 { return [3]float64{float64(t.PeakRSSKiB)} },
		"cpu":      func(t *Ranked) [3]float64 { return [3]float64{float64(t.CPUUs)} },
		"flaky":    flakiness,
	}[by]
	var all []*Ranked
	for _, t := range r.tests {
		if value(t) != [3]float64{} {
			all = append(all, t)
		}
	}
	slices.SortFunc(all, func(a, b *Ranked) int {
		x, y := value(a), value(b)
		return cmp.Or(slices.Compare(y[:], x[:]), cmp.Compare(a.Binary, b.Binary), cmp.Compare(a.Name, b.Name))
	})
	top := []Ranked{}
	for _, t := range all[:min(n, len(all))] {
		top = append(top, *t)
	}
	return top
}

// flakiness: how often it was flaky, or failed in some runs and passed in others; then the share of trouble.
func flakiness(t *Ranked) [3]float64 {
	changing := 0
	if t.Failed < t.Runs {
		changing = t.Failed
	}
	if t.Flaky+changing == 0 {
		return [3]float64{}
	}
	return [3]float64{float64(t.Flaky + changing), float64(t.Failed+t.Flaky) / float64(t.Runs), float64(t.Attempts)}
}

// WriteTop writes a line a test, for people.
func WriteTop(w io.Writer, top []Ranked, many bool) error {
	head := []string{"DURATION", "CPU", "MEMORY", "ATTEMPTS", "BINARY", "TEST"}
	if many {
		head = []string{"FLAKY", "FAILED", "RUNS", "LONGEST", "MEAN", "CPU", "MEMORY", "BINARY", "TEST", "LAST IN"}
	}
	rows := [][]string{head}
	for _, t := range top {
		longest, mean := took(time.Duration(t.DurationUs)*time.Microsecond), took(time.Duration(t.MeanUs)*time.Microsecond)
		cpu, peak := cpuTime(time.Duration(t.CPUUs)*time.Microsecond), memory(t.PeakRSSKiB)
		row := []string{longest, cpu, peak, fmt.Sprint(t.Attempts), Line(t.Binary).s, Line(t.Name).s}
		if many {
			row = []string{
				fmt.Sprint(t.Flaky), fmt.Sprint(t.Failed), fmt.Sprint(t.Runs), longest, mean, cpu, peak,
				Line(t.Binary).s, Line(t.Name).s, Line(t.LastRun).s,
			}
		}
		rows = append(rows, row)
	}
	_, err := io.WriteString(w, aligned(rows))
	return err
}

package report

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/outcome"
)

// Pending is the outcome of a test that has no verdict yet in a run that goes on.
const Pending = "pending"

// Outcomes are all words that Result.Outcome can be.
var Outcomes = []string{
	outcome.Passed.String(), outcome.Failed.String(), outcome.TimedOut.String(), outcome.Crashed.String(),
	outcome.OOMKilled.String(), outcome.Skipped.String(), outcome.NotRun.String(), Pending,
}

// Result is what became of one test. Its names are not neutralised: they are data.
type Result struct {
	Ordinal    uint32 `json:"ordinal"`
	Binary     string `json:"binary"`
	Name       string `json:"name"`
	Outcome    string `json:"outcome"`
	Reason     string `json:"reason"`
	Code       uint8  `json:"code"`
	Flaky      bool   `json:"flaky"`
	Slow       bool   `json:"slow"`
	Leaky      bool   `json:"leaky"`
	Attempts   int    `json:"attempts"`
	DurationUs uint64 `json:"durationUs"`
	CPUUs      uint64 `json:"cpuUs"`
	PeakRSSKiB uint64 `json:"peakRssKiB"`
	Pod        string `json:"pod"`
}

// Results are all selected tests of a run, in the order of the catalog.
func (b *Book) Results(run *v1alpha1.TestRun) []Result {
	none := Result{Outcome: Pending}
	if c := meta.FindStatusCondition(run.Status.Conditions, v1alpha1.ConditionComplete); c != nil && c.Status == "True" {
		none = Result{Outcome: outcome.NotRun.String(), Reason: c.Reason}
		b.Cut()
	}
	var results []Result
	b.Selected(func(ordinal uint32, e Entry, decided bool) {
		r := none
		if decided {
			r = Result{
				Outcome: e.Row.Outcome.String(), Reason: reasons[e.Row.Reason], Code: e.Row.Code,
				Flaky: e.Flaky, Slow: e.Row.Slow, Leaky: e.Row.Leaky,
				DurationUs: e.Row.Duration, CPUUs: e.Row.CPU, PeakRSSKiB: e.Row.PeakRSS,
			}
		}
		r.Binary, r.Name = b.Names(ordinal)
		r.Ordinal, r.Attempts, r.Pod = ordinal, e.Attempts, e.Pod
		results = append(results, r)
	})
	return results
}

// WriteJSON writes an object a line.
func WriteJSON(w io.Writer, results []Result) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for i := range results {
		if err := enc.Encode(results[i]); err != nil {
			return fmt.Errorf("writing results: %w", err)
		}
	}
	return nil
}

// WriteTable writes a line a test, for people. The test stands last but one, for it may be long, and pods are alike.
func WriteTable(w io.Writer, results []Result) error {
	rows := [][]string{{"OUTCOME", "DURATION", "ATTEMPTS", "BINARY", "TEST", "POD"}}
	for _, r := range results {
		word := r.Outcome
		if r.Flaky {
			word += " (flaky)"
		}
		took := (time.Duration(r.DurationUs) * time.Microsecond).Seconds()
		rows = append(rows, []string{
			word, fmt.Sprintf("%.3fs", took), fmt.Sprint(r.Attempts), Line(r.Binary).s, Line(r.Name).s, Line(r.Pod).s,
		})
	}
	_, err := io.WriteString(w, aligned(rows))
	return err
}

// aligned pads all columns but the last, by characters.
func aligned(rows [][]string) string {
	widths := map[int]int{}
	for _, row := range rows {
		for i, cell := range row {
			widths[i] = max(widths[i], len([]rune(cell)))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, cell := range row {
			cells[i] = cell + strings.Repeat(" ", widths[i]-len([]rune(cell)))
		}
		b.WriteString(strings.TrimRight(strings.Join(cells, "   "), " ") + "\n")
	}
	return b.String()
}

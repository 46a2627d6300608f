// Package ctrf writes a run in the Common Test Report Format (https://ctrf.io). It is pure: no clock, no cluster.
package ctrf

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/report/facts"
)

// The document, of version 0.1.0 of the format. Times are in milliseconds, as it wants them.
type document struct {
	Format  string         `json:"reportFormat"`
	Version string         `json:"specVersion"`
	Made    string         `json:"timestamp"`
	By      string         `json:"generatedBy"`
	Results results        `json:"results"`
	Extra   map[string]any `json:"extra"`
}

type results struct {
	Tool    tool    `json:"tool"`
	Summary summary `json:"summary"`
	Tests   []test  `json:"tests"`
}

type tool struct {
	Name string `json:"name"`
}

type summary struct {
	Tests    int   `json:"tests"`
	Passed   int   `json:"passed"`
	Failed   int   `json:"failed"`
	Skipped  int   `json:"skipped"`
	Pending  int   `json:"pending"`
	Other    int   `json:"other"`
	Flaky    int   `json:"flaky"`
	Suites   int   `json:"suites"`
	Start    int64 `json:"start"`
	Stop     int64 `json:"stop"`
	Duration int64 `json:"duration"`
}

type test struct {
	Name      string         `json:"name"`
	Status    string         `json:"status"`
	RawStatus string         `json:"rawStatus"`
	Duration  int64          `json:"duration"`
	Start     int64          `json:"start,omitempty"`
	Stop      int64          `json:"stop,omitempty"`
	Suite     []string       `json:"suite"`
	Message   string         `json:"message,omitempty"`
	Trace     string         `json:"trace,omitempty"`
	Retries   int            `json:"retries,omitempty"`
	Attempts  []attempt      `json:"retryAttempts,omitempty"`
	Flaky     bool           `json:"flaky,omitempty"`
	Stdout    []string       `json:"stdout,omitempty"`
	Stderr    []string       `json:"stderr,omitempty"`
	Thread    string         `json:"threadId,omitempty"`
	Extra     map[string]any `json:"extra,omitempty"`
}

// attempt is one that came before the attempt that the test tells of.
type attempt struct {
	Number   int            `json:"attempt"`
	Status   string         `json:"status"`
	Duration int64          `json:"duration"`
	Start    int64          `json:"start,omitempty"`
	Stop     int64          `json:"stop,omitempty"`
	Message  string         `json:"message,omitempty"`
	Trace    string         `json:"trace,omitempty"`
	Stdout   []string       `json:"stdout,omitempty"`
	Stderr   []string       `json:"stderr,omitempty"`
	Extra    map[string]any `json:"extra,omitempty"`
}

// outputLimit is how many bytes of output a test may have in it.
const outputLimit = 64 << 10

// Write writes the report of a run.
func Write(w io.Writer, run *facts.Run) error {
	d := document{
		Format: "CTRF", Version: "0.1.0", By: "podtest", Made: run.End.UTC().Format(time.RFC3339),
		Extra: map[string]any{
			"namespace": run.Namespace.String(), "run": run.Name.String(), "uid": run.UID.String(), "verdict": run.Verdict,
		},
		Results: results{Tool: tool{"podtest"}, Tests: []test{}, Summary: summary{
			Start: run.Start.UnixMilli(), Stop: run.End.UnixMilli(), Duration: run.Length().Milliseconds(),
			Tests: run.Counts.Selected, Flaky: run.Counts.Flaky,
		}},
	}
	suites := map[string]bool{}
	for i := range run.Tests {
		t := of(run, &run.Tests[i])
		suites[t.Suite[0]] = true
		d.Results.Summary.count(t.Status)
		d.Results.Tests = append(d.Results.Tests, t)
	}
	d.Results.Summary.Suites = len(suites)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(d); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	return nil
}

func (s *summary) count(status string) {
	switch status {
	case "passed":
		s.Passed++
	case "failed":
		s.Failed++
	case "skipped":
		s.Skipped++
	case "pending":
		s.Pending++
	default:
		s.Other++
	}
}

// status is the format's word for an outcome.
func status(raw string) string {
	switch raw {
	case outcome.Passed.String(), outcome.Skipped.String(), report.Pending:
		return raw
	case facts.Running:
		return report.Pending
	case outcome.NotRun.String():
		return "other"
	}
	return "failed"
}

func of(run *facts.Run, t *facts.Test) test {
	c := test{
		Name: orNone(t.Name), Suite: []string{orNone(t.Binary)}, Status: status(t.Outcome), RawStatus: t.Outcome,
		Message: t.Why, Flaky: t.Flaky && !t.Bad(),
	}
	if !t.Ran() {
		return c
	}
	limit := t.Share(outputLimit)
	last := t.Last()
	told := tell(run, last, limit)
	c.Duration, c.Start, c.Stop, c.Trace = told.Duration, told.Start, told.Stop, told.Trace
	c.Stdout, c.Stderr, c.Extra = told.Stdout, told.Stderr, told.Extra
	if last.Pod >= 0 && last.Slot >= 0 {
		c.Thread = fmt.Sprintf("%s slot %d", run.Pods[last.Pod].Name, last.Slot+1)
	}
	for i := range t.Attempts {
		if a := &t.Attempts[i]; a != last {
			c.Attempts = append(c.Attempts, tell(run, a, limit))
		}
	}
	c.Retries = len(c.Attempts)
	return c
}

// orNone is a name; the format wants at least a character.
func orNone(name report.Text) string {
	if name.String() == "" {
		return "-"
	}
	return name.String()
}

func tell(run *facts.Run, a *facts.Attempt, limit int) attempt {
	t := attempt{
		Number: a.Number, Status: status(a.Outcome), Duration: a.Length.Milliseconds(), Message: a.Why,
		Trace: strings.TrimSpace(a.Excerpt.String()), Extra: map[string]any{"outcome": a.Outcome},
	}
	if !a.Start.IsZero() {
		t.Start, t.Stop = a.Start.UnixMilli(), a.End().UnixMilli()
	}
	if a.Row.PeakRSS > 0 {
		t.Extra["peakRssKiB"], t.Extra["cpuUs"] = a.Row.PeakRSS, a.Row.CPU
	}
	if a.Pod >= 0 {
		t.Extra["pod"], t.Extra["node"] = run.Pods[a.Pod].Name.String(), run.Pods[a.Pod].Node.String()
	}
	for _, s := range a.Streams {
		if s.Name == "stdout" {
			t.Stdout = lines(s.Within(limit))
		} else {
			t.Stderr = lines(s.Within(limit))
		}
	}
	return t
}

// lines are those of a stream, with a line that says what is missing.
func lines(c facts.Cut) []string {
	text := c.Head.String()
	if c.Dropped > 0 {
		text += fmt.Sprintf("\n[%d bytes cut here]\n", c.Dropped)
	}
	return strings.Split(strings.TrimRight(text+c.Tail.String(), "\n"), "\n")
}

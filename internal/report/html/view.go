package html

import (
	"fmt"
	"html/template"
	"strings"
	"time"

	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/report/facts"
)

// How much the file holds at most.
const (
	shownFailures = 200       // written out; the script has the rest
	shownOthers   = 100       // lines of lists that need no script
	outputOfOne   = 64 << 10  // bytes of output of a test
	leastOfOne    = 512       // of many failures
	outputOfAll   = 8_000_000 // bytes of output of all tests, about
)

// view is what the page shows without its script.
type view struct {
	*facts.Run
	Policy string
	Style  template.CSS
	Script template.JS
	Data   template.JS
	Icon   template.URL
	Tone   string // of the verdict: good, bad, warn or busy
	Counts []count
	Bar    []part
	Failed []failure
	More   int // failures that are not among Failed
	Lost   []*facts.Pod
	Facts  []fact
	Shares []share
	Others []*facts.Test // that did not run
	Unseen int           // more of those
	Quiet  []*facts.Test // the slowest, of a run in which nothing failed
}

// count is a number of tests and the word for them.
type count struct {
	N    string
	Word string
	Key  string // of the filter, and of the colour
}

// part is a part of the bar below the verdict.
type part struct {
	Key      string
	X, Width string
}

type fact struct{ Name, Value string }

// share is a part of the run's length.
type share struct {
	facts.Share
	X, Width string // in the bar
	Longest  []step
}

// step is an attempt on the critical path.
type step struct {
	Name, Took string
	Ordinal    uint32
}

// failure is a failed test with its outputs.
type failure struct {
	*facts.Test
	Attempts []attempt
	Repro    string
	Logs     string
}

type attempt struct {
	*facts.Attempt
	Pod, Node string
	Open      bool
	Printed   []printed
}

type printed struct {
	Name string
	facts.Cut
}

func newView(run *facts.Run) (*view, error) {
	failures := run.Failures()
	limit := min(outputOfOne, max(leastOfOne, outputOfAll/max(1, len(failures))))
	v := &view{
		Run: run, Policy: policy, Style: template.CSS(style), Script: template.JS(script), Tone: tone(run),
		Counts: counts(run), Bar: bar(run), Shares: shares(run), Facts: theFacts(run),
	}
	v.Icon = icon(v.Tone)
	for i, t := range failures {
		if i == shownFailures {
			v.More = len(failures) - i
			break
		}
		v.Failed = append(v.Failed, v.failure(t, limit))
	}
	for i := range run.Pods {
		if run.Pods[i].Lost() {
			v.Lost = append(v.Lost, &run.Pods[i])
		}
	}
	v.Others = run.NotRun()
	if n := len(v.Others); n > shownOthers {
		v.Others, v.Unseen = v.Others[:shownOthers], n-shownOthers
	}
	if run.Over && len(failures)+len(v.Others) == 0 {
		v.Quiet = run.Top(5, func(t *facts.Test) uint64 { return uint64(t.Last().Length) })
	}
	var err error
	v.Data, err = encode(run, failures[len(v.Failed):], limit)
	return v, err
}

func (v *view) failure(t *facts.Test, limit int) failure {
	f := failure{Test: t, Repro: v.Commands.Test("repro", t), Logs: v.Commands.Test("logs", t)}
	share, open := t.Share(limit), t.Telling()
	for i := range t.Attempts {
		a := attempt{Attempt: &t.Attempts[i], Open: &t.Attempts[i] == open}
		if a.Attempt.Pod >= 0 {
			pod := &v.Pods[a.Attempt.Pod]
			a.Pod, a.Node = pod.Name.String(), pod.Node.String()
		}
		for _, s := range a.Streams {
			a.Printed = append(a.Printed, printed{s.Name, s.Within(share)})
		}
		f.Attempts = append(f.Attempts, a)
	}
	return f
}

func tone(run *facts.Run) string {
	switch run.Verdict {
	case "Passed":
		return "good"
	case "Failed", "Error":
		return "bad"
	case facts.GoesOn:
		return "busy"
	}
	return "warn"
}

// icon is a disc in the colour of the verdict, which tells tabs apart.
func icon(tone string) template.URL {
	color := map[string]string{"good": "1a7f4b", "bad": "c62828", "busy": "0b62c4", "warn": "9a6700"}[tone]
	return template.URL("data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E" +
		"%3Ccircle cx='8' cy='8' r='7' fill='%23" + color + "'/%3E%3C/svg%3E")
}

// kinds are all kinds of tests, worst first.
func kinds(c facts.Counts) []struct {
	n         int
	word, key string
} {
	return []struct {
		n         int
		word, key string
	}{
		{c.Failed, "failed", outcome.Failed.String()},
		{c.TimedOut, "timed out", outcome.TimedOut.String()},
		{c.Crashed, "crashed", outcome.Crashed.String()},
		{c.OOMKilled, "out of memory", outcome.OOMKilled.String()},
		{c.NotRun, "not run", outcome.NotRun.String()},
		{c.Pending, "to come", report.Pending},
		{c.Flaky, "flaky", "flaky"},
		{c.Slow, "slow", "slow"},
		{c.Leaky, "leaky", "leaky"},
		{c.Skipped, "skipped", outcome.Skipped.String()},
		{c.Passed, "passed", outcome.Passed.String()},
	}
}

func counts(run *facts.Run) []count {
	var counts []count
	for _, k := range kinds(run.Counts) {
		if k.n > 0 {
			counts = append(counts, count{facts.Number(k.n), k.word, k.key})
		}
	}
	return counts
}

// bar is a hundred wide. Few failures among many tests are still to be seen.
func bar(run *facts.Run) []part {
	const least = 0.6
	var parts []part
	sum, x := 0.0, 0.0
	weights := map[string]float64{}
	for _, k := range kinds(run.Counts) {
		switch k.key {
		case "slow", "leaky":
			continue
		case outcome.Passed.String():
			k.n -= run.Counts.Flaky
		}
		if k.n > 0 {
			w := max(least, 100*float64(k.n)/float64(run.Counts.Selected))
			weights[k.key] = w
			sum += w
			parts = append(parts, part{Key: k.key})
		}
	}
	for i := range parts {
		w := weights[parts[i].Key] * 100 / sum
		parts[i].X, parts[i].Width = fmt.Sprintf("%.2f", x), fmt.Sprintf("%.2f", w)
		x += w
	}
	return parts
}

func shares(run *facts.Run) []share {
	var all []share
	x := 0.0
	for _, s := range run.Shares() {
		w := 100 * float64(s.Length) / float64(max(1, run.Length()))
		one := share{Share: s, X: fmt.Sprintf("%.2f", x), Width: fmt.Sprintf("%.2f", w)}
		x += w
		for _, t := range s.Tests {
			test := &run.Tests[t.Test]
			name := test.String()
			if n := test.Attempts[t.Attempt].Number; n > 1 {
				name += fmt.Sprintf(" (attempt %d)", n)
			}
			one.Longest = append(one.Longest, step{name, facts.Took(t.Length()), test.Ordinal})
		}
		all = append(all, one)
	}
	return all
}

func theFacts(run *facts.Run) []fact {
	all := []fact{{"run", run.Name.String()}, {"namespace", run.Namespace.String()}, {"image", run.Image.String()}}
	add := func(name, value string) { all = append(all, fact{name, value}) }
	add("began", moment(run.Start))
	if run.Over {
		add("ended", moment(run.End))
	}
	add("took", facts.Took(run.Length()))
	if run.ExitCode != nil {
		add("exit code", fmt.Sprint(*run.ExitCode))
	}
	add("tests", fmt.Sprintf("%s listed, %s selected", facts.Number(run.Counts.Listed), facts.Number(run.Counts.Selected)))
	for _, s := range run.Settings {
		add(s.Name.String(), s.Value.String())
	}
	for _, c := range run.Classes {
		add("class "+report.Line(c.Name).String(), facts.Count(c.Tests, "test")+resources(c.Resources))
	}
	for _, f := range run.Fixtures {
		add("fixture", strings.TrimSpace(f.Title.String()+" "+f.Text.String()))
	}
	return all
}

func moment(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

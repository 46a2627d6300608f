package ci

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/report"
)

// GitHub shows so many annotations of a kind from a step; 50 from a job.
const perKind = 10

// maxMessage is how much of a message an annotation shows, in bytes: the log and the reports have the rest.
const maxMessage = 2048

// Annotations are those of one step, whatever many runs it follows.
type Annotations struct {
	Sources *Sources // where files that outputs name are; nil: nowhere

	errors, warnings, notices int
}

// Run are GitHub's annotations for a run of which nothing but its status is known: its tests could not be listed.
func (a *Annotations) Run(run *v1alpha1.TestRun) []byte {
	var b bytes.Buffer
	a.verdict(&b, run)
	return b.Bytes()
}

// Tests are GitHub's annotations for a run: an error for each failed test and a warning for each flaky one, within the
// limits, and a notice that says how many are left out.
func (a *Annotations) Tests(in report.Input) []byte {
	var b bytes.Buffer
	if in.Run.Status.Result == v1alpha1.ResultError || in.Run.Status.Result == v1alpha1.ResultCancelled {
		a.verdict(&b, in.Run)
	}
	failed, flaky := 0, 0
	in.Book.Selected(func(ordinal uint32, e report.Entry, decided bool) {
		switch {
		case !decided:
		case !e.Row.Outcome.Good():
			if a.errors >= perKind {
				failed++
				return
			}
			a.errors++
			a.test(&b, "error", in, ordinal, e)
		case e.Flaky:
			if a.warnings >= perKind {
				flaky++
				return
			}
			a.warnings++
			a.test(&b, "warning", in, ordinal, e)
		}
	})
	a.leftOut(&b, in.Run, failed, flaky)
	return b.Bytes()
}

// verdict says why a run ended, if not for its tests alone.
func (a *Annotations) verdict(b *bytes.Buffer, run *v1alpha1.TestRun) {
	if run.Status.Result == v1alpha1.ResultPassed || a.errors >= perKind {
		return
	}
	a.errors++
	message := "ended without a verdict"
	if c := report.Completed(run); c != nil {
		message = report.Block(c.Message).String()
	}
	title := fmt.Sprintf("TestRun %s/%s: %s", run.Namespace, run.Name, run.Status.Result)
	fmt.Fprintf(b, "::error title=%s::%s\n", property.Replace(title), data.Replace(short(message)))
}

func (a *Annotations) test(b *bytes.Buffer, kind string, in report.Input, ordinal uint32, e report.Entry) {
	title := in.Book.Test(ordinal).String()
	binary, _ := in.Book.Names(ordinal)
	shown := e // the attempt that says why: of a flaky test the last one that failed
	for _, t := range in.Book.Attempts(ordinal) {
		if !t.Row.Outcome.Good() {
			shown = t
		}
	}
	message := shown.Excerpt
	if message == "" {
		message = report.Why(shown.Row)
	}
	if kind == "warning" {
		title += fmt.Sprintf(" (flaky: passed on attempt %d)", e.Row.Attempt)
		message = fmt.Sprintf("attempt %d: %s", shown.Row.Attempt, message)
	}
	out := in.Outputs[report.Try{Ordinal: ordinal, Attempt: shown.Row.Attempt}]
	place := ""
	for _, text := range []string{
		string(out.Stdout.Head), string(out.Stderr.Head), string(out.Stdout.Tail), string(out.Stderr.Tail), shown.Excerpt,
	} {
		if p, ok := a.Sources.place(binary, text); ok {
			place = p.properties()
			break
		}
	}
	fmt.Fprintf(b, "::%s title=%s%s::%s\n", kind, property.Replace(short(title)), place,
		data.Replace(short(report.Block(message).String())))
}

func (a *Annotations) leftOut(b *bytes.Buffer, run *v1alpha1.TestRun, failed, flaky int) {
	var words []string
	if failed > 0 {
		words = append(words, fmt.Sprintf("%d more failed", failed))
	}
	if flaky > 0 {
		words = append(words, fmt.Sprintf("%d more flaky", flaky))
	}
	if len(words) == 0 || a.notices >= perKind {
		return
	}
	a.notices++
	fmt.Fprintf(b, "::notice title=%s::%s: not annotated, for GitHub shows %d a step; the log and the summary have them\n",
		property.Replace("TestRun "+run.Namespace+"/"+run.Name), strings.Join(words, ", "), perKind)
}

// short cuts a text that is too long for an annotation.
func short(s string) string {
	s = strings.TrimSpace(s)
	if len(s) <= maxMessage {
		return s
	}
	return strings.ToValidUTF8(s[:maxMessage], "") + " …"
}

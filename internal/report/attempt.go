package report

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/outcome"
)

func (e Attempt) render(p *Printer) string {
	p.remember(e)
	var b strings.Builder
	lined := p.o.Status.shows(e.level())
	if lined {
		b.WriteString(p.attemptLine(e, false))
	}
	printed := p.shows(e).Show
	if printed == v1alpha1.OutputImmediate || printed == v1alpha1.OutputImmediateFinal {
		b.WriteString(p.output(e))
	}
	if b.Len() > 0 && e.Final {
		b.WriteString(p.commands(e))
	}
	return b.String()
}

// shows is the attempt with what decides when its output is shown.
func (p *Printer) shows(e Attempt) Attempt {
	if e.Row.Outcome.Good() {
		e.Show = cmp.Or(p.o.SuccessOutput, e.Show, v1alpha1.OutputNever)
	} else {
		e.Show = cmp.Or(p.o.FailureOutput, e.Show, v1alpha1.OutputImmediate)
	}
	return e
}

// commands are what to do about a test that failed.
func (p *Printer) commands(e Attempt) string {
	var b strings.Builder
	for _, c := range []struct{ what, command string }{{"output:", e.Logs}, {"repro: ", e.Repro}} {
		if c.command != "" {
			b.WriteString("    " + p.paint(dim, c.what+" "+Line(c.command).s) + "\n")
		}
	}
	return b.String()
}

func (e Slow) render(p *Printer) string {
	word, s, level := "SLOW", warn, StatusLevel("slow")
	if e.Terminating {
		word, s, level = "TERMINATING", bad, "fail"
	}
	if !p.o.Status.shows(level) {
		return ""
	}
	return fmt.Sprintf("%s [>%7.3fs]%s %s%s\n", p.status(s, word), e.Elapsed.Seconds(),
		p.counter(0, e.Of, false), p.test(e.Test), p.where(e.Pod, ""))
}

// where is the pod that ran a test, for those who want to know.
func (p *Printer) where(pod, node string) string {
	if pod == "" || !p.o.Verbose {
		return ""
	}
	where := "pod " + Line(pod).s
	if node != "" {
		where += " on " + Line(node).s
	}
	return p.paint(dim, " ("+where+")")
}

// briefly are words that leave no room for the number of the attempt.
var briefly = map[string]string{"TIMEOUT": "TMT", "FAIL + LEAK": "FL+LK", "SLOW + LEAK": "SL+LK"}

// try is "TRY 2 PASS", within the columns of a status word for less than ten attempts.
func try(attempt uint16, word string) string {
	if short, ok := briefly[word]; ok {
		word = short
	}
	if !strings.HasPrefix(word, "SIG ") {
		word = strings.TrimPrefix(word, "SIG")
	}
	return fmt.Sprintf("TRY %d %s", attempt, word)
}

// attemptLine is the line of an attempt that has ended, or of a test at the end of the run.
func (p *Printer) attemptLine(e Attempt, atEnd bool) string {
	word, s := e.word(atEnd)
	switch {
	case atEnd && e.flaky():
		word, s = fmt.Sprintf("FLAKY %d/%d", e.Row.Attempt, e.Allowed), warn
	case e.Row.Attempt > 1, e.Allowed > 1 && !e.Row.Outcome.Good():
		word = try(e.Row.Attempt, word)
	}
	switch {
	case !e.Row.Outcome.Good() && !e.Final, !atEnd && e.flaky():
		s = warn
	}
	return fmt.Sprintf("%s [%s]%s %s%s\n", p.status(s, word), seconds(e.Row.Duration),
		p.counter(e.Done, e.Of, e.Final), p.test(e.Test), p.where(e.Pod, e.Node))
}

func seconds(microseconds uint64) string {
	return fmt.Sprintf("%8.3fs", float64(microseconds)/1e6)
}

// counter is " (  12/1355)", or " (─────────)" for what settles no test; where there is a bar, nothing.
func (p *Printer) counter(done, of int64, final bool) string {
	if p.o.Progress != "counter" {
		return ""
	}
	width := len(fmt.Sprint(of))
	if !final {
		return " (" + p.rule(2*width+1) + ")"
	}
	return fmt.Sprintf(" (%*d/%d)", width, done, of)
}

// word is nextest's for how an attempt ended. That it was slow is told while it runs, and at the end of the run.
func (e Attempt) word(atEnd bool) (string, style) {
	row := e.Row
	switch row.Outcome {
	case outcome.Passed:
		row.Slow = row.Slow && atEnd
		return passedWord(row)
	case outcome.Skipped:
		return "SKIP", warn
	case outcome.TimedOut:
		return "TIMEOUT", bad
	case outcome.OOMKilled:
		return "OOM", bad
	case outcome.Crashed:
		return signalWord(row.Code), bad
	case outcome.NotRun, outcome.None:
		return "NOT RUN", bad
	case outcome.Failed:
	}
	switch {
	case row.Reason == outcome.NotStarted:
		return "XFAIL", bad
	case row.Leaky:
		return "FAIL + LEAK", bad
	default:
		return "FAIL", bad
	}
}

func passedWord(row outcome.Row) (string, style) {
	switch {
	case row.Slow && row.Leaky:
		return "SLOW + LEAK", warn
	case row.Slow:
		return "SLOW", warn
	case row.Leaky:
		return "LEAK", warn
	default:
		return "PASS", good
	}
}

// signals have the same numbers on every architecture that nodes have.
var signals = map[uint8]string{
	1: "HUP", 2: "INT", 3: "QUIT", 4: "ILL", 5: "TRAP", 6: "ABRT", 7: "BUS", 8: "FPE", 9: "KILL",
	11: "SEGV", 13: "PIPE", 14: "ALRM", 15: "TERM", 24: "XCPU", 25: "XFSZ", 31: "SYS",
}

func signalWord(number uint8) string {
	if name, ok := signals[number]; ok {
		return "SIG" + name
	}
	return fmt.Sprintf("SIG %d", number)
}

package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/outcome"
)

func (e Attempt) render(p *Printer) string {
	word, s := e.word()
	if e.Allowed > 1 && (e.Row.Attempt > 1 || !e.Row.Outcome.Good()) {
		word = try(e.Row.Attempt, word)
	}
	if !e.Row.Outcome.Good() && !e.Final {
		s = warn
	}
	line := p.attemptLine(p.status(s, word), e.counter(), e)
	if e.Row.Outcome.Good() {
		return line
	}
	if e.Show != v1alpha1.OutputFinal && e.Show != v1alpha1.OutputNever {
		line += indent(e.Excerpt)
	}
	if e.Final && e.Command.s != "" {
		line += "    " + p.paint(dim, "output: "+e.Command.s) + "\n"
	}
	return line
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

func (p *Printer) attemptLine(status, counter string, e Attempt) string {
	line := fmt.Sprintf("%s [%s]%s %s", status, seconds(e.Row.Duration), counter, p.test(e.Test))
	if !e.Row.Outcome.Good() && e.Pod.s != "" {
		line += p.paint(dim, " (pod "+e.Pod.s+")")
	}
	return line + "\n"
}

func seconds(microseconds uint64) string {
	return fmt.Sprintf("%8.3fs", (time.Duration(microseconds) * time.Microsecond).Seconds())
}

// counter is "(  12/1355)", or "(   -/1355)" for an attempt that does not settle its test.
func (e Attempt) counter() string {
	width := len(fmt.Sprint(e.Of))
	if !e.Final {
		return fmt.Sprintf(" (%*s/%d)", width, "-", e.Of)
	}
	return fmt.Sprintf(" (%*d/%d)", width, e.Done, e.Of)
}

// word is nextest's for how an attempt ended.
func (e Attempt) word() (string, style) {
	row := e.Row
	switch row.Outcome {
	case outcome.Passed:
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

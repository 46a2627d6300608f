package report

import (
	"fmt"
	"strings"

	"github.com/podtest/podtest/api/v1alpha1"
)

func (e Ended) render(p *Printer) string {
	var b strings.Builder
	if e.Tests.Selected > 0 {
		e.summary(p, &b)
	}
	s := bad
	if e.Result == string(v1alpha1.ResultPassed) {
		s = good
	}
	message := strings.TrimPrefix(strings.TrimSuffix(indent(e.Message), "\n"), "    ")
	fmt.Fprintf(&b, "%s [exit %d] %s\n", p.status(s, e.Result), e.ExitCode, message)
	if e.Command.s != "" && e.Tests.Selected > 0 {
		fmt.Fprintf(&b, "%s %s\n", p.status(dim, "Results"), p.paint(dim, e.Command.s))
	}
	return b.String()
}

func (e Ended) summary(p *Printer, b *strings.Builder) {
	t := e.Tests
	var also []string
	for _, a := range []struct {
		n    int64
		word string
	}{{e.Slow, "slow"}, {e.Leaky, "leaky"}} {
		if a.n > 0 {
			also = append(also, fmt.Sprintf("%d %s", a.n, a.word))
		}
	}
	ran := fmt.Sprint(done(t))
	if done(t) != t.Selected {
		ran = fmt.Sprintf("%d/%d", done(t), t.Selected)
	}
	tests := "tests"
	if ran == "1" {
		tests = "test"
	}
	s := good
	if e.Result != string(v1alpha1.ResultPassed) {
		s = bad
	}
	fmt.Fprintf(b, "%s\n%s [%8.3fs] %s %s run: %s", strings.Repeat("-", statusWidth), p.status(s, "Summary"),
		e.Elapsed.Seconds(), ran, tests, tally(t, also))
	if t.NotSelected > 0 {
		fmt.Fprintf(b, ", %d not selected", t.NotSelected)
	}
	if e.Workers > 0 {
		b.WriteString(p.paint(dim, " ("+count(e.Workers, "worker")+")"))
	}
	b.WriteString("\n")
	for _, a := range e.Repeated {
		b.WriteString(p.repeated(a))
	}
	if t.NotRun > 0 {
		fmt.Fprintf(b, "%s %d/%d tests have no verdict\n", p.status(warn, "warning:"), t.NotRun, t.Selected)
	}
}

// repeated is a line of the final block: a failed test, or a flaky one as "FLAKY 2/3".
func (p *Printer) repeated(a Attempt) string {
	word, s := a.word()
	switch {
	case a.Row.Outcome.Good():
		word, s = fmt.Sprintf("FLAKY %d/%d", a.Row.Attempt, a.Allowed), warn
	case a.Allowed > 1:
		word = try(a.Row.Attempt, word)
	}
	line := p.attemptLine(p.status(s, word), "", a)
	if !a.Row.Outcome.Good() && (a.Show == v1alpha1.OutputFinal || a.Show == v1alpha1.OutputImmediateFinal) {
		line += indent(a.Excerpt)
	}
	return line
}

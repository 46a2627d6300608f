package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/podtest/podtest/api/v1alpha1"
)

func (e Ended) render(p *Printer) string {
	var b strings.Builder
	s := bad
	if e.Result == string(v1alpha1.ResultPassed) {
		s = good
	}
	if e.Tests.Selected > 0 {
		b.WriteString(p.rule(statusWidth) + "\n" + p.summary(e, s))
		b.WriteString(p.finalLines(e))
		b.WriteString(p.notRun(e))
	}
	fmt.Fprintf(&b, "%s [exit %d] %s\n", p.status(s, Line(e.Result).s), e.ExitCode, hanging(e.Message))
	if e.Tests.Selected > 0 {
		for _, c := range []struct{ word, command string }{{"Results", e.Results}, {"Rerun", e.Rerun}} {
			if c.command != "" {
				fmt.Fprintf(&b, "%s %s\n", p.status(dim, c.word), p.paint(dim, Line(c.command).s))
			}
		}
	}
	return b.String()
}

// summary is nextest's line, and the number of workers.
func (p *Printer) summary(e Ended, s style) string {
	t := e.Tests
	ran := fmt.Sprint(done(t))
	if done(t) != t.Selected {
		ran = fmt.Sprintf("%d/%d", done(t), t.Selected)
	}
	tests := "tests"
	if ran == "1" {
		tests = "test"
	}
	line := segments{{bold, ran}, {none, " " + tests + " run: "}}
	line = append(line, tally(t, e.Slow, e.Leaky)...)
	if t.Skipped+t.NotSelected == 0 {
		line = append(line, segment{none, ", "}, segment{bold, "0"}, segment{none, " "}, segment{warn, "skipped"})
	}
	if e.Workers > 0 {
		line = append(line, segment{dim, " (" + count(e.Workers, "worker") + ")"})
	}
	return fmt.Sprintf("%s [%8.3fs] %s\n", p.status(s, "Summary"), e.Elapsed.Seconds(), p.painted(line))
}

// remember keeps an attempt for the end, if it has a place there.
func (p *Printer) remember(e Attempt) {
	show := p.shows(e).Show
	printed := show == v1alpha1.OutputFinal || show == v1alpha1.OutputImmediateFinal
	listed := e.Final && e.Row.Outcome.Good() && p.o.Final.shows(e.finalLevel())
	if !printed && !listed {
		return
	}
	if !printed {
		e.Output = nil
	}
	p.attempts[e.Row.Ordinal] = e
}

// finals are the tests that are told of at the end: those that failed come last, for there they are seen.
func (p *Printer) finals(e Ended) []Attempt {
	all := maps.Clone(p.attempts)
	for _, a := range e.Repeated {
		if was, ok := all[a.Row.Ordinal]; ok && was.Row.Attempt == a.Row.Attempt {
			a.Output, a.Excerpt, a.Why = was.Output, was.Excerpt, was.Why
		}
		a.Final = true
		all[a.Row.Ordinal] = a
	}
	maps.DeleteFunc(all, func(_ uint32, a Attempt) bool {
		return !a.Final || !p.o.Final.shows(a.finalLevel()) && !p.atEnd(a)
	})
	return slices.SortedFunc(maps.Values(all), func(a, b Attempt) int {
		level := func(a Attempt) int { return slices.Index(FinalLevels, a.finalLevel()) }
		return cmp.Or(cmp.Compare(level(b), level(a)), cmp.Compare(a.Done, b.Done),
			cmp.Compare(a.Row.Ordinal, b.Row.Ordinal))
	})
}

// atEnd reports whether the attempt's output is shown at the end.
func (p *Printer) atEnd(a Attempt) bool {
	show := p.shows(a).Show
	return show == v1alpha1.OutputFinal || show == v1alpha1.OutputImmediateFinal
}

// finalLines are a line for each test that the level wants; those that were not selected stand with the skipped ones.
func (p *Printer) finalLines(e Ended) string {
	var b strings.Builder
	rest := p.skipped
	for _, a := range p.finals(e) {
		if slices.Index(FinalLevels, a.finalLevel()) <= slices.Index(FinalLevels, "skip") {
			for _, s := range rest {
				b.WriteString(p.skip(s))
			}
			rest = nil
		}
		b.WriteString(p.final(a))
	}
	for _, s := range rest {
		b.WriteString(p.skip(s))
	}
	return b.String()
}

func (p *Printer) final(a Attempt) string {
	line := p.attemptLine(a, true)
	if p.atEnd(a) {
		line += p.output(a)
	}
	return line
}

// cutShort are the words for why tests were not run, by the reason of the end.
var cutShort = map[string]string{
	v1alpha1.ReasonFailFast:  "due to test failure (run with --no-fail-fast to run all tests, or run with --max-fail)",
	v1alpha1.ReasonCancelled: "due to cancellation", v1alpha1.ReasonGlobalTimeout: "due to global timeout",
	v1alpha1.ReasonDeadlineExceeded: "due to activeDeadlineSeconds",
}

func (p *Printer) notRun(e Ended) string {
	if e.Tests.NotRun == 0 {
		return ""
	}
	what := "have no verdict"
	if why := cutShort[e.Reason]; why != "" {
		what = "were not run " + why
	}
	return fmt.Sprintf("%s %d/%d tests %s\n", p.paint(warn, "warning:"), e.Tests.NotRun, e.Tests.Selected, what)
}

package report

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/podtest/podtest/api/v1alpha1"
)

func decimal(n int) string { return strconv.Itoa(n) }

// counterEvery is how often the counter line is printed where no line can be drawn again.
const counterEvery = Micros(5e6)

// counted is the last counter line.
type counted struct {
	at   Micros
	text string
}

func (e Progress) render(p *Printer) string {
	if p.o.Progress != "counter" || p.o.Terminal || e.Tests.Selected == 0 || e.Elapsed-p.counted.at < counterEvery {
		return ""
	}
	now := standing(e.Tests)
	if now.plain() == p.counted.text {
		return ""
	}
	p.counted = counted{at: e.Elapsed, text: now.plain()}
	return fmt.Sprintf("%s [%8.3fs] %s\n", p.status(good, Line(e.Word).s), e.Elapsed.Seconds(), p.painted(now))
}

// maxRunning is how many running tests are shown, as nextest has it.
const maxRunning = 8

// The bar has at least so many columns; with fewer there is none.
const narrowestBar = 8

// roomy is the width from which words are aligned as in the lines above; in a tight one no clock is shown.
const roomy, tight = 60, 40

// progressArea is the bar with the running tests below it. No line reaches the last column, for some terminals wrap
// there, and all leave a row of the screen to the lines above.
func (p *Printer) progressArea(e Progress) []string {
	room := max(1, p.o.Width-1)
	lines := []string{p.painted(p.bar(e, room))}
	most := min(maxRunning, max(0, p.o.Height-3))
	for i, r := range e.Running {
		if i == most {
			break
		}
		lines = append(lines, p.painted(p.runningLine(r, room)))
	}
	shown := int64(len(lines) - 1)
	if more := max(e.Tests.Running, int64(len(e.Running))) - shown; shown > 0 && more > 0 {
		text := fmt.Sprintf("%*s... and %s running", p.margin(), "", count(more, "more test"))
		lines = append(lines, p.painted(segments{{none, text}}.within(room)))
	}
	return lines
}

// margin is where what follows a status word begins.
func (p *Printer) margin() int {
	if p.o.Width < roomy {
		return 0
	}
	return statusWidth + 1
}

// head begins a line of the area, with how long something has taken.
func (p *Printer) head(s style, word string, elapsed Micros) segments {
	word = Line(word).s
	between := "[ " + clock(elapsed) + "] "
	if p.o.Width < tight {
		between = ""
	}
	pad := strings.Repeat(" ", max(0, p.margin()-1-cells(word)))
	if word != "" || p.margin() > 0 {
		between = " " + between
	}
	return segments{{none, pad}, {s, word}, {none, between}}
}

func (p *Printer) bar(e Progress, room int) segments {
	s := good
	if e.Word == wordCancelling {
		s = bad
	}
	line := p.head(s, e.Word, e.Elapsed)
	tail := standing(e.Tests)
	if e.Tests.Selected > 0 {
		if columns := room - line.cells() - tail.cells() - 1; columns >= narrowestBar {
			line = append(line, segment{none, p.barOf(done(e.Tests), e.Tests.Selected, columns) + " "})
		}
	}
	return append(line, tail...).within(room)
}

// barOf is a bar that is full when all are done.
func (p *Printer) barOf(done, of int64, columns int) string {
	columns = min(columns, p.o.Width/2)
	full := int(done * int64(columns) / of)
	if p.o.ASCII {
		return (strings.Repeat("=", full) + ">" + strings.Repeat("-", columns))[:columns]
	}
	return strings.Repeat("█", full) + strings.Repeat(" ", columns-full)
}

func (p *Printer) runningLine(r Running, room int) segments {
	word := ""
	if r.Slow {
		word = "SLOW"
	}
	line := p.head(warn, word, r.Elapsed)
	t := r.Test.text()
	id := withoutStart(t.Binary.s, max(0, room-line.cells())*2/5)
	line = append(line, segment{binary, id}, segment{none, " "})
	parents, name := cutName(withoutStart(t.Name.s, max(0, room-line.cells())))
	return append(line, segment{module, parents}, segment{last, name}).within(room)
}

func clock(d Micros) string {
	s := int64(max(0, d)) / 1e6
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

func done(t v1alpha1.TestCounts) int64 {
	return max(0, min(t.Selected, t.Passed+t.Failed+t.TimedOut+t.Crashed+t.OOMKilled+t.Skipped))
}

func standing(t v1alpha1.TestCounts) segments {
	if t.Selected == 0 {
		return segments{{none, "waiting for the list of tests"}}
	}
	line := segments{
		{none, fmt.Sprintf("%*d/%d: ", len(fmt.Sprint(t.Selected)), done(t), t.Selected)},
		{bold, fmt.Sprint(t.Running)},
		{none, " running, "},
	}
	return append(line, tally(t, 0, 0)...)
}

// part is a number with what it counts.
type part struct {
	n     int64
	style style
	word  string
}

// tally is "1009 passed (1 flaky), 2 failed (1 crashed), 1 OOM-killed, 25 skipped": what has not happened is not there.
// A test that is not selected is skipped, as in nextest.
func tally(t v1alpha1.TestCounts, slow, leaky int64) segments {
	line := segments{{bold, fmt.Sprint(t.Passed)}, {none, " "}, {good, "passed"}}
	line = append(line, among([]part{{slow, warn, "slow"}, {t.Flaky, warn, "flaky"}, {leaky, warn, "leaky"}})...)
	for _, next := range []struct {
		part
		among []part
	}{
		{part{t.Failed + t.Crashed, bad, "failed"}, []part{{t.Crashed, bad, "crashed"}}},
		{part{t.TimedOut, bad, "timed out"}, nil},
		{part{t.OOMKilled, bad, "OOM-killed"}, nil},
		{part{t.Skipped + t.NotSelected, warn, "skipped"}, atRunTime(t)},
	} {
		if next.n > 0 {
			line = append(line, segment{none, ", "})
			line = append(append(line, next.segments()...), among(next.among)...)
		}
	}
	return line
}

// atRunTime tells tests that skipped themselves from those that were not selected, if there are both.
func atRunTime(t v1alpha1.TestCounts) []part {
	if t.NotSelected == 0 {
		return nil
	}
	return []part{{t.Skipped, warn, "by themselves"}}
}

func (n part) segments() segments {
	return segments{{bold, fmt.Sprint(n.n)}, {none, " "}, {n.style, n.word}}
}

// among is " (1 slow, 1 flaky)", or nothing.
func among(parts []part) segments {
	var line segments
	for _, n := range parts {
		if n.n > 0 {
			between := ", "
			if line == nil {
				between = " ("
			}
			line = append(append(line, segment{none, between}), n.segments()...)
		}
	}
	if line != nil {
		line = append(line, segment{none, ")"})
	}
	return line
}

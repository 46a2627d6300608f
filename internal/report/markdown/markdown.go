// Package markdown writes a summary of a run for GitHub and GitLab: failures first, within a size. Nothing in it that
// comes from tests can become markup, a mention or a link. It is pure: no clock, no cluster.
package markdown

import (
	"cmp"
	"fmt"
	"io"
	"strings"

	"github.com/podtest/podtest/internal/report/facts"
)

// What GitHub takes, in bytes: a comment, and a step's summary.
const (
	Comment     = 65_536
	StepSummary = 1 << 20
)

// Least is the smallest size that a summary can have.
const Least = 4096

// Write writes the summary in at most so many bytes.
func Write(w io.Writer, run *facts.Run, most int) error {
	p := &page{run: run, room: max(most, Least)}
	if _, err := io.WriteString(w, p.render()); err != nil {
		return fmt.Errorf("writing the summary: %w", err)
	}
	return nil
}

// page is a summary in the making. What must be in it is written first; the rest only while there is room.
type page struct {
	strings.Builder
	run  *facts.Run
	room int
}

// reserve is room for what follows a list: that there is more, and tables.
const reserve = 2048

// add writes a piece if it fits with the reserve.
func (p *page) add(piece string) bool {
	if p.Len()+len(piece)+reserve > p.room {
		return false
	}
	p.WriteString(piece)
	return true
}

func (p *page) render() string {
	p.head()
	p.notes()
	p.failures()
	p.list("Did not run", p.run.NotRun(), func(t *facts.Test) string { return code(t.String()) })
	p.list("Flaky", p.run.Flaky(), func(t *facts.Test) string {
		return fmt.Sprintf("%s passed on attempt %d", code(t.String()), t.Last().Number)
	})
	p.slowest()
	p.next()
	return p.String()
}

var signs = map[string]string{
	"Passed": "✅", "Failed": "❌", "Error": "💥", "Cancelled": "🚫", facts.GoesOn: "⏳",
}

func (p *page) head() {
	r := p.run
	name := strings.TrimPrefix(r.Namespace.String()+"/"+r.Name.String(), "/")
	fmt.Fprintf(p, "## %s %s: %s\n\n%s", signs[r.Verdict], code(clip(name, 256)), r.Verdict, r.Headline())
	fmt.Fprintf(p, " in %s", facts.Took(r.Length()))
	if r.ExitCode != nil {
		fmt.Fprintf(p, ", exit code %d", *r.ExitCode)
	}
	fmt.Fprintf(p, ". Image %s.\n\n", code(clip(r.Image.String(), 256)))
	columns := []struct {
		name string
		n    int
	}{
		{"selected", r.Counts.Selected},
		{"passed", r.Counts.Passed},
		{"flaky", r.Counts.Flaky},
		{"failed", r.Counts.Failed},
		{"timed out", r.Counts.TimedOut},
		{"crashed", r.Counts.Crashed},
		{"out of memory", r.Counts.OOMKilled},
		{"skipped", r.Counts.Skipped},
		{"not run", r.Counts.NotRun},
		{"pending", r.Counts.Pending},
	}
	var names, rule, numbers strings.Builder
	for i, c := range columns {
		if c.n > 0 || i < 2 {
			fmt.Fprintf(&names, "| %s ", c.name)
			rule.WriteString("|--:")
			fmt.Fprintf(&numbers, "| %s ", facts.Number(c.n))
		}
	}
	fmt.Fprintf(p, "%s|\n%s|\n%s|\n\n", &names, &rule, &numbers)
}

func (p *page) notes() {
	for _, n := range p.run.Notes {
		p.add("> " + code(clip(n.Title.String(), 256)) + " " + code(clip(oneLine(n.Text.String()), 512)) + "\n\n")
	}
	if m := p.run.Message.String(); m != "" && len(p.run.Notes) == 0 && p.run.Verdict != "Failed" {
		p.add("> " + code(clip(oneLine(m), 512)) + "\n\n")
	}
}

func (p *page) failures() {
	failures := p.run.Failures()
	if len(failures) == 0 {
		return
	}
	// Half of the room is for outputs, so that names of all failures fit where that is possible at all.
	limit := min(16<<10, max(512, (p.room-p.Len())/2/len(failures)))
	p.add("### Failures\n\n")
	for i, t := range failures {
		if !p.add(p.failure(t, limit, i < 3)) {
			p.more(len(failures)-i, "failure")
			return
		}
	}
}

func (p *page) failure(t *facts.Test, limit int, open bool) string {
	var b strings.Builder
	b.WriteString("<details")
	if open {
		b.WriteString(" open")
	}
	fmt.Fprintf(&b, "><summary>%s: %s", inHTML(clip(t.String(), 512)), cmp.Or(t.Why, t.Outcome))
	if n := len(t.Attempts); n > 1 {
		fmt.Fprintf(&b, ", %d attempts", n)
	}
	b.WriteString("</summary>\n\n")
	if t.Ran() {
		p.attempt(&b, t.Telling(), limit)
	}
	fmt.Fprintf(&b, "%s\n\n</details>\n\n", code(clip(p.run.Commands.Test("repro", t), 1024)))
	return b.String()
}

// attempt is what an attempt printed, or else what is known of it.
func (p *page) attempt(b *strings.Builder, a *facts.Attempt, limit int) {
	fmt.Fprintf(b, "attempt %d took %s", a.Number, facts.Took(a.Length))
	if a.Pod >= 0 {
		fmt.Fprintf(b, " in pod %s", code(clip(p.run.Pods[a.Pod].Name.String(), 256)))
	}
	b.WriteString("\n\n")
	if len(a.Streams) == 0 {
		if text := strings.TrimSpace(a.Excerpt.String()); text != "" {
			b.WriteString(fenced(clip(text, limit)))
		}
		return
	}
	for _, s := range a.Streams {
		cut := s.Within(limit / len(a.Streams))
		text := cut.Head.String()
		if cut.Dropped > 0 {
			text += fmt.Sprintf("\n[%d bytes cut here]\n", cut.Dropped)
		}
		b.WriteString(s.Name + "\n\n" + fenced(text+cut.Tail.String()))
	}
}

// list is a list of tests, one a line.
func (p *page) list(title string, tests []*facts.Test, line func(*facts.Test) string) {
	if len(tests) == 0 || !p.add("### "+title+"\n\n") {
		return
	}
	for i, t := range tests {
		if i == 50 || !p.add("- "+line(t)+"\n") {
			p.more(len(tests)-i, "test")
			return
		}
	}
	p.WriteString("\n")
}

// more says that something is left out; the reserve has room for it.
func (p *page) more(n int, noun string) {
	fmt.Fprintf(p, "\n%s more: %s\n\n", facts.Count(n, noun), code(clip(p.run.Commands.Results, 256)))
}

func (p *page) slowest() {
	tests := p.run.Top(5, func(t *facts.Test) uint64 { return uint64(t.Last().Length) })
	if len(tests) == 0 {
		return
	}
	var table strings.Builder
	table.WriteString("### Slowest\n\n| took | memory | test |\n|--:|--:|---|\n")
	for _, t := range tests {
		a := t.Last()
		fmt.Fprintf(&table, "| %s | %s | %s |\n", facts.Took(a.Length), facts.Memory(a.Row.PeakRSS),
			strings.ReplaceAll(code(clip(t.String(), 256)), "|", `\|`))
	}
	p.add(table.String() + "\n")
}

// next are commands to go on with. The reserve has room for it.
func (p *page) next() {
	command := p.run.Commands.Results
	switch {
	case !p.run.Over:
		command = p.run.Commands.Watch
	case p.run.Counts.Bad()+p.run.Counts.NotRun > 0:
		command = p.run.Commands.Rerun
	}
	fmt.Fprintf(p, "%s\n", code(clip(command, 256)))
}

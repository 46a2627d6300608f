package report

import (
	"fmt"
	"io"
	"strings"
)

// Write writes a comparison for people, with at most so many tests of each kind; 0: all.
func (c Comparison) Write(w io.Writer, limit int) error {
	var b strings.Builder
	fmt.Fprintf(&b, "A  %s\nB  %s\n\n", c.A.line(), c.B.line())
	rows := [][]string{{"", "A", "B", "CHANGE"}}
	for _, i := range c.Counts {
		rows = append(rows, []string{i.Name, fmt.Sprint(i.A), fmt.Sprint(i.B), fmt.Sprintf("%+d", i.B-i.A)})
	}
	b.WriteString(aligned(rows))
	changed := false
	for _, s := range c.Sections {
		if len(s.Tests) == 0 {
			continue
		}
		changed = true
		fmt.Fprintf(&b, "\n%s (%d)\n", s.Title, len(s.Tests))
		shown, more := s.first(limit)
		for _, t := range shown {
			fmt.Fprintf(&b, "  %s %s  %s\n", Line(t.Binary).s, Line(t.Name).s, t.words(s.Name))
		}
		if more > 0 {
			fmt.Fprintf(&b, "  and %d more: --limit 0 shows all\n", more)
		}
	}
	if !changed {
		b.WriteString("\nno test has changed\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func (s Section) first(limit int) (shown []Change, more int) {
	if limit <= 0 || len(s.Tests) <= limit {
		return s.Tests, 0
	}
	return s.Tests[:limit], len(s.Tests) - limit
}

func (r ComparedRun) line() string {
	text := fmt.Sprintf("%s/%s: %s, ", Line(r.Namespace).s, Line(r.Name).s, count(int64(r.Tests), "test"))
	if !r.Complete {
		return text + "not ended yet"
	}
	return text + Line(r.Result).s
}

// words is what has changed, such as "passed -> failed" or "0.100s -> 2.000s (x20.0)".
func (c Change) words(section string) string {
	switch section {
	case "slower", "faster":
		return fmt.Sprintf("%s -> %s (x%.1f)", took(c.A.Duration()), took(c.B.Duration()),
			float64(c.B.DurationUs)/float64(max(1, c.A.DurationUs)))
	case "moreMemory":
		return fmt.Sprintf("%s -> %s (x%.1f)", memory(c.A.PeakRSSKiB), memory(c.B.PeakRSSKiB),
			float64(c.B.PeakRSSKiB)/float64(max(1, c.A.PeakRSSKiB)))
	}
	return c.A.ended() + " -> " + c.B.ended()
}

func (r *Result) ended() string {
	switch {
	case r == nil:
		return "absent"
	case r.Flaky && r.Good():
		return fmt.Sprintf("flaky (%s)", count(int64(r.Attempts), "attempt"))
	}
	return r.Outcome
}

// WriteMarkdown writes a comparison for a pull request.
func (c Comparison) WriteMarkdown(w io.Writer, limit int) error {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s → %s\n\n| | A | B | change |\n|---|---:|---:|---:|\n", codeSpan(c.A.Name), codeSpan(c.B.Name))
	for _, i := range c.Counts {
		fmt.Fprintf(&b, "| %s | %d | %d | %+d |\n", i.Name, i.A, i.B, i.B-i.A)
	}
	for _, s := range c.Sections {
		if len(s.Tests) == 0 {
			continue
		}
		fmt.Fprintf(&b, "\n**%s (%d)**\n\n", s.Title, len(s.Tests))
		shown, more := s.first(limit)
		for _, t := range shown {
			fmt.Fprintf(&b, "- %s %s\n", codeSpan(t.Binary+" "+t.Name), t.words(s.Name))
		}
		if more > 0 {
			fmt.Fprintf(&b, "- … and %d more\n", more)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// codeSpan is text as Markdown shows it unchanged: between more backticks than stand together in it.
func codeSpan(s string) string {
	text, longest, run := Line(s).s, 0, 0
	for _, r := range text {
		if r != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	fence := strings.Repeat("`", longest+1)
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") {
		text = " " + text + " "
	}
	return fence + text + fence
}

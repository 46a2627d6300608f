package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Write writes what is known of a test, for people.
func (e Explained) Write(w io.Writer) error {
	var b strings.Builder
	field := func(name, value string) { fmt.Fprintf(&b, "%-10s %s\n", name, value) }
	field("Test", Line(e.Binary).s+" "+Line(e.Name).s)
	field("Run", Line(e.Namespace).s+"/"+Line(e.Run).s)
	field("Selected", Line(e.Selection).s)
	if e.Outcome != "" {
		word := e.Outcome
		if e.Flaky {
			word += " (flaky)"
		}
		field("Outcome", word)
	}
	for _, s := range e.Story {
		b.WriteString(strings.Join(wrapped(Line(s).s, textWidth-11, strings.Repeat(" ", 11)), "\n") + "\n")
	}
	e.class(field)
	e.attempts(&b)
	e.settings(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

// textWidth is what prose is broken to.
const textWidth = 80

// wrapped breaks text at spaces, and puts margin before each line.
func wrapped(text string, width int, margin string) []string {
	var lines []string
	line := ""
	for word := range strings.SplitSeq(text, " ") {
		if line != "" && cells(line)+1+cells(word) > width {
			lines = append(lines, margin+line)
			line = word
			continue
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, margin+line)
}

func (e Explained) class(field func(name, value string)) {
	c := e.Class
	name := Line(c.Name).s
	if c.OwnPod {
		name += ", a pod of its own"
	}
	field("Class", name)
	if text := quantities(c.Resources.Requests); text != "" {
		field("  requests", text)
	}
	if text := quantities(c.Resources.Limits); text != "" {
		field("  limits", text)
	}
	if len(c.NodeSelector) > 0 {
		var all []string
		for k, v := range c.NodeSelector {
			all = append(all, k+"="+v)
		}
		slices.Sort(all)
		field("  nodes", Line(strings.Join(all, ", ")).s)
	}
	for _, t := range c.Tolerations {
		field("  tolerates", Line(strings.TrimSpace(fmt.Sprintf("%s %s %s %s", t.Key, t.Operator, t.Value, t.Effect))).s)
	}
	if c.RuntimeClassName != "" {
		field("  runtime", Line(c.RuntimeClassName).s)
	}
}

func quantities(list corev1.ResourceList) string {
	var all []string
	for name, q := range list {
		all = append(all, string(name)+" "+q.String())
	}
	slices.Sort(all)
	return Line(strings.Join(all, ", ")).s
}

func (e Explained) attempts(b *strings.Builder) {
	if len(e.Attempts)+len(e.Lost) == 0 {
		return
	}
	rows := [][]string{{"TRY", "OUTCOME", "DURATION", "CPU", "MEMORY", "WHY", "POD"}}
	for _, l := range e.Lost {
		rows = append(rows, []string{
			fmt.Sprint(l.Attempt), "lost", "-", "-", "-", Line(l.Cause).s, placed(l.Pod, l.Node),
		})
	}
	for _, a := range e.Attempts {
		duration := took(time.Duration(a.DurationUs) * time.Microsecond)
		if a.Outcome == outcomeRunning {
			duration = "-"
		}
		rows = append(rows, []string{
			fmt.Sprint(a.Attempt), a.Outcome, duration, cpuTime(time.Duration(a.CPUUs) * time.Microsecond),
			memory(a.PeakRSSKiB), dash(a.Why), placed(a.Pod, a.Node),
		})
	}
	slices.SortStableFunc(rows[1:], func(a, b []string) int { return strings.Compare(pad(a[0]), pad(b[0])) })
	b.WriteString("\n" + aligned(rows))
	for _, a := range e.Attempts {
		if said := indent(Block(a.Excerpt)); said != "" {
			fmt.Fprintf(b, "\nAttempt %d said:\n%s", a.Attempt, said)
		}
	}
}

func placed(pod, node string) string {
	if node == "" {
		return Line(pod).s
	}
	return Line(pod).s + " on " + Line(node).s
}

func pad(number string) string { return fmt.Sprintf("%8s", number) }

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func (e Explained) settings(b *strings.Builder) {
	rows := [][]string{{"SETTING", "VALUE", "SET BY"}}
	for _, s := range e.Settings {
		rows = append(rows, []string{s.Name, Line(s.Value).s, Line(s.Source).s})
	}
	b.WriteString("\n" + aligned(rows))
}

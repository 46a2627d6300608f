package report

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/podtest/podtest/api/v1alpha1"
)

// Options say for whom is rendered, and what.
type Options struct {
	Color    bool
	Terminal bool // the last lines may be drawn again
	ASCII    bool // lines and bars are made of ASCII
	Width    int  // of the terminal; 0: 80
	Height   int  // of the terminal; 0: 24

	Status   StatusLevel
	Final    FinalLevel
	Progress ProgressMode
	// FailureOutput and SuccessOutput stand above what the run says.
	FailureOutput, SuccessOutput v1alpha1.OutputPolicy
	NoIndent                     bool // of output
	Verbose                      bool // pods and nodes too
}

// settled is what the options come to: "only" is bar and two levels, and without a terminal there is no bar.
func (o Options) settled() Options {
	if o.Progress == "only" && o.Terminal {
		o.Status, o.Final, o.Progress = "slow", "none", "bar"
	}
	switch {
	case o.Progress == "none", o.Progress == "counter":
	case o.Terminal:
		o.Progress = "bar"
	default:
		o.Progress = "counter"
	}
	return o
}

// Printer renders the events of one run, one after the other, in nextest's layout.
type Printer struct {
	o        Options
	area     area
	counted  counted
	of       int64              // tests to run
	attempts map[uint32]Attempt // that are shown once more at the end
	skipped  []Skipped          // that are shown at the end
}

// NewPrinter makes a Printer.
func NewPrinter(o Options) *Printer {
	p := &Printer{o: o.settled(), attempts: map[uint32]Attempt{}}
	p.SetSize(o.Width, o.Height)
	return p
}

// SetSize tells the size of the terminal, which may have changed.
func (p *Printer) SetSize(columns, rows int) {
	p.o.Width, p.o.Height = columns, rows
	if columns <= 0 {
		p.o.Width = 80
	}
	if rows <= 0 {
		p.o.Height = 24
	}
}

// Print renders one event.
func (p *Printer) Print(e Event) []byte {
	text := e.render(p)
	switch e := e.(type) {
	case Progress:
		if p.o.Progress == "bar" {
			return p.area.draw(text, p.progressArea(e), p.o.Width)
		}
	case Ended:
		return p.area.draw(text, nil, p.o.Width)
	}
	if text == "" {
		return nil
	}
	return p.area.draw(text, p.area.lines, p.o.Width)
}

// Close takes the progress off the terminal.
func (p *Printer) Close() []byte { return p.area.draw("", nil, p.o.Width) }

// Render renders events from the first on.
func Render(events []Event, o Options) []byte {
	p := NewPrinter(o)
	var b bytes.Buffer
	for _, e := range events {
		b.Write(p.Print(e))
	}
	return b.Bytes()
}

type style string

const (
	none   style = ""
	good   style = "1;32"
	bad    style = "1;31"
	warn   style = "1;33"
	bold   style = "1"
	dim    style = "2"
	binary style = "1;35"
	module style = "36"
	last   style = "1;34"
)

// paint dresses up text that is neutral.
func (p *Printer) paint(s style, text string) string {
	if !p.o.Color || s == none || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// statusWidth is nextest's: status words are aligned to the right within so many columns.
const statusWidth = 12

// status is a status word, aligned.
func (p *Printer) status(s style, word string) string {
	return strings.Repeat(" ", max(0, statusWidth-cells(word))) + p.paint(s, word)
}

// rule is a line of so many columns.
func (p *Printer) rule(columns int) string {
	if p.o.ASCII {
		return strings.Repeat("-", columns)
	}
	return strings.Repeat("─", columns)
}

// test is "<binary id> <test name>"; only the last part of the name stands out.
func (p *Printer) test(n Name) string {
	t := n.text()
	parents, name := cutName(t.Name.s)
	return p.paint(binary, t.Binary.s) + " " + p.paint(module, parents) + p.paint(last, name)
}

// cutName cuts a test's name before its last part.
func cutName(name string) (parents, last string) {
	cut := strings.LastIndex(name, "::")
	if cut < 0 {
		return "", name
	}
	cut += len("::")
	return name[:cut], name[cut:]
}

func (e Begun) render(p *Printer) string {
	image := ""
	if e.Image != "" {
		image = p.paint(dim, " image "+Line(e.Image).s)
	}
	return fmt.Sprintf("%s %s/%s%s\n", p.status(good, "TestRun"), Line(e.Namespace).s, Line(e.Name).s, image)
}

func (e Note) render(p *Printer) string {
	word := Line(e.Word).s
	s := good
	if word == strings.ToUpper(word) {
		s = warn
	}
	return fmt.Sprintf("%s [>%7.3fs] %s\n", p.status(s, word), e.Elapsed.Seconds(), hanging(e.Text))
}

// hanging is text whose first line goes on a line that has begun; those after it are indented.
func hanging(s string) string {
	return strings.TrimPrefix(strings.TrimSuffix(indent(Block(s)), "\n"), "    ")
}

// leftOut are the words for what leaves tests out, in the order in which they are told.
var leftOut = []struct{ by, words string }{
	{"filter", "filtered out"},
	{"defaultFilter", "left out by the default filter"},
	{"partition", "of other partitions"},
	{"ignored", "ignored"},
	{"rerun", "passed before"},
}

func (e Listed) render(p *Printer) string {
	p.of = e.Selected
	var out []string
	for _, l := range leftOut {
		if n := e.LeftOut[l.by]; n > 0 {
			out = append(out, fmt.Sprintf("%d %s", n, l.words))
		}
	}
	if len(out) == 0 && e.NotSelected > 0 {
		out = append(out, fmt.Sprintf("%d not selected", e.NotSelected))
	}
	line := fmt.Sprintf("%s %s in %s", p.status(good, "Listed"), count(e.Tests, "test"),
		count(e.Binaries, "binary", "binaries"))
	if len(out) > 0 {
		line += " (" + strings.Join(out, ", ") + ")"
	}
	line += "\n"
	if e.Workers > 0 && e.Selected > 0 {
		crew := count(e.Workers, "worker")
		if e.Slots > 1 {
			crew += fmt.Sprintf(" of %d slots", e.Slots)
		}
		line += fmt.Sprintf("%s %s on at most %s\n", p.status(good, "Starting"), count(e.Selected, "test"), crew)
	}
	return line
}

func (e Skipped) render(p *Printer) string {
	if p.o.Final.shows("skip") {
		p.skipped = append(p.skipped, e)
	}
	if !p.o.Status.shows("skip") {
		return ""
	}
	return p.skip(e)
}

func (p *Printer) skip(e Skipped) string {
	by := Line(e.By).s
	if i := slices.IndexFunc(leftOut, func(l struct{ by, words string }) bool { return l.by == e.By }); i >= 0 {
		by = leftOut[i].words
	}
	return fmt.Sprintf("%s [         ]%s %s%s\n", p.status(warn, "SKIP"), p.counter(0, p.of, false), p.test(e.Test),
		p.paint(dim, " ("+cmp.Or(by, "not selected")+")"))
}

func (e Cancelling) render(p *Printer) string {
	why := "due to " + Line(e.Reason).s
	if e.Reason == byRequest {
		why = "on request"
	}
	line := p.status(bad, "Cancelling") + " " + why
	if e.Running > 0 {
		line += fmt.Sprintf(": %s still running", count(e.Running, "test"))
	}
	return line + "\n"
}

// count is "1 test" or "2 tests".
func count(n int64, one string, many ...string) string {
	if n == 1 {
		return "1 " + one
	}
	if len(many) == 0 {
		many = []string{one + "s"}
	}
	return fmt.Sprintf("%d %s", n, many[0])
}

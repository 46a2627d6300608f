package report

import (
	"bytes"
	"fmt"
	"strings"
	"time"
)

// Options say for whom is rendered.
type Options struct {
	Color    bool
	Terminal bool // the last line may be drawn again
	Width    int  // of the terminal; 0: 80
}

// counterEvery is how often the counter line is printed where no line can be drawn again.
const counterEvery = 5 * time.Second

// statusWidth is nextest's: status words are aligned to the right within so many columns.
const statusWidth = 12

// Printer renders the events of one run, one after the other, in nextest's layout.
type Printer struct {
	o       Options
	drawn   bool // a progress line is the last thing on the screen
	counted time.Duration
}

// NewPrinter makes a Printer.
func NewPrinter(o Options) *Printer {
	p := &Printer{o: o}
	p.SetWidth(o.Width)
	return p
}

// SetWidth tells the width of the terminal, which may have changed.
func (p *Printer) SetWidth(columns int) {
	p.o.Width = columns
	if columns <= 0 {
		p.o.Width = 80
	}
}

// Print renders one event.
func (p *Printer) Print(e Event) []byte {
	text := e.render(p)
	if text == "" {
		return nil
	}
	_, progress := e.(Progress)
	if p.drawn {
		text = "\r\x1b[K" + text
	}
	p.drawn = progress && p.o.Terminal
	return []byte(text)
}

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
	dim    style = "2"
	binary style = "35"
	module style = "36"
	last   style = "1;34"
)

func (p *Printer) paint(s style, text string) string {
	if !p.o.Color || s == none || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// status is a status word, aligned.
func (p *Printer) status(s style, word string) string {
	pad := max(0, statusWidth-len([]rune(word)))
	return strings.Repeat(" ", pad) + p.paint(s, word)
}

// test is "<binary id> <test name>"; only the last part of the name stands out.
func (p *Printer) test(t Test) string {
	name := t.Name.s
	cut := strings.LastIndex(name, "::")
	if cut < 0 {
		return p.paint(binary, t.Binary.s) + " " + p.paint(last, name)
	}
	cut += len("::")
	return p.paint(binary, t.Binary.s) + " " + p.paint(module, name[:cut]) + p.paint(last, name[cut:])
}

func (e Begun) render(p *Printer) string {
	image := ""
	if e.Image.s != "" {
		image = p.paint(dim, " image "+e.Image.s)
	}
	return fmt.Sprintf("%s %s/%s%s\n", p.status(good, "TestRun"), e.Namespace.s, e.Name.s, image)
}

func (e Note) render(p *Printer) string {
	s := good
	if e.Word == strings.ToUpper(e.Word) {
		s = warn
	}
	text := strings.TrimSuffix(indent(e.Text), "\n")
	return fmt.Sprintf("%s [>%7.3fs] %s\n", p.status(s, e.Word), e.Elapsed.Seconds(), strings.TrimPrefix(text, "    "))
}

func (e Listed) render(p *Printer) string {
	out := ""
	if e.NotSelected > 0 {
		out = fmt.Sprintf(" (%d not selected)", e.NotSelected)
	}
	return fmt.Sprintf("%s %s in %s%s\n", p.status(good, "Listed"),
		count(e.Tests, "test"), count(e.Binaries, "binary", "binaries"), out)
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

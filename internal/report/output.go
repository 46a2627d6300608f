package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/podtest/podtest/internal/wire"
)

// output is what an attempt printed as it stands below its line, in nextest's layout, and why it failed.
func (p *Printer) output(e Attempt) string {
	var b strings.Builder
	if why := Line(e.Why).s; why != "" {
		b.WriteString("    " + p.paint(bad, why) + "\n")
	}
	if e.Output == nil {
		return b.String() + p.indented(Block(e.Excerpt))
	}
	for _, s := range []struct {
		name string
		Stream
	}{{"stdout", e.Output.Stdout}, {"stderr", e.Output.Stderr}} {
		text := p.indented(Block(s.Head))
		if s.Cut > 0 {
			text += p.indent() + p.paint(dim, "... "+count(s.Cut, "byte")+" cut here") + "\n" + p.indented(Block(s.Tail))
		}
		if text != "" {
			b.WriteString(p.streamHeader(s.name) + text + "\n")
		}
	}
	return b.String()
}

// streamHeader stands above what was printed to a stream.
func (p *Printer) streamHeader(name string) string {
	if p.o.NoIndent {
		return p.paint(binary, p.rule(2)+" "+name+" "+p.rule(2)) + "\n"
	}
	return "  " + p.paint(binary, name+" "+p.rule(3)) + "\n"
}

func (p *Printer) indent() string {
	if p.o.NoIndent {
		return ""
	}
	return "    "
}

func (p *Printer) indented(t Text) string {
	if !p.o.NoIndent {
		return indent(t)
	}
	if s := strings.TrimRight(t.s, "\n \t"); s != "" {
		return s + "\n"
	}
	return ""
}

// WriteOutput writes what an attempt printed, under the names of the streams: neutralised, or byte by byte if raw.
func WriteOutput(w io.Writer, title string, o wire.Output, raw bool) error {
	var b strings.Builder
	fmt.Fprintf(&b, "--- %s\n", Line(title).s)
	for _, s := range []struct {
		name string
		wire.Stream
	}{{"stdout", o.Stdout}, {"stderr", o.Stderr}} {
		if len(s.Head)+len(s.Tail) == 0 && s.Dropped == 0 {
			continue
		}
		fmt.Fprintf(&b, "--- %s\n", s.name)
		b.WriteString(kept(s.Head, raw))
		if s.Dropped > 0 {
			fmt.Fprintf(&b, "--- %s cut here\n", count(s.Dropped, "byte"))
		}
		b.WriteString(kept(s.Tail, raw))
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// kept is a piece of a stream, with a line end at its end.
func kept(piece []byte, raw bool) string {
	text := string(piece)
	if !raw {
		text = Block(text).s
	}
	if text == "" || strings.HasSuffix(text, "\n") {
		return text
	}
	return text + "\n"
}

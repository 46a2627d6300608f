package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/podtest/podtest/internal/wire"
)

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

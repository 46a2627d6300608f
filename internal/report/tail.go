package report

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/podtest/podtest/internal/wire"
)

// Tail prints what an attempt prints while it runs, under the names of the streams, neutralised unless Raw.
type Tail struct {
	To  io.Writer
	Raw bool

	stream int  // that was printed last, from 1
	within bool // a line
	rest   [2][]byte
	buf    bytes.Buffer
}

var streams = [2]string{"stdout", "stderr"}

// Title begins an attempt.
func (t *Tail) Title(title string) error {
	t.head(Line(title).s)
	t.stream = 0
	return t.flush()
}

// Show prints a line of output.
func (t *Tail) Show(o wire.LiveOutput) error {
	for i, pieces := range [2][]wire.LivePiece{o.Stdout, o.Stderr} {
		for _, p := range pieces {
			if p.Cut > 0 {
				t.write(i, t.take(i, nil, true))
				t.head(count(p.Cut, "byte") + " cut here")
				t.stream = i + 1
			}
			t.write(i, t.take(i, p.Text, t.Raw))
		}
	}
	return t.flush()
}

// Close prints what was held back, and ends the line.
func (t *Tail) Close() error {
	for i := range t.rest {
		t.write(i, t.take(i, nil, true))
	}
	t.newline()
	return t.flush()
}

// take is what can be printed now that more has come; the rest is kept for later, unless all is wanted.
func (t *Tail) take(i int, more []byte, all bool) []byte {
	text := slices.Concat(t.rest[i], more)
	n := len(text)
	if !all {
		n = whole(text)
	}
	t.rest[i] = text[n:]
	return text[:n]
}

func (t *Tail) write(i int, text []byte) {
	if len(text) == 0 {
		return
	}
	if t.stream != i+1 {
		t.head(streams[i])
		t.stream = i + 1
	}
	shown := string(text)
	if !t.Raw {
		shown = Block(shown).s
	}
	t.buf.WriteString(shown)
	if shown != "" {
		t.within = shown[len(shown)-1] != '\n'
	}
}

func (t *Tail) head(words string) {
	t.newline()
	fmt.Fprintf(&t.buf, "--- %s\n", words)
}

func (t *Tail) newline() {
	if t.within {
		t.buf.WriteByte('\n')
		t.within = false
	}
}

func (t *Tail) flush() error {
	_, err := t.buf.WriteTo(t.To)
	return err
}

// unfinished is the beginning of a styling sequence, or of a line end.
var unfinished = regexp.MustCompile("(?:\x1b(?:\\[[0-?]*[ -/]*|\\][^\x07\x1b]*\x1b?)?|\r)$")

// longestSequence is how much is held back at most for a sequence that may still end.
const longestSequence = 4 << 10

// whole is how much of the text can be neutralised without knowing what follows.
func whole(text []byte) int {
	from := max(0, len(text)-longestSequence)
	if at := unfinished.FindIndex(text[from:]); at != nil {
		return from + at[0]
	}
	for n := 1; n < utf8.UTFMax && n <= len(text); n++ {
		if last := text[len(text)-n:]; utf8.RuneStart(last[0]) {
			if !utf8.FullRune(last) {
				return len(text) - n
			}
			break
		}
	}
	return len(text)
}

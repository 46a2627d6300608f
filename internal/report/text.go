// Package report renders what became of a run, for terminals and for programs. Rendering is pure: events and options
// in, bytes out; no clock, no cluster. Package live below it watches the cluster.
package report

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Text is text that cannot harm a terminal or deceive its reader. Only Line and Block make one, and all that comes from
// tests, images and the cluster passes through them, once, on its way into an event.
type Text struct{ s string }

// String is the text.
func (t Text) String() string { return t.s }

// Line neutralises what must stay on one line, such as a name: whatever is not plain text is shown as an escape, so
// that different names stay different.
func Line(s string) Text { return Text{neutral(s, "")} }

// styling are the escape sequences that only dress text up: colours, cursor moves, hyperlinks, titles.
var styling = regexp.MustCompile("\x1b\\[[0-?]*[ -/]*[@-~]|\x1b\\][^\x07\x1b]*(?:\x07|\x1b\\\\)")

// frames are what Go's tests put before the lines that their tools read.
var frames = regexp.MustCompile("(?m)^\x16")

// Block neutralises what may have several lines, such as output. Styling and the marks of Go's test frames are taken
// out, for they would only be noise.
func Block(s string) Text {
	s = styling.ReplaceAllString(s, "")
	s = frames.ReplaceAllString(s, "")
	s = strings.ReplaceAll(s, "\r\n", "\n")
	return Text{neutral(s, "\n\t")}
}

func neutral(s, allowed string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	for len(s) > 0 {
		r, size := utf8.DecodeRuneInString(s)
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, s[0])
		case strings.ContainsRune(allowed, r), visible(r):
			b.WriteRune(r)
		default:
			b.WriteString(escaped(r))
		}
		s = s[size:]
	}
	return b.String()
}

// plain is true for most text: printable ASCII.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// visible: IsPrint leaves out control and format characters (bidi overrides and isolates, zero-width ones, tags), line
// and paragraph separators, and all spaces but the ordinary one. The private use area may look like anything.
func visible(r rune) bool { return unicode.IsPrint(r) && !unicode.Is(unicode.Co, r) }

func escaped(r rune) string {
	switch {
	case r == '\n':
		return `\n`
	case r == '\r':
		return `\r`
	case r == '\t':
		return `\t`
	case r < utf8.RuneSelf:
		return fmt.Sprintf(`\x%02x`, r)
	case r > 0xffff:
		return fmt.Sprintf(`\U%08x`, r)
	default:
		return fmt.Sprintf(`\u%04x`, r)
	}
}

// indent puts four spaces before each line that is not empty, and ends the last one.
func indent(t Text) string {
	s := strings.TrimRight(t.s, "\n \t")
	if s == "" {
		return ""
	}
	var b strings.Builder
	for line := range strings.SplitSeq(s, "\n") {
		if line != "" {
			b.WriteString("    " + line)
		}
		b.WriteString("\n")
	}
	return b.String()
}

package filter

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Error shows every problem under its place in the text.
func (e *Error) Error() string {
	var out strings.Builder
	for i, p := range e.Problems {
		if i > 0 {
			out.WriteString("\n")
		}
		line, caret := e.show(p)
		out.WriteString("invalid filterset: " + p.Message + "\n  " + line + "\n  " + caret)
		if p.Hint != "" {
			out.WriteString("\n  hint: " + p.Hint)
		}
	}
	return out.String()
}

// show is the line that a problem begins in, and the carets under it.
func (e *Error) show(p Problem) (line, carets string) {
	start := min(max(p.Offset, 0), len(e.Text))
	from := strings.LastIndexByte(e.Text[:start], '\n') + 1
	to := len(e.Text)
	if i := strings.IndexByte(e.Text[start:], '\n'); i >= 0 {
		to = start + i
	}
	end := min(start+max(p.Length, 0), to)
	var out strings.Builder
	for _, r := range e.Text[from:start] {
		if r == '\t' {
			out.WriteByte('\t')
			continue
		}
		out.WriteString(strings.Repeat(" ", columns(r)))
	}
	width := 0
	for _, r := range e.Text[start:end] {
		width += columns(r)
	}
	out.WriteString(strings.Repeat("^", max(width, 1)))
	return strings.ToValidUTF8(strings.TrimSuffix(e.Text[from:to], "\r"), string(utf8.RuneError)), out.String()
}

// wide are the characters that take two columns of a terminal.
var wide = &unicode.RangeTable{
	R16: []unicode.Range16{
		{0x1100, 0x115f, 1},
		{0x2e80, 0xa4cf, 1},
		{0xac00, 0xd7a3, 1},
		{0xf900, 0xfaff, 1},
		{0xfe30, 0xfe6f, 1},
		{0xff00, 0xff60, 1},
		{0xffe0, 0xffe6, 1},
	},
	R32: []unicode.Range32{{0x1f300, 0x1f64f, 1}, {0x1f900, 0x1f9ff, 1}, {0x20000, 0x3fffd, 1}},
}

func columns(r rune) int {
	switch {
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	case unicode.Is(wide, r):
		return 2
	}
	return 1
}

package filter

import (
	"fmt"
	"strings"
	"unicode"
)

// Exactly is the filterset of one test, whatever its names hold but for bytes that are not UTF-8, which no test has.
// All of it is plain text on one line.
func Exactly(binaryID, name string) string {
	return "binary_id(=" + escape(binaryID) + ") & test(=" + escape(name) + ")"
}

var unescapes = map[rune]string{
	'\n': `\n`, '\r': `\r`, '\t': `\t`, '\b': `\b`, '\f': `\f`, '\\': `\\`, ')': `\)`, ',': `\,`,
}

// escape writes text as the argument of a predicate. Spaces at its ends are escaped too: who reads it may trim it.
func escape(text string) string {
	var out strings.Builder
	inner := strings.Trim(text, " ")
	lead := len(text) - len(strings.TrimLeft(text, " "))
	for i, r := range text {
		short, known := unescapes[r]
		switch {
		case known:
			out.WriteString(short)
		case unicode.IsPrint(r) && (r != ' ' || i >= lead && i < lead+len(inner)):
			out.WriteRune(r)
		default:
			fmt.Fprintf(&out, `\u{%x}`, r)
		}
	}
	return out.String()
}

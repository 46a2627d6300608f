package runner

import (
	"fmt"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// excerptSize is the most that the run's status shows of one failure, in bytes.
const excerptSize = 1 << 10

// colours are escape sequences that terminals take; they mean nothing in a status.
var colours = regexp.MustCompile(`\x1b\[[0-9;?]*[ -/]*[@-~]`)

// excerpt is one sentence why, then the end of what was printed, as valid UTF-8 without control characters.
func excerpt(why string, printed []byte) string {
	why = cutEnd(plain(strings.ReplaceAll(why, "\n", " ")), excerptSize)
	text := strings.TrimSpace(plain(string(colours.ReplaceAll(printed, nil))))
	room := excerptSize - len(why) - 1
	if text == "" || room <= 0 {
		return why
	}
	return why + "\n" + cutStart(text, room)
}

// plain drops the marks of Go's test frames and carriage returns, and shows other control characters as escapes.
func plain(s string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(s, "\uFFFD") {
		switch {
		case r == '\n' || r == '\t':
			b.WriteRune(r)
		case r == '\r' || r == 0x16:
		case unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r):
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

func cutEnd(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n]
}

func cutStart(s string, n int) string {
	if len(s) <= n {
		return s
	}
	i := len(s) - n
	for i < len(s) && !utf8.RuneStart(s[i]) {
		i++
	}
	return s[i:]
}

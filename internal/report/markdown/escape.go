package markdown

import (
	"html"
	"strings"
	"unicode/utf8"
)

// code is text as a code span: nothing in one is markup, a mention, a reference or a link. The text has one line.
func code(text string) string {
	ticks := strings.Repeat("`", longestRun(text)+1)
	if strings.Trim(text, " ") == "" {
		return ticks + "-" + ticks
	}
	if strings.HasPrefix(text, "`") || strings.HasSuffix(text, "`") || (text[0] == ' ' && text[len(text)-1] == ' ') {
		text = " " + text + " "
	}
	return ticks + text + ticks
}

// fenced is text as a block of code.
func fenced(text string) string {
	fence := strings.Repeat("`", max(3, longestRun(text)+1))
	return fence + "text\n" + strings.TrimRight(text, "\n") + "\n" + fence + "\n\n"
}

// inHTML is text as code in a line of HTML, which Markdown does not look into.
func inHTML(text string) string { return "<code>" + html.EscapeString(text) + "</code>" }

// longestRun is the length of the longest run of backticks.
func longestRun(text string) int {
	longest, run := 0, 0
	for i := range len(text) {
		if text[i] != '`' {
			run = 0
			continue
		}
		run++
		longest = max(longest, run)
	}
	return longest
}

// clip is the beginning of a text that is too long.
func clip(text string, most int) string {
	if len(text) <= most {
		return text
	}
	for most > 0 && !utf8.RuneStart(text[most]) {
		most--
	}
	return text[:most] + "…"
}

func oneLine(text string) string { return strings.Join(strings.Fields(text), " ") }

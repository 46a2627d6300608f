package report

import (
	"slices"
	"strings"
)

// area is what stands below the lines that stay and is drawn again and again: the bar and the running tests.
type area struct {
	lines []string
}

// What is used of a terminal's language: whatever can redraw a line can do this.
const (
	hideCursor = "\x1b[?25l"
	showCursor = "\x1b[?25h"
	clearBelow = "\x1b[J"
)

// draw puts text above the area and draws lines as the new one: nothing if nothing has changed. The cursor is hidden
// only while it is under way, so that it is there however podtest ends.
func (a *area) draw(text string, lines []string, width int) []byte {
	if text == "" && slices.Equal(a.lines, lines) {
		return nil
	}
	if len(a.lines)+len(lines) == 0 {
		return []byte(text)
	}
	var b strings.Builder
	b.WriteString(hideCursor)
	if len(a.lines) > 0 {
		b.WriteString("\r")
		if up := rows(a.lines, width) - 1; up > 0 {
			b.WriteString("\x1b[" + decimal(up) + "A")
		}
		b.WriteString(clearBelow)
	}
	b.WriteString(text)
	b.WriteString(strings.Join(lines, "\r\n"))
	b.WriteString(showCursor)
	a.lines = lines
	return []byte(b.String())
}

// rows is how many rows lines take now. They fitted when they were drawn; in a terminal that has become narrower since,
// long ones were broken.
func rows(lines []string, width int) int {
	n := 0
	for _, line := range lines {
		n += max(1, (cells(unpainted(line))+width-1)/width)
	}
	return n
}

// unpainted is a line without our own colours.
func unpainted(line string) string {
	if !strings.Contains(line, "\x1b") {
		return line
	}
	return styling.ReplaceAllString(line, "")
}

package report

import (
	"strings"
	"unicode"

	"golang.org/x/text/width"
)

// cells is how many columns of a terminal a text takes that Line has made.
func cells(s string) int {
	n := 0
	for _, r := range s {
		n += cellsOf(r)
	}
	return n
}

func cellsOf(r rune) int {
	if r < 0x300 { // nothing below is wide or combines
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	if kind := width.LookupRune(r).Kind(); kind == width.EastAsianWide || kind == width.EastAsianFullwidth {
		return 2
	}
	return 1
}

// aligned pads all columns but the last, by the columns of a terminal.
func aligned(rows [][]string) string {
	widths := map[int]int{}
	for _, row := range rows {
		for i, text := range row {
			widths[i] = max(widths[i], cells(text))
		}
	}
	var b strings.Builder
	for _, row := range rows {
		padded := make([]string, len(row))
		for i, text := range row {
			padded[i] = text + strings.Repeat(" ", widths[i]-cells(text))
		}
		b.WriteString(strings.TrimRight(strings.Join(padded, "   "), " ") + "\n")
	}
	return b.String()
}

const cutMark = "…"

// withoutEnd is a text within so many cells; what is cut at its end is marked.
func withoutEnd(s string, most int) string {
	if cells(s) <= most {
		return s
	}
	if most <= 0 {
		return ""
	}
	room := most - 1
	for i, r := range s {
		if room -= cellsOf(r); room < 0 {
			return s[:i] + cutMark
		}
	}
	return s
}

// withoutStart is withoutEnd for names, whose ends tell more.
func withoutStart(s string, most int) string {
	over := cells(s) - most
	if over <= 0 {
		return s
	}
	if most <= 0 {
		return ""
	}
	over++
	for i, r := range s {
		if over <= 0 && cellsOf(r) > 0 {
			return cutMark + s[i:]
		}
		over -= cellsOf(r)
	}
	return cutMark
}

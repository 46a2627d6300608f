package report

import "strings"

// segment is a piece of a line in one style. Its text is neutral.
type segment struct {
	style style
	text  string
}

// segments are a line, or a part of one.
type segments []segment

func (s segments) cells() int { return cells(s.plain()) }

func (s segments) plain() string {
	var b strings.Builder
	for _, piece := range s {
		b.WriteString(piece.text)
	}
	return b.String()
}

// within is the line within so many cells; what is cut at its end is marked.
func (s segments) within(most int) segments {
	if s.cells() <= most {
		return s
	}
	var line segments
	for _, piece := range s {
		takes := cells(piece.text)
		if takes < most {
			line, most = append(line, piece), most-takes
			continue
		}
		if takes == most {
			piece.text += " " // more follows: the mark takes the place of the last cell
		}
		return append(line, segment{piece.style, withoutEnd(piece.text, most)})
	}
	return line
}

func (p *Printer) painted(s segments) string {
	var b strings.Builder
	for _, piece := range s {
		b.WriteString(p.paint(piece.style, piece.text))
	}
	return b.String()
}

package junit

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"slices"
	"unicode/utf8"
)

// cut makes one file of at most a size by shortening what tests printed: first what passed ones did, then the rest,
// the longest first. Verdicts are never cut: with very many tests the file may be larger.
func (r input) cut(cases []testCase, size, limit int64) (*Report, error) {
	var file []byte
	for range 4 { // what is cut is said, which takes room
		if !shortenAll(cases, size-limit) {
			break
		}
		total := int64(0)
		for i := range cases {
			total += cases[i].cut
		}
		var err error
		file, err = r.file(cases, fmt.Sprintf("%d bytes of what tests printed are cut, so that this file has at most %d",
			total, limit))
		if err != nil {
			return nil, err
		}
		if size = int64(len(file)); size <= limit {
			return &Report{Files: [][]byte{file}, Cut: total}, nil
		}
	}
	if file == nil {
		whole, err := r.file(cases, "")
		return &Report{Files: [][]byte{whole}}, err
	}
	total := int64(0)
	for i := range cases {
		total += cases[i].cut
	}
	return &Report{Files: [][]byte{file}, Cut: total}, nil
}

// suiteSize is more than what a suite and its file take beside their cases and their names.
const suiteSize = 2048

// split makes as many files as are needed. Only a test that is larger than a file is cut.
func (r input) split(cases []testCase, limit int64) (*Report, error) {
	var made Report
	var part []testCase
	var size int64
	flush := func() error {
		if len(part) == 0 {
			return nil
		}
		file, err := r.file(part, "")
		made.Files = append(made.Files, file)
		part, size = nil, 0
		return err
	}
	for _, c := range cases {
		one, err := c.size()
		if err != nil {
			return nil, err
		}
		if one > limit {
			alone := []testCase{c}
			shortenAll(alone, one-limit+suiteSize)
			c = alone[0]
			made.Cut += c.cut
			if one, err = c.size(); err != nil {
				return nil, err
			}
		}
		if size+one > limit {
			if err := flush(); err != nil {
				return nil, err
			}
		}
		part, size = append(part, c), size+one
	}
	return &made, flush()
}

// size is more than what the case takes in a file of its own.
func (c testCase) size() (int64, error) {
	var b bytes.Buffer
	enc := xml.NewEncoder(&b)
	enc.Indent("        ", "    ")
	err := enc.Encode(c)
	return int64(len(readable(b.Bytes()))+6*len(c.ClassName)) + suiteSize, err
}

// printedText is a text that a test printed, in its case.
type printedText struct {
	of   *testCase
	text *string
	size int64 // as XML
}

// note is more than what it takes to say in a text and in a property that something was cut.
const note = 160

// shortenAll takes at least so many bytes out of what tests printed, if there are as many; false: there is nothing.
func shortenAll(cases []testCase, excess int64) bool {
	var ofPassed, ofFailed []printedText
	add := func(to *[]printedText, c *testCase, texts ...*string) {
		for _, t := range texts {
			if size := escapedSize(*t); size > note {
				*to = append(*to, printedText{c, t, size})
			}
		}
	}
	for i := range cases {
		c := &cases[i]
		to := &ofPassed
		if c.Bad != nil {
			to = &ofFailed
			add(to, c, &c.Bad.Text, &c.Bad.Out, &c.Bad.Err)
		}
		add(to, c, &c.Out, &c.Err)
		for o := range c.Others {
			add(&ofFailed, c, &c.Others[o].Text, &c.Others[o].Out, &c.Others[o].Err)
		}
	}
	excess -= shorten(ofPassed, excess)
	if excess > 0 {
		shorten(ofFailed, excess)
	}
	return len(ofPassed)+len(ofFailed) > 0
}

// shorten brings the longest texts down to one size, so that so many bytes are saved. It returns how many were.
func shorten(texts []printedText, excess int64) int64 {
	saved := func(most int64) (sum int64) {
		for _, t := range texts {
			sum += max(0, t.size-note-most)
		}
		return sum
	}
	low, high := int64(0), int64(0) // the largest size that saves enough is in between
	for _, t := range texts {
		high = max(high, t.size)
	}
	for low < high {
		if middle := (low + high + 1) / 2; saved(middle) >= excess {
			low = middle
		} else {
			high = middle - 1
		}
	}
	for _, t := range texts {
		if t.size-note > low {
			t.shorten(low)
		}
	}
	return saved(low)
}

// shorten leaves the beginning and the end of a text, together of so many bytes as XML.
func (t printedText) shorten(size int64) {
	head, tail := kept(*t.text, size/2, true), kept(*t.text, size/2, false)
	gone := int64(len(*t.text) - len(head) - len(tail))
	*t.text = fmt.Sprintf("%s\n[%d bytes cut here: the file would be too large]\n%s", head, gone, tail)
	t.of.cut += gone
	if t.of.Properties == nil {
		t.of.Properties = &properties{}
	}
	const name = "output-bytes-cut"
	all := slices.DeleteFunc(t.of.Properties.Properties, func(p property) bool { return p.Name == name })
	all = append(all, property{name, fmt.Sprint(t.of.cut)})
	t.of.Properties.Properties = all
}

// kept is as much of the beginning, or of the end, as takes so many bytes as XML; characters stay whole.
func kept(text string, size int64, beginning bool) string {
	n := 0
	for size > 0 && n < len(text) {
		r, width := utf8.DecodeRuneInString(text[n:])
		if !beginning {
			r, width = utf8.DecodeLastRuneInString(text[:len(text)-n])
		}
		if size -= runeSize(r, width); size >= 0 {
			n += width
		}
	}
	if beginning {
		return text[:n]
	}
	return text[len(text)-n:]
}

func escapedSize(text string) int64 {
	size := int64(len(text))
	for i := range len(text) {
		if text[i] < utf8.RuneSelf {
			size += runeSize(rune(text[i]), 1) - 1
		}
	}
	return size
}

// runeSize is how many bytes a character takes as XML.
func runeSize(r rune, width int) int64 {
	switch r {
	case '"', '\'', '&':
		return 5
	case '<', '>':
		return 4
	}
	return int64(width)
}

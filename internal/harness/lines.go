package harness

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Limits of a list.
const (
	MaxName     = 4096 // bytes
	MaxTests    = 1_000_000
	maxProblems = 10
	maxLine     = 64 << 10 // bytes of a line that are looked at; a JSON line may hold more than a name
)

// Line is a line of a list, without its end.
type Line struct {
	Number int // from 1
	Text   []byte
	Size   int // in bytes; more than len(Text) if the line is too long to be looked at as a whole
}

// Lines cuts what is written to it into lines, in bounded memory however long a line is. Close ends the last line.
type Lines struct {
	Each func(Line)

	number, size int
	text         []byte
}

var byteOrderMark = []byte("\xef\xbb\xbf")

func (l *Lines) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		i := bytes.IndexByte(p, '\n')
		if i < 0 {
			l.keep(p)
			break
		}
		l.keep(p[:i])
		l.end()
		p = p[i+1:]
	}
	return n, nil
}

func (l *Lines) keep(p []byte) {
	l.size += len(p)
	l.text = append(l.text, p[:min(len(p), maxLine-len(l.text))]...)
}

func (l *Lines) end() {
	l.number++
	text := l.text
	if l.size == len(text) {
		text = bytes.TrimSuffix(text, []byte("\r"))
	}
	if l.number == 1 {
		text = bytes.TrimPrefix(text, byteOrderMark)
	}
	l.Each(Line{Number: l.number, Text: text, Size: l.size})
	l.text, l.size = l.text[:0], 0
}

// Close ends the last line, if it has no end of its own.
func (l *Lines) Close() {
	if l.size > 0 {
		l.end()
	}
}

// Whole reports whether all of the line is in Text.
func (l Line) Whole() bool { return l.Size <= maxLine }

// Errorf is a problem with the line.
func (l Line) Errorf(format string, args ...any) error {
	return fmt.Errorf("list line %d: %w", l.Number, fmt.Errorf(format, args...))
}

// Problems collects what is wrong with a list, the first ten of it.
type Problems struct {
	errs []error
	more int
}

// Add notes a problem; nil is none.
func (p *Problems) Add(err error) {
	switch {
	case err == nil:
	case len(p.errs) < maxProblems:
		p.errs = append(p.errs, err)
	default:
		p.more++
	}
}

// Err is all problems as one error, or nil.
func (p *Problems) Err() error {
	if p.more > 0 {
		return errors.Join(append(slices.Clip(p.errs), fmt.Errorf("and %d more", p.more))...)
	}
	return errors.Join(p.errs...)
}

// CheckName tells what is wrong with a test's name: what could not be an argument of a process, or not one line.
func CheckName(name string) error {
	if i := invalidUTF8(name); i >= 0 {
		return fmt.Errorf("not UTF-8 at byte %d: print names as UTF-8", i+1)
	}
	switch {
	case strings.TrimSpace(name) == "":
		return errors.New("empty test name")
	case len(name) > MaxName:
		return fmt.Errorf("test name of %d bytes: at most %d are allowed", len(name), MaxName)
	case strings.ContainsRune(name, 0):
		return errors.New("test name holds a NUL byte, which no program can be given")
	case strings.ContainsAny(name, "\n"):
		return fmt.Errorf("test name %.60q holds a line break", name)
	}
	return nil
}

// CheckPlain refuses escape sequences in lists that are text: a list that is coloured is one made for eyes.
func CheckPlain(line []byte) error {
	if bytes.IndexByte(line, 0x1b) >= 0 {
		return fmt.Errorf("%s holds an escape sequence (ESC): list without colours, for example with NO_COLOR=1", Quote(line))
	}
	return nil
}

func invalidUTF8(s string) int {
	for i, r := range s {
		if r != utf8.RuneError {
			continue
		}
		if _, size := utf8.DecodeRuneInString(s[i:]); size == 1 {
			return i
		}
	}
	return -1
}

const quoted = 80

// Quote shows the beginning of a line in a message.
func Quote(line []byte) string {
	if len(line) <= quoted {
		return fmt.Sprintf("%q", line)
	}
	return fmt.Sprintf("%q…", bytes.ToValidUTF8(line[:quoted], nil))
}

// Printable shows text that a process printed in a message of several lines.
func Printable(text []byte) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && !unicode.IsPrint(r) {
			return -1
		}
		return r
	}, strings.TrimSpace(strings.ToValidUTF8(string(text), "\uFFFD")))
}

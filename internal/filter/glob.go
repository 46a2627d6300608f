package filter

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

var (
	errOpened = errors.New("this { is never closed")
	errClosed = errors.New("there is no { for this }")
	errClass  = errors.New("this [ is never closed")
)

// The pieces of a glob that are looked back at.
const (
	star   = `.*`
	prefix = `(?:/?|.*/)`
	middle = `(?:/|/.*/)`
	suffix = `/.*`
)

// globber writes a glob as a regular expression about bytes: byte 0xE9 is written as the character U+00E9.
type globber struct {
	text     []rune
	pos      int
	branches [][]string // the last one is written to
	groups   []int      // where the alternatives of each open { begin
}

// glob compiles a pattern for whole names; * goes over every separator, a backslash is just a backslash.
func glob(text string) (matcher, error) {
	if m, simple := simpleGlob(text); simple {
		return m, nil
	}
	pattern, err := globPattern(text)
	if err != nil {
		return nil, err
	}
	re, err := regexp.Compile(pattern)
	if err != nil {
		return nil, errors.New("a range in [] is reversed, or the pattern is too large")
	}
	return func(s string) bool { return re.MatchString(bytesAsRunes(s)) }, nil
}

// bytesAsRunes makes each byte a character: ? and [] are about bytes.
func bytesAsRunes(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r > 0x7f }) < 0 {
		return s
	}
	runes := make([]rune, len(s))
	for i := range len(s) {
		runes[i] = rune(s[i])
	}
	return string(runes)
}

// simpleGlob knows the globs of text and single stars; most are, and need no regular expression.
func simpleGlob(text string) (matcher, bool) {
	if strings.ContainsAny(text, "?[{}\n") || strings.Contains(text, "**") {
		return nil, false
	}
	parts := strings.Split(text, "*")
	if len(parts) == 1 {
		return func(s string) bool { return s == text }, true
	}
	first, last, inner := parts[0], parts[len(parts)-1], parts[1:len(parts)-1]
	return func(s string) bool {
		if len(s) < len(first)+len(last) || !strings.HasPrefix(s, first) || !strings.HasSuffix(s, last) ||
			strings.Contains(s, "\n") {
			return false
		}
		s = s[len(first) : len(s)-len(last)]
		for _, part := range inner {
			_, after, found := strings.Cut(s, part)
			if !found {
				return false
			}
			s = after
		}
		return true
	}, true
}

func globPattern(text string) (string, error) {
	g := &globber{text: []rune(text), branches: [][]string{nil}}
	for g.pos < len(g.text) {
		if err := g.next(); err != nil {
			return "", err
		}
	}
	if len(g.groups) > 0 {
		return "", errOpened
	}
	body := strings.Join(g.branches[0], "")
	if body == prefix { // ** alone
		body = star
	}
	return `\A(?:` + body + `)\z`, nil
}

func (g *globber) next() error {
	c := g.text[g.pos]
	g.pos++
	switch {
	case c == '?':
		g.push(`.`)
	case c == '*':
		g.star()
	case c == '[':
		return g.class()
	case c == '{':
		g.groups = append(g.groups, len(g.branches))
		g.branches = append(g.branches, nil)
	case c == '}':
		return g.closeGroup()
	case c == ',' && len(g.groups) > 0:
		g.branches = append(g.branches, nil)
	default:
		g.push(hexBytes(string(c)))
	}
	return nil
}

func hexBytes(s string) string {
	var out strings.Builder
	for i := range len(s) {
		fmt.Fprintf(&out, `\x{%x}`, s[i])
	}
	return out.String()
}

func (g *globber) push(pieces ...string) {
	last := &g.branches[len(g.branches)-1]
	*last = append(*last, pieces...)
}

func (g *globber) at(pos int) rune {
	if pos < 0 || pos >= len(g.text) {
		return -1
	}
	return g.text[pos]
}

func (g *globber) closeGroup() error {
	if len(g.groups) == 0 {
		return errClosed
	}
	start := g.groups[len(g.groups)-1]
	g.groups = g.groups[:len(g.groups)-1]
	var alternatives []string
	for _, branch := range g.branches[start:] {
		alternatives = append(alternatives, strings.Join(branch, ""))
	}
	g.branches = g.branches[:start]
	g.push(`(?:` + strings.Join(alternatives, "|") + `)`)
	return nil
}

// star is told from ** , which means folders where slashes are around it.
func (g *globber) star() {
	before := g.at(g.pos - 2)
	if g.at(g.pos) != '*' {
		g.push(star)
		return
	}
	g.pos++
	after := g.at(g.pos)
	last := g.branches[len(g.branches)-1]
	if len(last) == 0 {
		if after != -1 && after != '/' {
			g.push(star, star)
			return
		}
		g.push(prefix)
		g.pos = min(g.pos+1, len(g.text))
		return
	}
	inGroup := len(g.branches) > 1
	folders := foldersBetween(before, after, inGroup)
	if folders == "" {
		g.push(star, star)
		return
	}
	if folders == middle {
		g.pos++
	}
	if end := &last[len(last)-1]; *end != prefix && *end != suffix {
		*end = folders
	}
}

// foldersBetween is what ** means by what is around it; nothing if it stands for no folders.
func foldersBetween(before, after rune, inGroup bool) string {
	switch {
	case before != '/' && (!inGroup || before != ',' && before != '{'):
		return ""
	case after == -1, inGroup && (after == ',' || after == '}'):
		return suffix
	case after == '/':
		return middle
	default:
		return ""
	}
}

// class reads [abc], [a-z], [!x] and [^x].
func (g *globber) class() error {
	negated := g.at(g.pos) == '!' || g.at(g.pos) == '^'
	if negated {
		g.pos++
	}
	end := slices.Index(g.text[min(g.pos+1, len(g.text)):], ']') // a ] that comes first is one of the class
	if end < 0 {
		return errClass
	}
	items := g.text[g.pos : g.pos+1+end]
	g.pos += end + 2
	var out strings.Builder
	for i := 0; i < len(items); i++ {
		out.WriteString(hexBytes(string(items[i])))
		if i+2 < len(items) && items[i+1] == '-' {
			if items[i+2] < items[i] {
				return fmt.Errorf("the range %c-%c is reversed", items[i], items[i+2])
			}
			out.WriteString(`-` + hexBytes(string(items[i+2])))
			i += 2
		}
	}
	if negated {
		g.push(`[^` + out.String() + `]`)
		return nil
	}
	g.push(`[` + out.String() + `]`)
	return nil
}

package filter

import (
	"regexp"
	"regexp/syntax"
	"strconv"
	"strings"
	"unicode/utf8"
)

// matcher tells whether a name is meant.
type matcher func(string) bool

// matcher parses a predicate's argument; it is nil after a problem.
func (p *parser) matcher(bare byte) matcher {
	if p.take("/") {
		return p.regex()
	}
	sign := bare
	for _, s := range "=~#" {
		if p.take(string(s)) {
			sign = byte(s)
			break
		}
	}
	from := p.pos
	text, ok := p.words()
	if !ok {
		return nil
	}
	switch sign {
	case '=':
		return func(s string) bool { return s == text }
	case '~':
		return func(s string) bool { return strings.Contains(s, text) }
	}
	m, err := glob(text)
	if err != nil {
		p.problem(from, p.pos-from, "invalid glob: "+err.Error(), "")
	}
	return m
}

// words is text up to the next comma or parenthesis, its escapes resolved.
func (p *parser) words() (string, bool) {
	var out strings.Builder
	from, ok := p.pos, true
	for {
		start := p.pos
		p.until(`),\`)
		out.WriteString(p.text[start:p.pos])
		if !p.take(`\`) {
			break
		}
		r, valid := p.escape()
		out.WriteRune(r)
		ok = ok && valid
	}
	if p.pos == from {
		p.problem(from, 0, "expected a name", "")
		return "", false
	}
	return out.String(), ok
}

var escapes = map[byte]rune{
	'n': '\n', 'r': '\r', 't': '\t', 'b': '\b', 'f': '\f', '\\': '\\', '/': '/', ')': ')', ',': ',',
}

// escape is the character meant after a backslash.
func (p *parser) escape() (rune, bool) {
	if p.pos < len(p.text) {
		if r, found := escapes[p.text[p.pos]]; found {
			p.pos++
			return r, true
		}
		if r, length, found := unicodeEscape(p.text[p.pos:]); found {
			p.pos += length
			return r, true
		}
	}
	_, n := utf8.DecodeRuneInString(p.text[p.pos:])
	p.pos += n
	p.problem(p.pos-n-1, n+1, "there is no such escape",
		`the escapes are \n \r \t \b \f \\ \/ \) \, and \u{…} with 1 to 6 hexadecimal digits`)
	return 0, false
}

// unicodeEscape reads u{…}.
func unicodeEscape(text string) (r rune, length int, found bool) {
	digits, opened := strings.CutPrefix(text, "u{")
	end := strings.IndexByte(digits, '}')
	if !opened || end < 1 || end > 6 || strings.ContainsAny(digits[:end], "+-_") {
		return 0, 0, false
	}
	n, err := strconv.ParseUint(digits[:end], 16, 32)
	if err != nil || !utf8.ValidRune(rune(n)) {
		return 0, 0, false
	}
	return rune(n), len("u{") + end + len("}"), true
}

// regex parses what follows the opening slash.
func (p *parser) regex() matcher {
	from := p.pos
	var pattern strings.Builder
	var places []int // of each byte of the pattern in the text
	for ; p.pos < len(p.text) && !p.peek("/"); p.pos++ {
		if p.peek(`\/`) {
			p.pos++ // the one escape that is ours
		}
		pattern.WriteByte(p.text[p.pos])
		places = append(places, p.pos)
	}
	if !p.take("/") {
		p.pos = from
		p.until(")")
		p.problem(from-1, 1, "this regular expression is never closed", `end it with /, and write \/ for a slash in it`)
		return nil
	}
	places = append(places, p.pos-1)
	m, err := compile(pattern.String())
	if err == nil {
		return m
	}
	at, end := places[err.from], places[min(err.from+err.length, len(places)-1)]
	p.problem(at, max(end-at, 0), "invalid regular expression: "+err.message, err.hint)
	return nil
}

// compile makes a matcher of a regular expression as Rust reads it.
func compile(pattern string) (matcher, *regexError) {
	translated, err := translate(pattern)
	if err != nil {
		return nil, err
	}
	re, goErr := regexp.Compile(translated)
	if goErr != nil {
		return nil, &regexError{0, len(pattern), strings.TrimPrefix(goErr.Error(), "error parsing regexp: "), ""}
	}
	literal, whole := required(translated)
	if whole {
		return func(s string) bool { return strings.Contains(s, literal) }, nil
	}
	if literal == "" {
		return re.MatchString, nil
	}
	return func(s string) bool { return strings.Contains(s, literal) && re.MatchString(s) }, nil
}

// required is the longest text that every match contains, and whether to contain it is enough: searching for text is
// many times faster than matching.
func required(pattern string) (literal string, whole bool) {
	parsed, err := syntax.Parse(pattern, syntax.Perl)
	if err != nil {
		return "", false
	}
	parts := []*syntax.Regexp{parsed}
	if parsed.Op == syntax.OpConcat {
		parts = parsed.Sub
	}
	for _, part := range parts {
		if part.Op == syntax.OpLiteral && part.Flags&syntax.FoldCase == 0 && len(part.Rune) > len([]rune(literal)) {
			literal = string(part.Rune)
		}
	}
	return literal, parsed.Op == syntax.OpLiteral && literal != ""
}

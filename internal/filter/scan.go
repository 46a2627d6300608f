package filter

import (
	"strings"
	"unicode/utf8"
)

// space skips what parts words; a tab is not among it.
func (p *parser) space() {
	for p.take(" ") || p.take("\n") || p.take("\r\n") {
		continue
	}
}

func (p *parser) peek(s string) bool { return strings.HasPrefix(p.text[p.pos:], s) }

func (p *parser) take(s string) bool {
	if !p.peek(s) {
		return false
	}
	p.pos += len(s)
	return true
}

func (p *parser) aheadWord(w string) bool {
	after := p.pos + len(w)
	return p.peek(w) && (after == len(p.text) || !isWord(p.text[after]))
}

func (p *parser) takeWord(w string) bool { return p.aheadWord(w) && p.take(w) }

func isWord(c byte) bool {
	return c == '_' || '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func (p *parser) word() string {
	from := p.pos
	for p.pos < len(p.text) && isWord(p.text[p.pos]) {
		p.pos++
	}
	return p.text[from:p.pos]
}

func (p *parser) startsOperand() bool {
	return p.pos < len(p.text) && (isWord(p.text[p.pos]) || p.peek("(") || p.peek("!"))
}

// junk skips what can begin nothing.
func (p *parser) junk() {
	for p.pos < len(p.text) && !isWord(p.text[p.pos]) && !strings.ContainsRune(" \n()!&|+-", rune(p.text[p.pos])) {
		_, n := utf8.DecodeRuneInString(p.text[p.pos:])
		p.pos += n
	}
}

// until goes to the next of these characters, or to the end.
func (p *parser) until(chars string) {
	if i := strings.IndexAny(p.text[p.pos:], chars); i >= 0 {
		p.pos += i
		return
	}
	p.pos = len(p.text)
}

// argument skips to the matching parenthesis and past it, and is what stood before it.
func (p *parser) argument() string {
	from, depth := p.pos, 1
	for ; p.pos < len(p.text); p.pos++ {
		switch p.text[p.pos] {
		case '\\':
			p.pos = min(p.pos+1, len(p.text)-1)
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				p.pos++
				return p.text[from : p.pos-1]
			}
		}
	}
	p.neverClosed(from - 1)
	return p.text[from:]
}

// resume skips to where an operator may stand, past a predicate that lacks its opening parenthesis.
func (p *parser) resume() {
	for p.space(); p.pos < len(p.text) && !p.operatorAhead(); p.space() {
		if p.word() == "" {
			_, n := utf8.DecodeRuneInString(p.text[p.pos:])
			p.pos += n
		}
	}
	if p.open == 0 {
		p.take(")")
	}
}

func (p *parser) orOperatorAhead() bool {
	return p.peek("|") || p.peek("+") || p.aheadWord("or") || p.aheadWord("OR")
}

// operatorAhead tells of a closing parenthesis too.
func (p *parser) operatorAhead() bool {
	return p.orOperatorAhead() || p.aheadWord("and") || p.aheadWord("AND") || p.peek("&") || p.peek("-") || p.peek(")")
}

package filter

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// maxDepth is how deep parentheses and negations may be nested.
const maxDepth = 256

type parser struct {
	text     string
	pos      int
	options  Options
	depth    int
	open     int  // parentheses
	tooDeep  bool // the rest is not looked at
	problems []Problem
}

// Parse compiles a filterset; its error is an *Error with every problem of the text.
func Parse(text string, o Options) (*Expr, error) {
	p := &parser{text: text, options: o}
	if at := invalidUTF8(text); at >= 0 {
		p.problem(at, 1, "the text is not UTF-8", "")
		return nil, &Error{text, p.problems}
	}
	root := p.any()
	for p.pos < len(p.text) && !p.tooDeep { // any stops at a parenthesis only
		p.problem(p.pos, 1, "there is no ( for this )", "")
		p.pos++
		p.operator()
		if p.space(); p.pos < len(p.text) && !p.peek(")") {
			p.any()
		}
	}
	if len(p.problems) > 0 {
		slices.SortStableFunc(p.problems, func(a, b Problem) int { return a.Offset - b.Offset })
		return nil, &Error{text, p.problems}
	}
	return &Expr{root: root}, nil
}

func invalidUTF8(text string) int {
	for i, r := range text {
		if r == utf8.RuneError {
			if _, n := utf8.DecodeRuneInString(text[i:]); n == 1 {
				return i
			}
		}
	}
	return -1
}

func (p *parser) problem(offset, length int, message, hint string) {
	if !p.tooDeep {
		p.problems = append(p.problems, Problem{offset, length, message, hint})
	}
}

// any is what "or" joins.
func (p *parser) any() node {
	parts := anyOf{p.all()}
	for p.orOperator() {
		parts = append(parts, p.all())
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return parts
}

// all is what "and" joins; a - b is a and not b.
func (p *parser) all() node {
	parts := allOf{p.operand()}
	for {
		joined, minus := p.andOperator()
		if !joined {
			break
		}
		part := p.operand()
		if minus {
			part = not{part}
		}
		parts = append(parts, part)
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return parts
}

func (p *parser) orOperator() bool {
	p.space()
	if p.take("||") {
		p.problem(p.pos-2, 2, "there is no operator ||", "write |")
		return true
	}
	if p.takeWord("OR") {
		p.problem(p.pos-2, 2, "there is no operator OR", "write or")
		return true
	}
	return p.takeWord("or") || p.take("|") || p.take("+")
}

func (p *parser) andOperator() (joined, minus bool) {
	p.space()
	if p.take("&&") {
		p.problem(p.pos-2, 2, "there is no operator &&", "write &")
		return true, false
	}
	if p.takeWord("AND") {
		p.problem(p.pos-3, 3, "there is no operator AND", "write and")
		return true, false
	}
	if p.takeWord("and") || p.take("&") {
		return true, false
	}
	if p.take("-") {
		return true, true
	}
	return p.missing(), false
}

// missing reports what stands where an operator should, and tells whether to go on as if there were one.
func (p *parser) missing() bool {
	before := p.pos
	if p.pos == len(p.text) || p.peek(")") || p.orOperatorAhead() {
		return false
	}
	if p.startsOperand() {
		p.problem(p.pos, 0, "expected an operator", "join with and, or, - (and not)")
		return true
	}
	p.junk()
	p.problem(before, p.pos-before, "expected an operator", junkHint(p.text[before:p.pos]))
	p.space()
	if p.startsOperand() && !p.operatorAhead() {
		return true
	}
	if p.pos == len(p.text) || p.orOperatorAhead() {
		return false
	}
	joined, _ := p.andOperator()
	return joined
}

func junkHint(junk string) string {
	if strings.Contains(junk, "\t") {
		return "words are parted by spaces and newlines, not by tabs"
	}
	return ""
}

// operator takes any operator.
func (p *parser) operator() (string, bool) {
	p.space()
	for _, op := range []string{"&&", "||", "&", "|", "+", "-"} {
		if p.take(op) {
			return op, true
		}
	}
	for _, op := range []string{"and", "or", "AND", "OR"} {
		if p.takeWord(op) {
			return op, true
		}
	}
	return "", false
}

// operand is a predicate, or a parenthesis, with or without a not.
func (p *parser) operand() node {
	p.space()
	if p.depth++; p.depth > maxDepth {
		p.problem(p.pos, 0, "nested too deeply", "at most 256 parentheses and negations may be nested")
		p.tooDeep, p.pos = true, len(p.text)
	}
	defer func() { p.depth-- }()
	at := p.pos
	switch {
	case p.pos == len(p.text):
		p.problem(at, 0, "expected a predicate", "such as test(name) or all()")
	case p.peek(")"):
		p.problem(at, 0, "expected a predicate", "such as test(name) or all()")
	case p.take("("):
		return p.parenthesis()
	case p.take("!"), p.takeWord("not"):
		return not{p.operand()}
	case p.takeWord("NOT"):
		p.problem(at, 3, "there is no operator NOT", "write not")
		return p.operand()
	default:
		return p.named()
	}
	return nil
}

func (p *parser) parenthesis() node {
	at := p.pos - 1
	p.open++
	inside := p.any()
	p.open--
	if !p.take(")") {
		p.neverClosed(at)
	}
	return inside
}

func (p *parser) neverClosed(open int) {
	p.problem(open, 1, "this ( is never closed", "")
}

// named is a predicate, or something else in its place.
func (p *parser) named() node {
	at := p.pos
	if op, found := p.operator(); found {
		p.problem(at, len(op), "expected a predicate, found the operator "+op, "")
		return p.afterJunk()
	}
	name := p.word()
	switch {
	case name == "":
		p.junk()
		p.problem(at, p.pos-at, "expected a predicate", junkHint(p.text[at:p.pos]))
		return p.afterJunk()
	case known(name):
		return p.predicate(name, at)
	}
	p.unknown(name, at)
	return nil
}

func known(name string) bool {
	return isOneOf(name, graph) || slices.Contains(predicateNames(), name)
}

// afterJunk reads the operand that may follow, so that its own problems are told.
func (p *parser) afterJunk() node {
	if p.space(); p.startsOperand() && !p.operatorAhead() {
		return p.operand()
	}
	return nil
}

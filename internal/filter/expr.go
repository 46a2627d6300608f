package filter

import "sync/atomic"

// Expr is a compiled filterset; it may be used by many goroutines at once.
type Expr struct {
	root node
	last atomic.Pointer[rest] // of the binary asked for last: tests come binary by binary
}

// rest is what is left to ask of each test once its binary is known.
type rest struct {
	binary Binary
	root   node
}

// node is a part of a filterset.
type node interface {
	match(t *Test) bool
	given(b *Binary) node // simplified for one binary
}

type (
	constant bool
	not      struct{ of node }
	allOf    []node
	anyOf    []node
	defaults struct{ of node } // its predicates stand in another text
)

// All matches every test.
func All() *Expr { return &Expr{root: constant(true)} }

// Or matches what any of the filtersets matches. Ask each of them, not their sum, for its problems: offsets are of one
// text.
func Or(exprs ...*Expr) *Expr {
	var roots anyOf
	for _, e := range exprs {
		roots = append(roots, e.root)
	}
	return &Expr{root: roots}
}

// Match tells whether the filterset selects the test.
func (e *Expr) Match(t Test) bool {
	if t.Binary == nil {
		t.Binary = &Binary{}
	}
	return e.given(t.Binary).match(&t)
}

// MatchBinary tells what is known of a binary's tests before they are listed.
func (e *Expr) MatchBinary(b Binary) Tri {
	known, ok := e.given(&b).(constant)
	switch {
	case !ok:
		return Unknown
	case bool(known):
		return Yes
	}
	return No
}

func (e *Expr) given(b *Binary) node {
	if last := e.last.Load(); last != nil && last.binary == *b {
		return last.root
	}
	now := &rest{*b, e.root.given(b)}
	e.last.Store(now)
	return now.root
}

// Unmatched are the predicates about binaries that match none of these.
func (e *Expr) Unmatched(binaries []Binary) []Problem {
	var problems []Problem
	walk(e.root, func(p *predicate) {
		if !p.subject.mustMatch {
			return
		}
		for i := range binaries {
			if p.matcher(p.subject.binary(&binaries[i])) {
				return
			}
		}
		problems = append(problems, Problem{
			Offset: p.offset, Length: p.length,
			Message: "no " + p.subject.noun + " of this run matches",
		})
	})
	return problems
}

// UsesPackage is the first package() of the filterset.
func (e *Expr) UsesPackage() (Problem, bool) {
	var first *predicate
	walk(e.root, func(p *predicate) {
		if first == nil && p.subject.name == "package" {
			first = p
		}
	})
	if first == nil {
		return Problem{}, false
	}
	return Problem{
		Offset: first.offset, Length: first.length,
		Message: "no suite of this run has package metadata",
		Hint:    "use binary_id() or suite()",
	}, true
}

// walk visits the predicates from left to right.
func walk(n node, visit func(*predicate)) {
	switch n := n.(type) {
	case *predicate:
		visit(n)
	case not:
		walk(n.of, visit)
	case allOf:
		for _, part := range n {
			walk(part, visit)
		}
	case anyOf:
		for _, part := range n {
			walk(part, visit)
		}
	}
}

func (c constant) match(*Test) bool   { return bool(c) }
func (c constant) given(*Binary) node { return c }

func (n not) match(t *Test) bool { return !n.of.match(t) }
func (n not) given(b *Binary) node {
	of := n.of.given(b)
	if known, ok := of.(constant); ok {
		return !known
	}
	return not{of}
}

func (d defaults) match(t *Test) bool   { return d.of.match(t) }
func (d defaults) given(b *Binary) node { return d.of.given(b) }

func (all allOf) match(t *Test) bool {
	for _, part := range all {
		if !part.match(t) {
			return false
		}
	}
	return true
}

func (all allOf) given(b *Binary) node {
	left, decided := simplify(all, b, false)
	return whole(left, decided, false, func(left []node) node { return allOf(left) })
}

func (any anyOf) match(t *Test) bool {
	for _, part := range any {
		if part.match(t) {
			return true
		}
	}
	return false
}

func (any anyOf) given(b *Binary) node {
	left, decided := simplify(any, b, true)
	return whole(left, decided, true, func(left []node) node { return anyOf(left) })
}

// simplify leaves out what is known; one part that is decisive decides the whole, even beside parts not known yet.
func simplify(parts []node, b *Binary, decisive constant) (left []node, decided bool) {
	for _, part := range parts {
		part = part.given(b)
		known, ok := part.(constant)
		if ok && known == decisive {
			return nil, true
		}
		if !ok {
			left = append(left, part)
		}
	}
	return left, false
}

func whole(left []node, decided bool, decisive constant, join func([]node) node) node {
	switch {
	case decided:
		return decisive
	case len(left) == 0:
		return !decisive
	case len(left) == 1:
		return left[0]
	}
	return join(left)
}

package filter

import (
	"slices"
	"strings"
)

// subject is what a predicate looks at.
type subject struct {
	name      string
	noun      string
	bare      byte // the matcher of text without a sign: one of = ~ #
	mustMatch bool // matching no binary of the run is an error
	binary    func(*Binary) string
	test      func(*Test) string // of what only the test itself knows
}

var subjects = []*subject{
	{name: "package", noun: "package", bare: '#', mustMatch: true, binary: func(b *Binary) string { return b.Package }},
	{name: "binary_id", noun: "binary id", bare: '#', mustMatch: true, binary: func(b *Binary) string { return b.ID }},
	{name: "binary", noun: "binary", bare: '#', mustMatch: true, binary: func(b *Binary) string { return b.Name }},
	{name: "suite", noun: "suite", bare: '#', mustMatch: true, binary: func(b *Binary) string { return b.Suite }},
	{name: "kind", noun: "kind", bare: '=', binary: func(b *Binary) string { return b.Kind }},
	{name: "platform", noun: "platform", bare: '=', binary: func(b *Binary) string { return b.Platform }},
	{name: "test", noun: "test", bare: '~', test: func(t *Test) string { return t.Name }},
	{name: "group", noun: "group", bare: '#', test: func(t *Test) string { return t.Group }},
}

// Predicates that are no question to a name.
const (
	nullary = "all none default"
	graph   = "deps rdeps"
)

type predicate struct {
	subject        *subject
	matcher        matcher
	offset, length int
}

func (p *predicate) match(t *Test) bool {
	if p.subject.test != nil {
		return p.matcher(p.subject.test(t))
	}
	return p.matcher(p.subject.binary(t.Binary))
}

func (p *predicate) given(b *Binary) node {
	if p.subject.test != nil {
		return p
	}
	return constant(p.matcher(p.subject.binary(b)))
}

func predicateNames() []string {
	names := strings.Fields(nullary)
	for _, s := range subjects {
		names = append(names, s.name)
	}
	slices.Sort(names)
	return names
}

// predicate parses what follows a predicate's name.
func (p *parser) predicate(name string, at int) node {
	open := p.pos
	p.space()
	if !p.take("(") {
		p.pos = open
		p.problem(p.pos, 0, "expected ( after "+name, "write "+name+"(…)")
		p.resume()
		return nil
	}
	switch {
	case isOneOf(name, nullary):
		return p.nullary(name, at)
	case isOneOf(name, graph):
		p.problem(at, len(name), "podtest has no package graph", "use package(), binary_id() or suite()")
		p.argument()
		return nil
	}
	i := slices.IndexFunc(subjects, func(s *subject) bool { return s.name == name })
	return p.question(subjects[i], at)
}

func isOneOf(name, words string) bool { return slices.Contains(strings.Fields(words), name) }

func (p *parser) nullary(name string, at int) node {
	from := p.pos
	if arg := p.argument(); strings.TrimSpace(arg) != "" {
		p.problem(from, len(arg), name+"() takes no argument", "")
		return nil
	}
	if name != "default" {
		return constant(name == "all")
	}
	if p.options.Default == nil {
		p.problem(at, p.pos-at, "default() cannot be used here", "it is the default filter itself that is read here")
		return nil
	}
	return defaults{p.options.Default.root}
}

func (p *parser) question(s *subject, at int) node {
	open := p.pos - 1
	p.space()
	from := p.pos
	var m matcher
	if s.name == "platform" {
		m = p.platform()
	} else {
		m = p.matcher(s.bare)
	}
	found := &predicate{s, m, from, p.pos - from}
	p.closeArgument(open)
	if s.name == "group" && !p.groupAllowed(found, at) {
		return nil
	}
	if m == nil {
		return nil
	}
	return found
}

func (p *parser) groupAllowed(found *predicate, at int) bool {
	if p.options.AnyGroup {
		return true
	}
	if p.options.Groups == nil {
		p.problem(at, p.pos-at, "group() cannot be used here",
			"it may be used in the filter of a run, not in overrides nor in the default filter: those make the groups")
		return false
	}
	m := found.matcher
	if m != nil && !m("@global") && !slices.ContainsFunc(p.options.Groups, m) {
		p.problem(found.offset, found.length, "no group matches", "the groups are: "+strings.Join(p.groups(), ", "))
	}
	return true
}

func (p *parser) groups() []string {
	names := append([]string{"@global"}, p.options.Groups...)
	slices.Sort(names)
	return slices.Compact(names)
}

func (p *parser) platform() matcher {
	from := p.pos
	text, ok := p.words()
	if !ok {
		return nil
	}
	text = strings.TrimSpace(text)
	if text != "host" && text != "target" {
		p.problem(from, p.pos-from, "a platform is host or target", "")
		return nil
	}
	return func(s string) bool { return s == text }
}

// closeArgument takes a predicate's closing parenthesis.
func (p *parser) closeArgument(open int) {
	p.space()
	if p.peek(",") {
		p.problem(p.pos, 1, "unexpected comma", `write \, for a comma in a name`)
	} else if !p.peek(")") && p.pos < len(p.text) {
		p.problem(p.pos, 0, "expected )", "")
	}
	p.until(")")
	if !p.take(")") {
		p.neverClosed(open)
	}
}

// unknown reports a predicate that there is not.
func (p *parser) unknown(name string, at int) {
	hint := "the predicates are: " + strings.Join(predicateNames(), ", ")
	if near := nearest(name, predicateNames()); near != "" {
		hint = "did you mean " + near + "()?"
	}
	p.problem(at, len(name), "there is no predicate "+name, hint)
	before := p.pos
	p.space()
	if p.take("(") {
		p.argument()
		return
	}
	p.pos = before
}

// nearest is the name that is at most two changes away.
func nearest(word string, names []string) string {
	best, changes := "", min(2, len(word)/2)+1
	for _, name := range names {
		if d := distance(strings.ToLower(word), name); d < changes {
			best, changes = name, d
		}
	}
	return best
}

func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			changed := diagonal
			if a[i] != b[j] {
				changed++
			}
			diagonal = row[j+1]
			row[j+1] = min(changed, row[j]+1, diagonal+1)
		}
	}
	return row[len(b)]
}

// Package filter is nextest's filterset language: parse, evaluate, and prune binaries that cannot match. It is pure.
//
// The parser is written by hand: where a word ends, which text is bare and what an escape means depends on the
// predicate, and every problem of a text is told at once, which no parser generator we know does for this grammar.
// There is no package graph here, so deps() and rdeps() are refused.
package filter

// Binary is what a filterset can ask of a test binary.
type Binary struct {
	Suite    string // name of the suite
	ID       string // binary id
	Name     string // binary name
	Kind     string // lib, test, bench, bin, example, proc-macro; "test" where there is no other
	Platform string // "target" or "host"
	Package  string // empty: the suite knows no packages
}

// Test is what a filterset can ask of a test.
type Test struct {
	Binary *Binary
	Name   string
	Group  string // "@global": none
}

// Tri is an answer that may not be known yet.
type Tri int8

// Answers.
const (
	No Tri = iota
	Unknown
	Yes
)

// Options of a filterset's place.
type Options struct {
	// Default is what default() means; nil: default() is an error, as in a default filter itself.
	Default *Expr
	// Groups are the names that group() may match; nil: group() is an error, as in overrides.
	Groups []string
	// AnyGroup lets group() match names that are not known yet.
	AnyGroup bool
}

// Problem is one thing wrong with a filterset.
type Problem struct {
	Offset, Length int // bytes of the text
	Message        string
	Hint           string // what to do; may be empty
}

// Error is all that is wrong with a filterset.
type Error struct {
	Text     string
	Problems []Problem // by offset
}

// Package filter is nextest's filterset language: parse, evaluate, and prune binaries that cannot match. It is pure.
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

// Error shows every problem under its place in the text.
func (e *Error) Error() string { return "invalid filterset" }

// Expr is a compiled filterset; it may be used by many goroutines at once.
type Expr struct{ root node }

type node interface{ match(t Test) Tri }

// Parse compiles a filterset; its error is an *Error with every problem of the text.
func Parse(_ string, _ Options) (*Expr, error) { return All(), nil }

// All matches every test.
func All() *Expr { return &Expr{} }

// Or matches what any of the filtersets matches.
func Or(_ ...*Expr) *Expr { return All() }

// Match tells whether the filterset selects the test.
func (e *Expr) Match(_ Test) bool { return true }

// MatchBinary tells what is known of a binary's tests before they are listed.
func (e *Expr) MatchBinary(_ Binary) Tri { return Unknown }

// Unmatched are the predicates about binaries that match none of these.
func (e *Expr) Unmatched(_ []Binary) []Problem { return nil }

// UsesPackage is the first package() of the filterset.
func (e *Expr) UsesPackage() (Problem, bool) { return Problem{}, false }

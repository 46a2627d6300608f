// Package golang is the harness of binaries made by `go test -c`.
package golang

import (
	"context"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/podtest/podtest/internal/harness"
	"github.com/podtest/podtest/internal/wire"
)

// Harness speaks the protocol of package testing.
type Harness struct {
	old sync.Map // path of a binary → true: made before Go 1.20, does not know -test.v=test2json
}

// New is the harness.
func New() *Harness { return &Harness{} }

// Find names the binaries that the suite's patterns match.
func (*Harness) Find(s wire.Suite) ([]wire.Binary, error) { return harness.FindBinaries(s) }

// List asks for tests, fuzz tests (their seeds are run) and examples; benchmarks are left out. TestMain runs while
// listing and may print what it likes: what is not the name of a test is not looked at.
func (*Harness) List(ctx context.Context, t harness.Target, run harness.Run) ([]harness.Test, error) {
	var tests []harness.Test
	var problems harness.Problems
	c := harness.Command{Argv: []string{t.Binary.Path, "-test.list", ".*"}, Dir: t.Binary.Dir}
	err := harness.Ask(ctx, run, c, func(l harness.Line) {
		switch name := string(l.Text); {
		case !l.Whole() || !IsTest(name):
		case len(name) > harness.MaxName:
			problems.Add(l.Errorf("%w", harness.CheckName(name)))
		default:
			tests = append(tests, harness.Test{Name: name, Line: l.Number})
		}
	})
	if err != nil {
		return nil, err
	}
	return tests, problems.Err()
}

// IsTest reports whether a line of a list is the name of something to run: an identifier that begins with Test, Fuzz
// or Example and does not go on with a lower-case letter.
func IsTest(line string) bool {
	for _, prefix := range []string{"Test", "Fuzz", "Example"} {
		rest, found := strings.CutPrefix(line, prefix)
		if !found {
			continue
		}
		next, _ := utf8.DecodeRuneInString(rest)
		return (rest == "" || !unicode.IsLower(next)) && isIdentifier(rest)
	}
	return false
}

func isIdentifier(rest string) bool {
	if !utf8.ValidString(rest) {
		return false
	}
	return strings.IndexFunc(rest, func(r rune) bool {
		return r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
	}) < 0
}

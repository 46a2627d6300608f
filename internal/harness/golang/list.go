// Package golang is the harness of binaries made by `go test -c`.
package golang

import (
	"context"
	"fmt"
	"io"
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

// Attempt prepares one attempt of one test.
func (h *Harness) Attempt(t harness.Target, a wire.Assignment) harness.Attempt {
	_, old := h.old.Load(t.Binary.Path)
	return &attempt{harness: h, target: t, name: a.Name, old: old, frames: Frames{Name: a.Name, Unmarked: old}}
}

type attempt struct {
	harness *Harness
	target  harness.Target
	name    string
	old     bool
	frames  Frames
}

func (a *attempt) Command() harness.Command {
	verbose := "-test.v=test2json"
	if a.old {
		verbose = "-test.v=true"
	}
	return harness.Command{
		Argv: []string{
			a.target.Binary.Path, "-test.run", "^" + a.name + "$", verbose,
			"-test.paniconexit0", "-test.count=1", "-test.timeout=0",
		},
		Dir: a.target.Binary.Dir,
	}
}

func (a *attempt) Watch() io.Writer { return &a.frames }

// knowsNoFrames is what package flag says of -test.v=test2json in a binary made before Go 1.20.
const knowsNoFrames = `invalid boolean value "test2json" for -test.v`

func (a *attempt) tooOld(e harness.Exit) bool {
	return e.Code == 2 && !a.old && !a.frames.Any && strings.Contains(string(e.Stderr), knowsNoFrames)
}

func (a *attempt) Judge(e harness.Exit) (harness.Verdict, bool) {
	if a.tooOld(e) {
		a.harness.old.Store(a.target.Binary.Path, true)
		a.old, a.frames = true, Frames{Name: a.name, Unmarked: true}
		return harness.Verdict{}, true
	}
	a.frames.Close()
	return a.frames.judge(e.Code), false
}

func exitCode(n int) string { return fmt.Sprintf("exit code %d", n) }

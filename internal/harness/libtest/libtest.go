// Package libtest is the harness of Rust's test binaries, and of any that speak their protocol.
package libtest

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/podtest/podtest/internal/harness"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

// Harness speaks libtest's protocol.
type Harness struct{}

// New is the harness.
func New() Harness { return Harness{} }

// Find names the binaries that the suite's patterns match.
func (Harness) Find(s wire.Suite) ([]wire.Binary, error) { return harness.FindBinaries(s) }

// List asks twice, for all tests and for the ignored ones, which may be among the first or not.
func (Harness) List(ctx context.Context, t harness.Target, run harness.Run) ([]harness.Test, error) {
	all, err := list(ctx, t, run)
	if err != nil {
		return nil, err
	}
	ignored, err := list(ctx, t, run, "--ignored")
	if err != nil {
		return nil, fmt.Errorf("with --ignored: %w", err)
	}
	return mergeIgnored(all, ignored), nil
}

func list(ctx context.Context, t harness.Target, run harness.Run, more ...string) ([]harness.Test, error) {
	argv := append([]string{t.Binary.Path, "--list", "--format", "terse"}, more...)
	return ReadList(ctx, run, harness.Command{Argv: argv, Dir: t.Binary.Dir})
}

// ReadList runs a command that lists as libtest does. The grammar is strict: each line is `name: test` or
// `name: benchmark`, or the list is refused.
func ReadList(ctx context.Context, run harness.Run, c harness.Command) ([]harness.Test, error) {
	var tests []harness.Test
	var problems harness.Problems
	err := harness.Ask(ctx, run, c, func(l harness.Line) {
		name, isTest, err := parse(l)
		switch {
		case err != nil:
			problems.Add(l.Errorf("%w", err))
		case isTest:
			tests = append(tests, harness.Test{Name: name, Line: l.Number})
		}
	})
	if err != nil {
		return nil, err
	}
	return tests, problems.Err()
}

var (
	testSuffix  = []byte(": test")
	benchSuffix = []byte(": benchmark")
)

func parse(l harness.Line) (name string, isTest bool, err error) {
	if !l.Whole() {
		return "", false, fmt.Errorf("a line of %d bytes: a test name has at most %d", l.Size, harness.MaxName)
	}
	if err := harness.CheckPlain(l.Text); err != nil {
		return "", false, err
	}
	text, isTest := bytes.CutSuffix(l.Text, testSuffix)
	if !isTest {
		var isBench bool
		if text, isBench = bytes.CutSuffix(l.Text, benchSuffix); !isBench {
			return "", false, fmt.Errorf(`%s does not end with ": test" or ": benchmark": `+
				"print nothing else to standard output when asked to --list", harness.Quote(l.Text))
		}
	}
	return string(text), isTest, harness.CheckName(string(text))
}

// mergeIgnored is nextest's rule: both lists together, and what the second one names is ignored.
func mergeIgnored(all, ignored []harness.Test) []harness.Test {
	is := make(map[string]bool, len(ignored))
	for _, t := range ignored {
		is[t.Name] = true
	}
	merged := slices.Clone(all)
	for i := range merged {
		merged[i].Ignored = is[merged[i].Name]
	}
	for _, t := range all {
		delete(is, t.Name)
	}
	for _, t := range ignored {
		if is[t.Name] {
			merged = append(merged, harness.Test{Name: t.Name, Ignored: true, Line: t.Line})
		}
	}
	return merged
}

// Attempt prepares one attempt of one test.
func (Harness) Attempt(t harness.Target, a wire.Assignment) harness.Attempt {
	argv := []string{t.Binary.Path, a.Name, "--exact", "--nocapture"}
	if a.Ignored {
		argv = append(argv, "--ignored")
	}
	return &attempt{command: harness.Command{Argv: argv, Dir: t.Binary.Dir}}
}

type attempt struct {
	command harness.Command
	summary Summary
}

func (a *attempt) Command() harness.Command { return a.command }

func (a *attempt) Watch() io.Writer { return &a.summary }

func (a *attempt) Judge(e harness.Exit) (harness.Verdict, bool) {
	a.summary.Close()
	s := a.summary
	switch {
	case e.Code != 0:
		return harness.Failed(outcome.ExitCode, fmt.Sprintf("exit code %d", e.Code)), false
	case !s.Found:
		return harness.Failed(outcome.NoEvidence, "exited 0 without a record of the test: exit(0) inside it?"), false
	case s.Failed > 0:
		return harness.Failed(outcome.HarnessFailed, "exited 0 although the test failed"), false
	case s.Passed == 0:
		return harness.Failed(outcome.UnknownTest, "the binary ran no test of this name although it had listed it"), false
	case s.Passed > 1:
		return harness.Failed(outcome.NoEvidence, fmt.Sprintf("the binary ran %d tests instead of one", s.Passed)), false
	}
	return harness.Passed, false
}

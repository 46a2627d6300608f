// Package exec is the generic harness: any program that can list its tests and run one of them.
package exec

import (
	"context"
	"fmt"
	"io"
	"strconv"

	"github.com/podtest/podtest/internal/harness"
	"github.com/podtest/podtest/internal/harness/libtest"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

// Harness runs the commands of the suite.
type Harness struct{}

// New is the harness.
func New() Harness { return Harness{} }

// Find names the one binary of the suite, whatever its commands are.
func (Harness) Find(s wire.Suite) ([]wire.Binary, error) {
	if len(s.List) == 0 || len(s.Run) == 0 {
		return nil, fmt.Errorf("list and run need a command each")
	}
	return []wire.Binary{{Suite: s.Name, ID: s.Name, Path: s.Run[0], Dir: s.WorkingDir}}, nil
}

// Formats of lists.
const (
	Lines   = "Lines"
	Libtest = "Libtest"
	JSON    = "JSON"
)

// List runs the list command.
func (Harness) List(ctx context.Context, t harness.Target, run harness.Run) ([]harness.Test, error) {
	c := harness.Command{Argv: t.Suite.List, Dir: t.Suite.WorkingDir}
	switch t.Suite.ListFormat {
	case Libtest:
		return libtest.ReadList(ctx, run, c)
	case JSON:
		return readList(ctx, run, c, parseJSON)
	case Lines, "":
		return readList(ctx, run, c, parseLine)
	}
	return nil, fmt.Errorf("unknown list format %q: use Lines, Libtest or JSON", t.Suite.ListFormat)
}

func readList(
	ctx context.Context, run harness.Run, c harness.Command, parse func([]byte) (harness.Test, error),
) ([]harness.Test, error) {
	var tests []harness.Test
	var problems harness.Problems
	err := harness.Ask(ctx, run, c, func(l harness.Line) {
		if !l.Whole() {
			problems.Add(l.Errorf("a line of %d bytes: a test name has at most %d", l.Size, harness.MaxName))
			return
		}
		t, err := parse(l.Text)
		if err == nil {
			err = harness.CheckName(t.Name)
		}
		if err != nil {
			problems.Add(l.Errorf("%w", err))
			return
		}
		t.Line = l.Number
		tests = append(tests, t)
	})
	if err != nil {
		return nil, err
	}
	return tests, problems.Err()
}

func parseLine(line []byte) (harness.Test, error) {
	return harness.Test{Name: string(line)}, harness.CheckPlain(line)
}

// Attempt prepares one attempt of one test.
func (Harness) Attempt(t harness.Target, a wire.Assignment) harness.Attempt {
	argv := make([]string, len(t.Suite.Run))
	for i, element := range t.Suite.Run {
		switch element {
		case "{id}":
			argv[i] = a.Name
		case "{attempt}":
			argv[i] = strconv.Itoa(int(a.Attempt))
		default:
			argv[i] = element
		}
	}
	return attempt{harness.Command{Argv: argv, Dir: t.Suite.WorkingDir}}
}

type attempt struct{ command harness.Command }

func (a attempt) Command() harness.Command { return a.command }

func (attempt) Watch() io.Writer { return nil }

// skipped is the exit code of a test that does not apply, as in automake.
const skipped = 77

func (attempt) Judge(e harness.Exit) (harness.Verdict, bool) {
	switch e.Code {
	case 0:
		return harness.Passed, false
	case skipped:
		return harness.Verdict{Outcome: outcome.Skipped}, false
	}
	return harness.Failed(outcome.ExitCode, fmt.Sprintf("exit code %d", e.Code)), false
}

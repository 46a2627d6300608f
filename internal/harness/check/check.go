// Package check tells the author of a harness what it gets wrong: it lists twice, runs some of the tests twice and one
// that does not exist, and holds what it sees against the contract. It starts processes, as the agent does; it changes
// nothing but what the tests themselves change.
package check

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/podtest/podtest/internal/agent/process"
	"github.com/podtest/podtest/internal/harness"
	"github.com/podtest/podtest/internal/wire"
)

// Options say what is checked.
type Options struct {
	Suite   wire.Suite
	Harness harness.Harness
	Sample  int           // how many tests are run
	Limit   time.Duration // of each process
	Environ []string
	Family  *process.Family // looks after what is left behind; nil: nobody
}

// Level is how much a finding matters.
type Level string

// Levels of findings.
const (
	OK    Level = "ok"
	Note  Level = "note"
	Wrong Level = "wrong"
)

// Finding is something seen, and what to do about it.
type Finding struct {
	Level Level
	What  string
	Do    string
}

// checker is a Check in progress.
type checker struct {
	Options
	temp     string
	binaries []wire.Binary
	tests    []wire.Listed
	found    []Finding
}

// Check checks a suite.
func Check(ctx context.Context, o Options) ([]Finding, error) {
	temp, err := os.MkdirTemp("", "podtest-check-")
	if err != nil {
		return nil, fmt.Errorf("making a temporary folder: %w", err)
	}
	defer func() { _ = os.RemoveAll(temp) }()
	c := &checker{Options: o, temp: temp}
	c.command()
	if c.list(ctx) {
		c.runAll()
	}
	return c.found, nil
}

// tell adds a finding; of those with the same remedy the first will do.
func (c *checker) tell(l Level, do, format string, args ...any) {
	if do != "" && slices.ContainsFunc(c.found, func(f Finding) bool { return f.Do == do }) {
		return
	}
	c.found = append(c.found, Finding{Level: l, What: fmt.Sprintf(format, args...), Do: do})
}

// command looks at how one test is asked for.
func (c *checker) command() {
	if c.Suite.Harness != "exec" || slices.Contains(c.Suite.Run, "{id}") {
		return
	}
	for _, element := range c.Suite.Run {
		if strings.Contains(element, "{id}") {
			c.tell(Wrong, `make the test's name an argument of its own, as in [--test, "{id}"]`,
				"{id} is only a part of the argument %q, and only whole arguments are replaced", element)
			return
		}
	}
	c.tell(Wrong, "add the argument {id}, which stands for the test's name",
		"the run command has no argument {id}: it would run the same for every test")
}

// slowList is what a list may take without a word. The run waits for it, and listTimeout is five minutes.
const slowList = 10 * time.Second

// list lists twice; false: there is nothing to be run.
func (c *checker) list(ctx context.Context) bool {
	began := time.Now()
	var stderr bytes.Buffer
	first, err := c.ask(ctx, &stderr)
	if err != nil {
		c.tell(Wrong, "the list is all that the command prints to standard output; it ends with exit code 0",
			"the tests cannot be listed: %s", err)
		return false
	}
	took := time.Since(began)
	switch {
	case len(first) == 0:
		c.tell(Wrong, "print the tests to standard output, in the format that the suite names", "no test is listed")
		return false
	case took > slowList:
		c.tell(Note, "list without starting what only tests need", "listing takes %s", took.Round(time.Second))
	}
	if stderr.Len() > 0 {
		c.tell(Note, "it is shown only if listing fails", "listing prints to standard error: %s", firstLine(stderr.Bytes()))
	}
	c.names(first)
	second, err := c.ask(ctx, &stderr)
	if err != nil {
		c.tell(Wrong, "listing must not depend on what was there before", "listing a second time fails: %s", err)
		return true
	}
	c.compare(first, second)
	return true
}

// names looks at those that are allowed and will be a nuisance.
func (c *checker) names(names []string) {
	for _, n := range names {
		if strings.TrimSpace(n) != n {
			c.tell(Note, "a name is taken as it is printed: print it without", "the name %q has space around it", n)
			return
		}
	}
}

func (c *checker) compare(first, second []string) {
	if slices.Equal(first, second) {
		c.tell(OK, "", "lists %s, and twice the same", several(len(first), "test"))
		return
	}
	for _, pair := range [][2][]string{{first, second}, {second, first}} {
		for _, n := range pair[0] {
			if !slices.Contains(pair[1], n) {
				c.tell(Wrong, "name a test by what it is: no time, no random number, no address, no order of a map",
					"the list is another each time: %q is in only one of two", n)
				return
			}
		}
	}
	c.tell(Note, "sort the list, if it costs nothing: podtest orders it anyway",
		"lists %s, each time in another order", several(len(first), "test"))
}

// ask lists once.
func (c *checker) ask(ctx context.Context, stderr io.Writer) ([]string, error) {
	harnesses := map[string]harness.Harness{c.Suite.Harness: c.Harness}
	all := func(wire.Binary) bool { return false }
	run := func(_ context.Context, cmd harness.Command, w io.Writer) (harness.Exit, error) {
		return c.runToList(cmd, w, stderr)
	}
	binaries, tests, err := harness.List(ctx, []wire.Suite{c.Suite}, harnesses, all, run)
	if err != nil {
		return nil, err
	}
	c.binaries, c.tests = binaries, tests
	names := make([]string, len(tests))
	for i, t := range tests {
		names[i] = binaries[t.Binary].ID + " " + t.Name
		if len(binaries) == 1 {
			names[i] = t.Name
		}
	}
	return names, nil
}

func (c *checker) runToList(cmd harness.Command, w, stderr io.Writer) (harness.Exit, error) {
	p := process.Runner{Family: c.Family}
	end, err := p.Run(process.Command{
		Argv: cmd.Argv, Dir: cmd.Dir, Env: append(c.environ("list"), cmd.Env...), Mark: c.mark(), Watch: w,
	}, c.limits())
	switch {
	case err != nil:
		return harness.Exit{}, err
	case end.TimedOut:
		return harness.Exit{}, fmt.Errorf("it did not end within %s", c.Limit)
	case end.Open:
		return harness.Exit{}, fmt.Errorf("it ended, but left a process that holds its output open%s", survivors(end))
	}
	_, _ = stderr.Write(p.Stderr.Head())
	exit := harness.Exit{Code: end.Status.ExitStatus(), Stderr: p.Stderr.Head()}
	if end.Status.Signaled() {
		exit.Signal = end.Status.Signal().String()
	}
	return exit, nil
}

const (
	grace = time.Second
	leak  = time.Second
)

func (c *checker) limits() process.Limits {
	return process.Limits{Terminate: c.Limit, Grace: grace, Leak: leak}
}

func (c *checker) mark() string { return "PODTEST_TMPDIR=" + c.temp }

func (c *checker) environ(phase string) []string {
	return append(slices.Clone(c.Environ), "NEXTEST=1", "NEXTEST_TEST_PHASE="+phase,
		"NEXTEST_EXECUTION_MODE=process-per-test", c.mark(), "TMPDIR="+c.temp)
}

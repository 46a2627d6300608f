package harness

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"

	"github.com/podtest/podtest/internal/wire"
)

// List asks all binaries of the suites for their tests, as many at a time as there are processors; those that prune
// names are not asked. Order: suites as given, binaries by id, tests as listed. The error names all that is wrong, each
// binary with its own problems.
func List(ctx context.Context, suites []wire.Suite, harnesses map[string]Harness, prune Prune, run Run) (
	[]wire.Binary, []wire.Listed, error,
) {
	jobs, err := find(suites, harnesses)
	if err != nil {
		return nil, nil, err
	}
	for i := range jobs {
		jobs[i].target.Binary.Pruned = prune(jobs[i].target.Binary)
	}
	lists := make([][]Test, len(jobs))
	problems := make([]error, len(jobs))
	slots := make(chan struct{}, runtime.NumCPU())
	var all sync.WaitGroup
	for i, j := range jobs {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			lists[i], problems[i] = j.list(ctx, run)
		})
	}
	all.Wait()
	if err := errors.Join(problems...); err != nil {
		return nil, nil, err
	}
	return merge(jobs, lists)
}

type job struct {
	harness Harness
	target  Target
}

func find(suites []wire.Suite, harnesses map[string]Harness) ([]job, error) {
	var jobs []job
	var problems []error
	for _, s := range suites {
		h, known := harnesses[s.Harness]
		if !known {
			problems = append(problems, fmt.Errorf("suite %s: this agent knows no harness %q", s.Name, s.Harness))
			continue
		}
		binaries, err := h.Find(s)
		if err != nil {
			problems = append(problems, fmt.Errorf("suite %s: %w", s.Name, err))
		}
		for _, b := range binaries {
			jobs = append(jobs, job{h, Target{Suite: s, Binary: b}})
		}
	}
	return jobs, errors.Join(problems...)
}

func (j job) list(ctx context.Context, run Run) ([]Test, error) {
	if j.target.Binary.Pruned {
		return nil, nil
	}
	tests, err := j.harness.List(ctx, j.target, j.named(run))
	if err == nil {
		err = twice(tests)
	}
	if err != nil {
		return nil, fmt.Errorf("listing %s: %w", j.target.Binary.ID, err)
	}
	return tests, nil
}

// named tells the processes that list which binary they are.
func (j job) named(run Run) Run {
	return func(ctx context.Context, c Command, w io.Writer) (Exit, error) {
		c.Env = append(slices.Clone(c.Env), "NEXTEST_BINARY_ID="+j.target.Binary.ID)
		return run(ctx, c, w)
	}
}

// twice refuses lists that name a test more than once: there would be no telling which one ran.
func twice(tests []Test) error {
	var problems Problems
	line := make(map[string]int, len(tests))
	for _, t := range tests {
		if first, listed := line[t.Name]; listed {
			problems.Add(fmt.Errorf("test %.200q is listed twice (lines %d and %d): names must be unique within a binary",
				t.Name, first, t.Line))
			continue
		}
		line[t.Name] = t.Line
	}
	return problems.Err()
}

func merge(jobs []job, lists [][]Test) ([]wire.Binary, []wire.Listed, error) {
	binaries := make([]wire.Binary, len(jobs))
	var tests []wire.Listed
	for i, list := range lists {
		binaries[i] = jobs[i].target.Binary
		for _, t := range list {
			tests = append(tests, wire.Listed{Binary: i, Name: t.Name, Ignored: t.Ignored})
		}
	}
	if len(tests) > MaxTests {
		return nil, nil, fmt.Errorf("%d tests: at most %d are allowed in a run: split it", len(tests), MaxTests)
	}
	return binaries, tests, nil
}

// Ask runs a command that lists and gives each line it prints to each. Its error says how the command failed; what it
// printed counts for nothing then.
func Ask(ctx context.Context, run Run, c Command, each func(Line)) error {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	lines := &Lines{Each: each}
	exit, err := run(ctx, c, &counted{w: lines, lines: lines, stop: stop})
	if cause := context.Cause(ctx); errors.Is(cause, errTooMany) {
		return cause
	}
	if err != nil {
		return err
	}
	lines.Close()
	return failedList(c, exit)
}

var errTooMany = fmt.Errorf("more than %d lines: at most %d tests are allowed in a run", 2*MaxTests, MaxTests)

// counted stops a list that does not end.
type counted struct {
	w     io.Writer
	lines *Lines
	stop  context.CancelCauseFunc
}

func (c *counted) Write(p []byte) (int, error) {
	if c.lines.number > 2*MaxTests {
		c.stop(errTooMany)
		return len(p), nil
	}
	return c.w.Write(p)
}

func failedList(c Command, exit Exit) error {
	how := fmt.Sprintf("exit code %d", exit.Code)
	switch {
	case exit.Signal != "":
		how = "signal " + exit.Signal
	case exit.Code == 0:
		return nil
	}
	stderr := Printable(exit.Stderr)
	if stderr == "" {
		stderr = "(nothing)"
	}
	return fmt.Errorf("%q ended with %s; it printed to standard error: %s", c.Argv, how, stderr)
}

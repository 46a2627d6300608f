package check

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/podtest/podtest/internal/agent/process"
	"github.com/podtest/podtest/internal/harness"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

// noSuchTest is a name that no list has.
const noSuchTest = "podtest_harness_check_no_such_test"

func (c *checker) runAll() {
	ran := 0
	for _, at := range c.sample() {
		t := c.tests[at]
		binary := c.binaries[t.Binary]
		first, ok := c.attempt(binary, wire.Assignment{Name: t.Name, Ignored: t.Ignored, Attempt: 1})
		if !ok {
			return // all would be alike
		}
		second, _ := c.attempt(binary, wire.Assignment{Name: t.Name, Ignored: t.Ignored, Attempt: 2})
		if first.Outcome != second.Outcome {
			c.tell(Note, "a test may be run again at any time, in another pod: it must not depend on its forerunner",
				"%q is %s at first and %s when it is run again", t.Name, first.Outcome, second.Outcome)
		}
		ran++
	}
	if ran > 0 {
		c.tell(OK, "", "ran %s, twice each", several(ran, "test"))
	}
	c.unknown()
}

// sample are tests from all over the list, but none that is ignored.
func (c *checker) sample() []int {
	var may []int
	for i, t := range c.tests {
		if !t.Ignored {
			may = append(may, i)
		}
	}
	n := min(c.Sample, len(may))
	picked := make([]int, 0, n)
	for i := range n {
		picked = append(picked, may[i*(len(may)-1)/max(1, n-1)])
	}
	return picked
}

// attempt runs one attempt, and tells what is wrong with it; false: it could not be run.
func (c *checker) attempt(b wire.Binary, a wire.Assignment) (harness.Verdict, bool) {
	attempt := c.Harness.Attempt(harness.Target{Suite: c.Suite, Binary: b}, a)
	for {
		cmd := attempt.Command()
		p := process.Runner{Family: c.Family}
		end, err := p.Run(process.Command{
			Argv: cmd.Argv, Dir: cmd.Dir, Mark: c.mark(), Watch: attempt.Watch(),
			Env: append(append(c.environ("run"), "NEXTEST_TEST_NAME="+a.Name,
				fmt.Sprintf("NEXTEST_ATTEMPT=%d", a.Attempt)), cmd.Env...),
		}, c.limits())
		switch {
		case err != nil:
			c.tell(Wrong, "the run command is a program and its arguments; no shell takes part",
				"%q cannot be run: %s", a.Name, err)
			return harness.Verdict{}, false
		case end.TimedOut:
			c.tell(Wrong, "run one test and end; give --timeout if it takes longer", "%q did not end within %s", a.Name, c.Limit)
			return harness.Verdict{Outcome: outcome.TimedOut}, false
		case end.Leaky:
			c.tell(Wrong, "end what the test has started, and wait for it",
				"%q leaves something behind%s", a.Name, survivors(end))
		}
		if end.Status.Signaled() {
			return harness.Verdict{Outcome: outcome.Crashed}, true
		}
		v, again := attempt.Judge(harness.Exit{Code: end.Status.ExitStatus(), Stderr: p.Stderr.Head()})
		if again {
			continue
		}
		c.judge(a.Name, v, end, &p)
		return v, true
	}
}

// judge tells what of an ended attempt will puzzle those who read its report.
func (c *checker) judge(name string, v harness.Verdict, end process.End, p *process.Runner) {
	code := end.Status.ExitStatus()
	switch {
	case name == noSuchTest:
	case c.Suite.Harness == "exec" && (code == 126 || code == 127):
		c.tell(Wrong, "look for a program or a file that is missing",
			"%q ends with exit code %d, which is a shell's for a command that cannot be run: %s", name, code,
			firstLine(p.Stderr.Head()))
	case v.Outcome == outcome.Failed && p.Stdout.Len()+p.Stderr.Len() == 0:
		c.tell(Note, "say why, on standard output or standard error: reports show the end of it",
			"%q fails with %s and prints nothing", name, v.Why)
	}
}

// unknown runs a test that does not exist.
func (c *checker) unknown() {
	v, ok := c.attempt(c.binaries[0], wire.Assignment{Name: noSuchTest, Attempt: 1})
	switch {
	case !ok:
	case v.Outcome.Good():
		c.tell(Wrong, "end with another exit code than 0 and 77 if there is no such test: one that is renamed, or vanishes "+
			"between listing and running, would pass for ever", "a test that does not exist counts as %s", v.Outcome)
	default:
		c.tell(OK, "", "a test that does not exist fails")
	}
}

func survivors(end process.End) string {
	if len(end.Survivors) == 0 {
		return ""
	}
	return ": " + strings.Join(end.Survivors, ", ")
}

func firstLine(text []byte) string {
	line, _, _ := strings.Cut(harness.Printable(bytes.TrimSpace(text)), "\n")
	return line
}

func several(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

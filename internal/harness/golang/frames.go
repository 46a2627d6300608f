package golang

import (
	"bytes"

	"github.com/podtest/podtest/internal/harness"
	"github.com/podtest/podtest/internal/outcome"
)

// marker begins each line that package testing itself prints, when asked with -test.v=test2json. It may stand in the
// middle of a line, after output without an end.
const marker = 0x16

// Frames reads the output of a Go test for the verdict on one top-level test. It is an io.Writer, takes output of
// any size in bounded memory, and believes only marked lines. Unmarked is for binaries that mark nothing: there any
// line that ends as a verdict does is one.
type Frames struct {
	Name     string // of the top-level test
	Unmarked bool

	Any     bool // something was marked
	Ran     bool // "=== RUN   Name"
	Passed  bool
	Failed  bool
	Skipped bool
	AllDone bool // the binary's last word: PASS or FAIL

	frame   []byte
	inFrame bool
}

// Write reads a piece of output.
func (f *Frames) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		if f.inFrame || f.Unmarked {
			p = f.line(p)
			continue
		}
		i := bytes.IndexByte(p, marker)
		if i < 0 {
			break
		}
		f.inFrame, f.Any = true, true
		p = p[i+1:]
	}
	return n, nil
}

// line takes p up to the end of the line, or to the marker that begins the next.
func (f *Frames) line(p []byte) []byte {
	i := bytes.IndexByte(p, '\n')
	part := p[:max(i, 0)]
	if i < 0 {
		part = p
	}
	m := -1
	if !f.Unmarked {
		m = bytes.IndexByte(part, marker)
	}
	if m >= 0 {
		part, i = part[:m], m-1 // the marker itself is read again
		f.keep(part)
		f.end()
		return p[i+1:]
	}
	f.keep(part)
	if i < 0 {
		return nil
	}
	f.end()
	return p[i+1:]
}

// room is enough for a frame about the test; of longer lines the end is kept if verdicts stand there, else the
// beginning.
func (f *Frames) room() int { return len(f.Name) + 64 }

func (f *Frames) keep(part []byte) {
	if f.Unmarked {
		f.frame = append(f.frame, part[max(0, len(part)-f.room()):]...)
		if extra := len(f.frame) - f.room(); extra > 0 {
			f.frame = append(f.frame[:0], f.frame[extra:]...)
		}
		return
	}
	f.frame = append(f.frame, part[:min(len(part), f.room()-len(f.frame))]...)
}

func (f *Frames) end() {
	f.read(bytes.TrimSuffix(f.frame, []byte("\r")))
	f.frame, f.inFrame = f.frame[:0], false
}

// Close ends a last line that has no end.
func (f *Frames) Close() {
	if f.inFrame || len(f.frame) > 0 {
		f.end()
	}
}

func (f *Frames) read(line []byte) {
	if f.Unmarked {
		if i := bytes.LastIndex(line, []byte("--- ")); i > 0 && line[i-1] != ' ' {
			line = line[i:]
		}
	}
	switch {
	case string(line) == "PASS" || string(line) == "FAIL":
		f.AllDone = true
	case f.names(line, "=== RUN   ", ""):
		f.Ran = true
	case f.names(line, "--- PASS: ", " ("):
		f.Passed = true
	case f.names(line, "--- FAIL: ", " ("):
		f.Failed = true
	case f.names(line, "--- SKIP: ", " ("):
		f.Skipped = true
	}
}

// names reports whether the line is about exactly this test.
func (f *Frames) names(line []byte, prefix, after string) bool {
	rest, found := bytes.CutPrefix(line, []byte(prefix))
	if !found {
		return false
	}
	rest, found = bytes.CutPrefix(rest, []byte(f.Name))
	if after == "" {
		return found && len(rest) == 0
	}
	return found && bytes.HasPrefix(rest, []byte(after))
}

// judge: a failure recorded is a failure whatever else was; exit code 0 counts only with a record of exactly this test.
func (f *Frames) judge(code int) harness.Verdict {
	switch {
	case code != 0 && f.Passed && !f.Failed:
		return harness.Failed(outcome.ExitCode, exitCode(code)+" after the test itself had passed")
	case code != 0:
		return harness.Failed(outcome.ExitCode, exitCode(code))
	case f.Failed:
		return harness.Failed(outcome.HarnessFailed,
			"exited 0 although the test failed: does TestMain drop the code of m.Run?")
	case f.Skipped:
		return harness.Verdict{Outcome: outcome.Skipped}
	case f.Passed:
		return harness.Passed
	case f.AllDone && !f.Ran:
		return harness.Failed(outcome.UnknownTest, "the binary ran no test of this name although it had listed it")
	}
	return harness.Failed(outcome.NoEvidence, "exited 0 without a record of the test: exit(0) inside it, or in TestMain?")
}

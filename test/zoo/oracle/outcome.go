package main

import (
	"bytes"
	"context"
	"errors"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
)

// argv starts one test and no other.
func (b binary) argv(name string) []string {
	switch b.Harness {
	case "go":
		return []string{
			b.Path, "-test.run", "^" + regexp.QuoteMeta(name) + "$",
			"-test.v=test2json", "-test.paniconexit0", "-test.count=1", "-test.timeout=0",
		}
	case "libtest":
		return []string{b.Path, name, "--exact", "--nocapture"}
	}
	argv := make([]string, len(b.Run))
	for i, arg := range b.Run {
		argv[i] = arg
		if arg == "{id}" {
			argv[i] = name
		}
	}
	return argv
}

// outcome believes the exit code when it is bad news; good news must be in the output as well.
func (b binary) outcome(name string, e ended) (outcome, why string) {
	var exit *exec.ExitError
	switch {
	case errors.Is(e.err, context.DeadlineExceeded):
		return "timedOut", ""
	case errors.As(e.err, &exit) && exit.Sys().(syscall.WaitStatus).Signaled():
		return "crashed", exit.Sys().(syscall.WaitStatus).Signal().String()
	case errors.As(e.err, &exit) && b.Harness == "exec" && exit.ExitCode() == 77:
		return "skipped", ""
	case e.err != nil:
		return "failed", e.err.Error()
	case b.passed(name, e.stdout):
		return "passed", ""
	case b.Harness == "go" && bytes.Contains(e.stdout, goFrame("SKIP", name)):
		return "skipped", ""
	}
	return "failed", "exit code 0 and no evidence"
}

var libtestPassed = regexp.MustCompile(`(?m)^test result: ok\. 1 passed; 0 failed;`)

func (b binary) passed(name string, stdout []byte) bool {
	switch b.Harness {
	case "go":
		return bytes.Contains(stdout, goFrame("PASS", name))
	case "libtest":
		return libtestPassed.Match(stdout)
	}
	return true
}

// goFrame begins with the byte that tells the testing package's lines from what a test prints.
func goFrame(action, name string) []byte {
	return []byte(strings.Join([]string{"\x16--- ", action, ": ", name, " ("}, ""))
}

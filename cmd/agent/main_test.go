package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/podtest/podtest/internal/agent"
)

func TestBadUsageIsExitCode2(t *testing.T) {
	for _, args := range [][]string{nil, {"test"}, {"install"}, {"install", "a", "b"}, {"version", "x"}, {"run", "x"}, {"-h"}, {"fixture"}, {"fixture", "--"}, {"fixture", "x", "y"}} {
		if got := run(args); got != agent.ExitUsage {
			t.Errorf("%q: exit code %d", args, got)
		}
	}
}

func TestInstallCopiesTheAgentForAllToRun(t *testing.T) {
	dir := t.TempDir()
	for range 2 { // a container may be started again
		if got := run([]string{"install", dir}); got != agent.ExitComplete {
			t.Fatalf("exit code %d", got)
		}
	}
	info, err := os.Stat(filepath.Join(dir, agent.Name))
	if err != nil {
		t.Fatal(err)
	}
	self, err := os.Stat("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode() != 0o555 || info.Size() != self.Size() {
		t.Errorf("mode %s, %d bytes of %d", info.Mode(), info.Size(), self.Size())
	}
	if entries, _ := os.ReadDir(dir); len(entries) != 1 {
		t.Errorf("more than the agent: %v", entries)
	}
}

func TestInstallIntoNothingIsAnError(t *testing.T) {
	if got := run([]string{"install", "/no/such/folder"}); got != agent.ExitNoReport {
		t.Errorf("exit code %d", got)
	}
}

package main

import (
	"strings"
	"testing"
)

func TestWhatIsAskedForNeedsNoCluster(t *testing.T) {
	s := newShell(t)
	s.cluster = nil
	s.in = twoRuns
	if code := s.podtest(t, "run", "-f", "-", "--dry-run=client", "-o", "name", "--retries", "2"); code != 0 {
		t.Fatalf("exit code %d: %s", code, s.err.String())
	}
	if want := "testrun.podtest.dev/a\ntestrun.podtest.dev/b\n"; s.out.String() != want {
		t.Errorf("standard output: %q", s.out.String())
	}
}

func TestAFiltersetThatMeansNothingIsShownBeforeAnythingIsCreated(t *testing.T) {
	s := newShell(t)
	s.cluster = nil
	s.in = twoRuns
	if code := s.podtest(t, "run", "-f", "-", "-E", "test(a) && test(b)"); code != 94 {
		t.Errorf("exit code %d, want 94", code)
	}
	if !strings.Contains(s.err.String(), "  test(a) && test(b)\n          ^^\n") {
		t.Errorf("standard error:\n%s", s.err.String())
	}
}

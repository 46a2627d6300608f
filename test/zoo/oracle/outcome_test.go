package main

import (
	"os/exec"
	"slices"
	"testing"
)

func TestGoNames(t *testing.T) {
	printed := "Testing the waters\nTest\nTestA\nTest_b\ntestC\nTestifies\nTests: 2\n" +
		"BenchmarkD\nFuzzE\nExample_f\nok  \tx\t0.1s\n"
	got, _ := goNames(printed)
	if want := []string{"Test", "TestA", "Test_b", "FuzzE", "Example_f"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestOutcome(t *testing.T) {
	printed := func(s string) ended { return ended{stdout: []byte(s)} }
	exit := func(script string) error { return exec.Command("sh", "-c", script).Run() }
	tests := map[string]struct {
		harness string
		ended   ended
		want    string
	}{
		"exit 0 with the test's own frame has passed": {"go", printed("\x16--- PASS: TestA (0.00s)\n"), "passed"},
		"exit 0 with another test's frame has not":    {"go", printed("\x16--- PASS: TestAB (0.00s)\n"), "failed"},
		"exit 0 with a frame without marker has not":  {"go", printed("--- PASS: TestA (0.00s)\n"), "failed"},
		"a skipped child does not skip its parent": {
			"go", printed("\x16    --- SKIP: TestA/b (0.00s)\n\x16--- PASS: TestA (0.00s)\n"), "passed",
		},
		"a frame is worth nothing when the exit is bad": {
			"go", ended{[]byte("\x16--- PASS: TestA (0.00s)\n"), exit("exit 3")}, "failed",
		},
		"a signal is a crash":             {"go", ended{err: exit("kill -SEGV $$")}, "crashed"},
		"77 skips under exec":             {"exec", ended{err: exit("exit 77")}, "skipped"},
		"77 fails elsewhere":              {"go", ended{err: exit("exit 77")}, "failed"},
		"libtest passes with its summary": {"libtest", printed("\ntest result: ok. 1 passed; 0 failed;\n"), "passed"},
		"libtest does not pass without":   {"libtest", ended{}, "failed"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			if got, _ := (binary{Harness: tc.harness}).outcome("TestA", tc.ended); got != tc.want {
				t.Errorf("got %s, want %s", got, tc.want)
			}
		})
	}
}

package golang_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/internal/harness"
	"github.com/podtest/podtest/internal/harness/golang"
	"github.com/podtest/podtest/internal/harness/harnesstest"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

var target = harness.Target{Binary: wire.Binary{Path: "/b", Dir: "/d"}}

func TestOnlyNamesOfTestsAreTakenFromAList(t *testing.T) {
	const printed = "TestMain prints this\nTestA\nTest\nTestß\nTestÄ\nTest_x\nTesting\nBenchmarkX\nFuzzF\nExample\nExample_ok\n" +
		"Test A\nok  \tpkg\nTestB-c\n--- PASS: TestC (0.00s)\nTestLast"
	got, err := golang.New().List(t.Context(), target, harnesstest.Printed{Stdout: printed + strings.Repeat("\nx", 3)}.Run)
	if err != nil {
		t.Fatal(err)
	}
	want := []harness.Test{
		{Name: "TestA", Line: 2},
		{Name: "Test", Line: 3},
		{Name: "TestÄ", Line: 5},
		{Name: "Test_x", Line: 6},
		{Name: "FuzzF", Line: 9},
		{Name: "Example", Line: 10},
		{Name: "Example_ok", Line: 11},
		{Name: "TestLast", Line: 16},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestALongLineDoesNotLoseTheList(t *testing.T) {
	printed := strings.Repeat("x", 70_000) + "\nTestA\n"
	got, err := golang.New().List(t.Context(), target, harnesstest.Printed{Stdout: printed}.Run)
	if err != nil || len(got) != 1 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestABinaryThatCannotListIsAnError(t *testing.T) {
	p := harnesstest.Printed{Stdout: "TestA\n", Exit: harness.Exit{Code: 2, Stderr: []byte("no database\x1b[0m\n")}}
	_, err := golang.New().List(t.Context(), target, p.Run)
	if err == nil || !strings.Contains(err.Error(), "exit code 2; it printed to standard error: no database") {
		t.Errorf("got %v", err)
	}
}

func TestATestPassedOnlyWithARecordOfExactlyIt(t *testing.T) {
	const run, pass, done = "\x16=== RUN   TestA\n", "\x16--- PASS: TestA (0.00s)\n", "\x16PASS\n"
	cases := map[string]struct {
		stdout string
		code   int
		want   outcome.Outcome
		reason outcome.Reason
	}{
		"it passed":                         {run + pass + done, 0, outcome.Passed, outcome.NoReason},
		"it skipped":                        {run + "\x16--- SKIP: TestA (0.00s)\n" + done, 0, outcome.Skipped, outcome.NoReason},
		"it failed":                         {run + "\x16--- FAIL: TestA (0.00s)\n\x16FAIL\n", 1, outcome.Failed, outcome.ExitCode},
		"it failed and TestMain hid it":     {run + "\x16--- FAIL: TestA (0.00s)\n\x16FAIL\n", 0, outcome.Failed, outcome.HarnessFailed},
		"it passed and TestMain failed":     {run + pass + done, 1, outcome.Failed, outcome.ExitCode},
		"it failed and passed":              {run + pass + "\x16--- FAIL: TestA (0.00s)\n", 0, outcome.Failed, outcome.HarnessFailed},
		"it exited":                         {run, 0, outcome.Failed, outcome.NoEvidence},
		"TestMain exited":                   {"", 0, outcome.Failed, outcome.NoEvidence},
		"nothing ran":                       {done, 0, outcome.Failed, outcome.UnknownTest},
		"another passed":                    {run + "\x16--- PASS: TestAB (0.00s)\n", 0, outcome.Failed, outcome.NoEvidence},
		"only a subtest passed":             {run + "\x16--- PASS: TestA/x (0.00s)\n", 0, outcome.Failed, outcome.NoEvidence},
		"a subtest was skipped":             {run + "\x16--- SKIP: TestA/x (0.00s)\n" + pass + done, 0, outcome.Passed, outcome.NoReason},
		"it printed a pass without a mark":  {run + "--- PASS: TestA (0.00s)\n", 0, outcome.Failed, outcome.NoEvidence},
		"the mark is in the middle":         {run + "and so" + pass + done, 0, outcome.Passed, outcome.NoReason},
		"two marks are in one line":         {run + "\x16=== NAME  TestA" + pass + done, 0, outcome.Passed, outcome.NoReason},
		"lines end as on Windows":           {run + "\x16--- PASS: TestA (0.00s)\r\n" + done, 0, outcome.Passed, outcome.NoReason},
		"the last line has no end":          {run + "\x16--- PASS: TestA (0.00s)", 0, outcome.Passed, outcome.NoReason},
		"it printed a flood":                {run + strings.Repeat("x", 1<<20) + pass, 0, outcome.Passed, outcome.NoReason},
		"it printed marks and no line ends": {run + strings.Repeat("\x16", 10_000) + pass, 0, outcome.Passed, outcome.NoReason},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			a := golang.New().Attempt(target, wire.Assignment{Name: "TestA"})
			_, _ = harnesstest.Dribble(a.Watch(), c.stdout, harness.Exit{}, nil)
			v, again := a.Judge(harness.Exit{Code: c.code})
			if again || v.Outcome != c.want || v.Reason != c.reason {
				t.Errorf("got %+v, again %v", v, again)
			}
		})
	}
}

func TestAPanicIsNamed(t *testing.T) {
	a := golang.New().Attempt(target, wire.Assignment{Name: "TestA"})
	v, _ := a.Judge(harness.Exit{Code: 2, Stderr: []byte("log\npanic: oh no [recovered]\n\ngoroutine 7\n")})
	if want := "exit code 2, panic: oh no [recovered]"; v.Why != want {
		t.Errorf("got %q, want %q", v.Why, want)
	}
}

func TestAnOldBinaryIsAskedAgainInItsOwnWay(t *testing.T) {
	h := golang.New()
	a := h.Attempt(target, wire.Assignment{Name: "TestA"})
	refused := harness.Exit{Code: 2, Stderr: []byte("invalid boolean value \"test2json\" for -test.v: parse error\nUsage of /b:\n")}
	if _, again := a.Judge(refused); !again {
		t.Fatal("not asked again")
	}
	for name, c := range map[string]struct {
		stdout string
		want   outcome.Outcome
	}{
		"it passed":                     {"=== RUN   TestA\n--- PASS: TestA (0.00s)\nPASS\n", outcome.Passed},
		"it passed in the middle":       {"=== RUN   TestA\n" + strings.Repeat("x", 9000) + "--- PASS: TestA (0.00s)\nPASS\n", outcome.Passed},
		"a subtest of that name passed": {"=== RUN   TestA\n    --- PASS: TestA (0.00s)\nPASS\n", outcome.Failed},
		"it exited":                     {"=== RUN   TestA\n", outcome.Failed},
	} {
		a := h.Attempt(target, wire.Assignment{Name: "TestA"})
		if argv := a.Command().Argv; argv[3] != "-test.v=true" {
			t.Errorf("%s: argv %q", name, argv)
		}
		_, _ = harnesstest.Dribble(a.Watch(), c.stdout, harness.Exit{}, nil)
		if v, again := a.Judge(harness.Exit{}); again || v.Outcome != c.want {
			t.Errorf("%s: got %+v", name, v)
		}
	}
}

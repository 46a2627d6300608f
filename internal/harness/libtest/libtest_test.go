package libtest_test

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/internal/harness"
	"github.com/podtest/podtest/internal/harness/harnesstest"
	"github.com/podtest/podtest/internal/harness/libtest"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

// binary plays a test binary that lists two ways.
func binary(all, ignored string) harness.Run {
	return func(_ context.Context, c harness.Command, w io.Writer) (harness.Exit, error) {
		if slices.Contains(c.Argv, "--ignored") {
			return harnesstest.Dribble(w, ignored, harness.Exit{}, nil)
		}
		return harnesstest.Dribble(w, all, harness.Exit{}, nil)
	}
}

func TestIgnoredTestsAreThoseOfTheSecondList(t *testing.T) {
	cases := map[string]struct {
		all, ignored string
		want         []harness.Test
	}{
		"they are among all": {
			"a: test\nb::c: test\n", "b::c: test\n",
			[]harness.Test{{Name: "a", Line: 1}, {Name: "b::c", Ignored: true, Line: 2}},
		},
		"they are not among all": {
			"a: test\n", "z: test\n",
			[]harness.Test{{Name: "a", Line: 1}, {Name: "z", Ignored: true, Line: 1}},
		},
		"benchmarks are left out": {"a: test\nq: benchmark\n", "", []harness.Test{{Name: "a", Line: 1}}},
		"there are none":          {"", "", nil},
		"lines may end as on Windows": {
			"\ufeffa: test\r\nb: test\r\n", "", []harness.Test{{Name: "a", Line: 1}, {Name: "b", Line: 2}},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got, err := libtest.New().List(t.Context(), harness.Target{}, binary(c.all, c.ignored))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestListsThatAreNotOfTheGrammarAreRefused(t *testing.T) {
	var many strings.Builder
	for i := range 15 {
		fmt.Fprintf(&many, "noise %d\n", i)
	}
	cases := map[string]struct {
		printed harnesstest.Printed
		want    string
	}{
		"another line":                {harnesstest.Printed{Stdout: "a: test\nwarning: foo\n"}, `list line 2: "warning: foo" does not end with ": test" or ": benchmark"`},
		"an empty name":               {harnesstest.Printed{Stdout: ": test\n"}, "list line 1: empty test name"},
		"a colour":                    {harnesstest.Printed{Stdout: "\x1b[32ma\x1b[0m: test\n"}, "escape sequence"},
		"invalid UTF-8":               {harnesstest.Printed{Stdout: "a: test\nb\xff: test\n"}, "list line 2: not UTF-8 at byte 2"},
		"a NUL byte":                  {harnesstest.Printed{Stdout: "a\x00: test\n"}, "NUL"},
		"a name that is too long":     {harnesstest.Printed{Stdout: strings.Repeat("a", 5000) + ": test\n"}, "5000 bytes"},
		"a line that is far too long": {harnesstest.Printed{Stdout: strings.Repeat("a", 70_000) + ": test\nb: test\n"}, "list line 1: a line of 70006 bytes"},
		"more than ten problems":      {harnesstest.Printed{Stdout: many.String()}, "and 5 more"},
		"a failed list": {
			harnesstest.Printed{Stdout: "a: test\n", Exit: harness.Exit{Code: 101, Stderr: []byte("no such thing\n")}},
			"ended with exit code 101; it printed to standard error: no such thing",
		},
		"a crashed list": {harnesstest.Printed{Exit: harness.Exit{Signal: "SIGSEGV"}}, "signal SIGSEGV"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := libtest.New().List(t.Context(), harness.Target{}, c.printed.Run)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestATestPassedOnlyIfTheSummarySaysThatOneDid(t *testing.T) {
	const ok = "\nrunning 1 test\ntest a ... ok\n\ntest result: ok. 1 passed; 0 failed; 0 ignored; 0 measured; 3 filtered out; finished in 0.00s\n\n"
	cases := map[string]struct {
		stdout string
		code   int
		want   outcome.Outcome
		reason outcome.Reason
	}{
		"it passed":                          {ok, 0, outcome.Passed, outcome.NoReason},
		"it failed":                          {"", 101, outcome.Failed, outcome.ExitCode},
		"it passed and the process failed":   {ok, 3, outcome.Failed, outcome.ExitCode},
		"it called exit(0)":                  {"running 1 test\n", 0, outcome.Failed, outcome.NoEvidence},
		"nothing ran":                        {strings.ReplaceAll(ok, "1 passed", "0 passed"), 0, outcome.Failed, outcome.UnknownTest},
		"more than one ran":                  {strings.ReplaceAll(ok, "1 passed", "2 passed"), 0, outcome.Failed, outcome.NoEvidence},
		"it failed and the process exited 0": {"test result: FAILED. 0 passed; 1 failed; 0 ignored;\n", 0, outcome.Failed, outcome.HarnessFailed},
		"it printed without a line end":      {"noise" + ok, 0, outcome.Passed, outcome.NoReason},
		"it flooded":                         {strings.Repeat("x", 1<<20) + ok, 0, outcome.Passed, outcome.NoReason},
		"a summary of its own came before":   {"test result: ok. 1 passed; 0 failed;\n" + strings.ReplaceAll(ok, "1 passed", "0 passed"), 0, outcome.Failed, outcome.UnknownTest},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			a := libtest.New().Attempt(harness.Target{}, wire.Assignment{Name: "a"})
			_, _ = harnesstest.Dribble(a.Watch(), c.stdout, harness.Exit{}, nil)
			v, _ := a.Judge(harness.Exit{Code: c.code})
			if v.Outcome != c.want || v.Reason != c.reason {
				t.Errorf("got %+v", v)
			}
		})
	}
}

func TestIgnoredTestsAreRunAsSuch(t *testing.T) {
	target := harness.Target{Binary: wire.Binary{Path: "/b", Dir: "/d"}}
	got := libtest.New().Attempt(target, wire.Assignment{Name: "a::b", Ignored: true}).Command()
	want := harness.Command{Argv: []string{"/b", "a::b", "--exact", "--nocapture", "--ignored"}, Dir: "/d"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzListsAreReadOrRefused(f *testing.F) {
	f.Add("a: test\nb: benchmark\n")
	f.Add("\xff: test")
	f.Fuzz(func(t *testing.T, text string) {
		tests, err := libtest.New().List(t.Context(), harness.Target{}, binary(text, ""))
		if err != nil {
			return
		}
		for _, test := range tests {
			if harness.CheckName(test.Name) != nil || !strings.Contains(text, test.Name+": test") {
				t.Errorf("%q came out of %q", test.Name, text)
			}
		}
	})
}

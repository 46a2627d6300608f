package harness_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/internal/harness"
	"github.com/podtest/podtest/internal/harness/exec"
	"github.com/podtest/podtest/internal/harness/harnesstest"
	"github.com/podtest/podtest/internal/wire"
)

var harnesses = map[string]harness.Harness{"exec": exec.New()}

func keep(wire.Binary) bool { return false }

func own(name string) wire.Suite {
	return wire.Suite{Name: name, Harness: "exec", List: []string{name}, Run: []string{"r"}}
}

// lists plays list commands by their names.
func lists(printed map[string]harnesstest.Printed) harness.Run {
	return func(ctx context.Context, c harness.Command, w io.Writer) (harness.Exit, error) {
		return printed[c.Argv[0]].Run(ctx, c, w)
	}
}

func TestTheListingIsInTheOrderOfSuitesAndLists(t *testing.T) {
	binaries, tests, err := harness.List(t.Context(), []wire.Suite{own("b"), own("a")}, harnesses, keep, lists(
		map[string]harnesstest.Printed{"a": {Stdout: "x\n"}, "b": {Stdout: "z\nx\n"}}))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]wire.Binary{{Suite: "b", ID: "b", Path: "r"}, {Suite: "a", ID: "a", Path: "r"}}, binaries); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]wire.Listed{{Name: "z"}, {Name: "x"}, {Binary: 1, Name: "x"}}, tests); diff != "" {
		t.Error(diff)
	}
}

func TestABinaryThatIsPrunedIsNotAsked(t *testing.T) {
	binaries, tests, err := harness.List(t.Context(), []wire.Suite{own("a"), own("b")}, harnesses,
		func(b wire.Binary) bool { return b.Suite == "a" },
		lists(map[string]harnesstest.Printed{"a": {Err: errors.New("it was asked")}, "b": {Stdout: "x\n"}}))
	if err != nil {
		t.Fatal(err)
	}
	want := []wire.Binary{{Suite: "a", ID: "a", Path: "r", Pruned: true}, {Suite: "b", ID: "b", Path: "r"}}
	if diff := cmp.Diff(want, binaries); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]wire.Listed{{Binary: 1, Name: "x"}}, tests); diff != "" {
		t.Error(diff)
	}
}

func TestOnlyWhatCannotMatchIsPruned(t *testing.T) {
	b := wire.Binary{Suite: "s", ID: "s::unit/a"}
	cases := map[string]struct {
		config wire.Config
		want   bool
	}{
		"there is no filter":                   {wire.Config{}, false},
		"the filter matches":                   {wire.Config{Filter: "binary(=a)"}, false},
		"the filter cannot match":              {wire.Config{Filter: "binary(=b)"}, true},
		"the filter asks for names too":        {wire.Config{Filter: "binary(=b) & test(x)"}, true},
		"the filter asks for names instead":    {wire.Config{Filter: "binary(=b) | test(x)"}, false},
		"the default filter cannot match":      {wire.Config{DefaultFilter: "not binary(=a)"}, true},
		"what is said to be the default":       {wire.Config{Filter: "default()", DefaultFilter: "binary(=a)"}, false},
		"group() may match any test":           {wire.Config{Filter: "group(=db)", Groups: []string{"db"}}, false},
		"group() with another binary":          {wire.Config{Filter: "group(=db) & binary(=b)", Groups: []string{"db"}}, true},
		"a filter that cannot be read, is not": {wire.Config{Filter: "binary(=b"}, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := harness.PruneBy(c.config)(b); got != c.want {
				t.Errorf("got %v", got)
			}
		})
	}
}

func TestEachBinaryTellsItsOwnProblems(t *testing.T) {
	_, _, err := harness.List(t.Context(), []wire.Suite{own("a"), own("b"), own("c"), own("d")}, harnesses, keep, lists(
		map[string]harnesstest.Printed{
			"a": {Stdout: "x\ny\nx\n"},
			"b": {Err: errors.New("cannot start it")},
			"c": {Stdout: "x\n", Exit: harness.Exit{Code: 3}},
			"d": {Stdout: "x\n"},
		}))
	for _, want := range []string{
		`listing a: test "x" is listed twice (lines 1 and 3)`, "listing b: cannot start it", "listing c: ", "exit code 3",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	if strings.Contains(err.Error(), "listing d") {
		t.Error("a good binary is in the error")
	}
}

func TestAnUnknownHarnessIsNamed(t *testing.T) {
	_, _, err := harness.List(t.Context(), []wire.Suite{{Name: "s", Harness: "pytest"}}, harnesses, keep, nil)
	if err == nil || !strings.Contains(err.Error(), `suite s: this agent knows no harness "pytest"`) {
		t.Errorf("got %v", err)
	}
}

func TestTooManyTestsAreRefused(t *testing.T) {
	endless := func(ctx context.Context, _ harness.Command, w io.Writer) (harness.Exit, error) {
		for i := 0; ctx.Err() == nil; i++ {
			_, _ = fmt.Fprintf(w, "t%d\n", i)
		}
		return harness.Exit{}, context.Cause(ctx)
	}
	_, _, err := harness.List(t.Context(), []wire.Suite{own("a")}, harnesses, keep, endless)
	if err == nil || !strings.Contains(err.Error(), "at most 1000000 tests") {
		t.Errorf("got %v", err)
	}
}

func TestAMillionTestsAndOneAreTooMany(t *testing.T) {
	var text strings.Builder
	for i := range harness.MaxTests + 1 {
		fmt.Fprintf(&text, "t%d\n", i)
	}
	run := func(_ context.Context, _ harness.Command, w io.Writer) (harness.Exit, error) {
		_, err := io.WriteString(w, text.String())
		return harness.Exit{}, err
	}
	_, _, err := harness.List(t.Context(), []wire.Suite{own("a")}, harnesses, keep, run)
	if err == nil || !strings.Contains(err.Error(), "1000001 tests: at most 1000000") {
		t.Errorf("got %v", err)
	}
}

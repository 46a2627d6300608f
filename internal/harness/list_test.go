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
	binaries, tests, err := harness.List(t.Context(), []wire.Suite{own("b"), own("a")}, harnesses, lists(
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

func TestEachBinaryTellsItsOwnProblems(t *testing.T) {
	_, _, err := harness.List(t.Context(), []wire.Suite{own("a"), own("b"), own("c"), own("d")}, harnesses, lists(
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
	_, _, err := harness.List(t.Context(), []wire.Suite{{Name: "s", Harness: "pytest"}}, harnesses, nil)
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
	_, _, err := harness.List(t.Context(), []wire.Suite{own("a")}, harnesses, endless)
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
	_, _, err := harness.List(t.Context(), []wire.Suite{own("a")}, harnesses, run)
	if err == nil || !strings.Contains(err.Error(), "1000001 tests: at most 1000000") {
		t.Errorf("got %v", err)
	}
}

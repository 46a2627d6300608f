package outcome_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/podtest/podtest/internal/outcome"
)

func passed(attempt uint16) outcome.Row {
	return outcome.Row{Ordinal: 5, Attempt: attempt, Outcome: outcome.Passed}
}

func failed(attempt uint16) outcome.Row {
	return outcome.Row{Ordinal: 5, Attempt: attempt, Outcome: outcome.Failed, Reason: outcome.ExitCode, Code: 1}
}

func skipped(attempt uint16) outcome.Row {
	return outcome.Row{Ordinal: 5, Attempt: attempt, Outcome: outcome.Skipped}
}

func crashed(attempt uint16) outcome.Row {
	return outcome.Row{Ordinal: 5, Attempt: attempt, Outcome: outcome.Crashed, Reason: outcome.Signal, Code: 11}
}

type verdict struct {
	Final          outcome.Row
	Decided, Flaky bool
}

func fold(rows []outcome.Row, maxAttempts int) verdict {
	final, decided, flaky := outcome.Fold(rows, outcome.Rule{MaxAttempts: maxAttempts})
	return verdict{final, decided, flaky}
}

func TestFold(t *testing.T) {
	type rows = []outcome.Row
	for name, c := range map[string]struct {
		rows        rows
		maxAttempts int
		want        verdict
	}{
		"no row is no verdict":                                {nil, 1, verdict{}},
		"a pass decides":                                      {rows{passed(1)}, 3, verdict{passed(1), true, false}},
		"a skip decides":                                      {rows{skipped(1)}, 3, verdict{skipped(1), true, false}},
		"a failure with attempts left does not":               {rows{failed(1)}, 2, verdict{}},
		"the last failure does":                               {rows{failed(1), crashed(2)}, 2, verdict{crashed(2), true, false}},
		"the last failure by number, in whatever order":       {rows{crashed(2), failed(1)}, 2, verdict{crashed(2), true, false}},
		"a failure told twice is one":                         {rows{failed(1), failed(1)}, 2, verdict{}},
		"an attempt told in two ways is as it was told first": {rows{failed(1), passed(1)}, 2, verdict{}},
		"even if that was good":                               {rows{passed(1), failed(1)}, 2, verdict{passed(1), true, false}},
		"numbers may skip after a loss":                       {rows{failed(1), failed(4)}, 2, verdict{failed(4), true, false}},
		"a pass after a failure is flaky":                     {rows{failed(1), passed(2)}, 3, verdict{passed(2), true, true}},
		"a pass before a failure is flaky, too":               {rows{passed(2), failed(1)}, 3, verdict{passed(2), true, true}},
		"a skip after a failure is not":                       {rows{failed(1), skipped(2)}, 3, verdict{skipped(2), true, false}},
		"a pass on attempt 2 after a lost one is not flaky":   {rows{passed(2)}, 3, verdict{passed(2), true, false}},
		"the first good one wins":                             {rows{skipped(2), passed(1)}, 3, verdict{skipped(2), true, false}},
		"a pass counts though the test had failed for good":   {rows{failed(1), passed(2)}, 1, verdict{passed(2), true, true}},
		"not even a run without attempts fails without a row": {nil, 0, verdict{}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, fold(c.rows, c.maxAttempts)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// attempts are rows of one test, one of each attempt, with at most so many good ones.
func attempts(maxGood int) *rapid.Generator[[]outcome.Row] {
	return rapid.Custom(func(t *rapid.T) []outcome.Row {
		numbers := rapid.SliceOfNDistinct(rapid.Uint16Range(1, 20), 0, 8, rapid.ID[uint16]).Draw(t, "attempts")
		var rows []outcome.Row
		for _, a := range numbers {
			o := outcome.Outcome(rapid.IntRange(int(outcome.Passed), int(outcome.Skipped)).Draw(t, "outcome"))
			if o.Good() && maxGood == 0 {
				o = outcome.Failed
			}
			if o.Good() {
				maxGood--
			}
			rows = append(rows, outcome.Row{Attempt: a, Outcome: o})
		}
		return rows
	})
}

func TestFoldDoesNotDependOnTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := attempts(1).Draw(t, "rows")
		most := rapid.IntRange(1, 5).Draw(t, "maxAttempts")
		shuffled := rapid.Permutation(rows).Draw(t, "shuffled")
		if diff := cmp.Diff(fold(rows, most), fold(shuffled, most)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestWhetherATestIsDecidedNeverDependsOnTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := attempts(8).Draw(t, "rows")
		most := rapid.IntRange(1, 5).Draw(t, "maxAttempts")
		shuffled := rapid.Permutation(rows).Draw(t, "shuffled")
		a, b := fold(rows, most), fold(shuffled, most)
		if a.Decided != b.Decided || a.Final.Outcome.Good() != b.Final.Outcome.Good() {
			t.Fatalf("%+v and %+v", a, b)
		}
	})
}

func TestFoldingTwiceIsFoldingOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := attempts(8).Draw(t, "rows")
		most := rapid.IntRange(1, 5).Draw(t, "maxAttempts")
		if diff := cmp.Diff(fold(rows, most), fold(slices.Concat(rows, rows), most)); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestAGoodVerdictStays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := attempts(8).Draw(t, "rows")
		most := rapid.IntRange(1, 5).Draw(t, "maxAttempts")
		cut := rapid.IntRange(0, len(rows)).Draw(t, "cut")
		before, after := fold(rows[:cut], most), fold(rows, most)
		if before.Final.Outcome.Good() && before.Final != after.Final {
			t.Fatalf("%+v became %+v", before, after)
		}
		if before.Decided && !after.Decided {
			t.Fatalf("%+v was decided and is no more", before)
		}
	})
}

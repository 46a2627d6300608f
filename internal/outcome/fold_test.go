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

func flakyFailed(attempt uint16) outcome.Row {
	r := passed(attempt)
	r.Outcome, r.Reason = outcome.Failed, outcome.FlakyFailed
	return r
}

func TestRule(t *testing.T) {
	type rows = []outcome.Row
	strict := outcome.Rule{MaxAttempts: 3, FlakyFails: true}
	for name, c := range map[string]struct {
		rows rows
		rule outcome.Rule
		want verdict
	}{
		"a flaky test fails with the attempt that passed": {rows{failed(1), passed(2)}, strict, verdict{flakyFailed(2), true, true}},
		"in whatever order":                                 {rows{passed(2), failed(1)}, strict, verdict{flakyFailed(2), true, true}},
		"a pass on the first attempt stays a pass":          {rows{passed(1)}, strict, verdict{passed(1), true, false}},
		"so does one after a lost attempt":                  {rows{passed(2)}, strict, verdict{passed(2), true, false}},
		"a skip after a failure stays a skip":               {rows{failed(1), skipped(2)}, strict, verdict{skipped(2), true, false}},
		"a failure to the last is told as it was":           {rows{failed(1), failed(2), crashed(3)}, strict, verdict{crashed(3), true, false}},
		"a failure with attempts left is tried again":       {rows{failed(1), failed(2)}, strict, verdict{}},
		"where the run is cut, a failure decides":           {rows{failed(1)}, strict.Cut(), verdict{failed(1), true, false}},
		"the last of several":                               {rows{failed(1), crashed(2)}, strict.Cut(), verdict{crashed(2), true, false}},
		"a flaky test fails there too":                      {rows{failed(1), passed(2)}, strict.Cut(), verdict{flakyFailed(2), true, true}},
		"a test without a row has no verdict, cut or not":   {nil, strict.Cut(), verdict{}},
		"a rule that says nothing asks for one failed row":  {rows{failed(1)}, outcome.Rule{}, verdict{failed(1), true, false}},
		"a rule that says nothing leaves a flaky test good": {rows{failed(1), passed(2)}, outcome.Rule{}, verdict{passed(2), true, true}},
	} {
		t.Run(name, func(t *testing.T) {
			var got verdict
			got.Final, got.Decided, got.Flaky = outcome.Fold(c.rows, c.rule)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if diff := cmp.Diff(outcome.Rule{MaxAttempts: 3, FlakyFails: true}, strict); diff != "" {
		t.Errorf("Cut has changed the rule that it was asked of:\n%s", diff)
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

package outcome_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/internal/outcome"
)

func row(ordinal uint32, attempt uint16, o outcome.Outcome) outcome.Row {
	return outcome.Row{Ordinal: ordinal, Attempt: attempt, Outcome: o}
}

// sound are the facts of a run of tests 0 to 3, of which 2 is not selected: 0 passed on its second attempt, 1 failed
// twice, 3 has no verdict.
func sound() outcome.Facts {
	ledgers := [][]outcome.Row{
		{row(0, 1, outcome.Failed), row(1, 1, outcome.TimedOut), row(3, 1, outcome.Failed)},
		{row(0, 2, outcome.Passed), row(1, 2, outcome.Failed)},
	}
	told := map[uint32]outcome.Row{0: ledgers[1][0], 1: ledgers[1][1]}
	return outcome.Facts{
		Tests:    4,
		Selected: func(o uint32) bool { return o != 2 },
		Rule:     func(uint32) outcome.Rule { return outcome.Rule{MaxAttempts: 2} },
		Ledgers:  ledgers,
		Verdict: func(o uint32) (outcome.Row, bool) {
			r, ok := told[o]
			return r, ok
		},
		Unfinished: []uint32{3},
		Told:       outcome.Tally{Passed: 1, Flaky: 1, Failed: 1},
	}
}

func TestCheck(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*outcome.Facts)
		want  []string
	}{
		"a sound run is let through": {func(*outcome.Facts) {}, nil},
		"the row of a duplicated attempt in a second ledger is no harm": {
			func(f *outcome.Facts) { f.Ledgers = append(f.Ledgers, []outcome.Row{row(0, 2, outcome.Passed)}) }, nil,
		},
		"a row of a test beyond the catalog": {
			func(f *outcome.Facts) { f.Ledgers = append(f.Ledgers, []outcome.Row{row(4, 1, outcome.Passed)}) },
			[]string{"ledger 2 tells of test 4, which is not part of the run"},
		},
		"a row of a test that was not selected": {
			func(f *outcome.Facts) { f.Ledgers = append(f.Ledgers, []outcome.Row{row(2, 1, outcome.Passed)}) },
			[]string{"ledger 2 tells of test 2, which is not part of the run"},
		},
		"an attempt 0": {
			func(f *outcome.Facts) { f.Ledgers = append(f.Ledgers, []outcome.Row{row(0, 0, outcome.Failed)}) },
			[]string{"ledger 2 tells of an attempt 0 of test 0"},
		},
		"an outcome that no attempt has": {
			func(f *outcome.Facts) { f.Ledgers = append(f.Ledgers, []outcome.Row{row(0, 9, outcome.NotRun)}) },
			[]string{"ledger 2 tells that attempt 9 of test 0 ended as notRun"},
		},
		"a pass with an exit code": {
			func(f *outcome.Facts) { f.Ledgers[1][0].Code = 3 },
			[]string{
				"ledger 1 tells that attempt 2 of test 0 passed, but with reason 0 and code 3",
				"test 0: attempt 2 ended as passed by the ledgers; attempt 2 as passed is told",
			},
		},
		"a verdict that no ledger holds": {
			func(f *outcome.Facts) { f.Ledgers[1] = f.Ledgers[1][1:] },
			[]string{
				"test 0: decided by the ledgers: false; told as decided: true",
				"test 0: decided by the ledgers: false; told as unfinished: false",
				"the ledgers hold {Passed:0 Failed:1 TimedOut:0 Crashed:0 OOMKilled:0 Skipped:0 Flaky:0}; " +
					"told is {Passed:1 Failed:1 TimedOut:0 Crashed:0 OOMKilled:0 Skipped:0 Flaky:1}",
			},
		},
		"a verdict told as another": {
			func(f *outcome.Facts) {
				f.Verdict = func(o uint32) (outcome.Row, bool) { return row(o, 2, outcome.Passed), o < 2 }
			},
			[]string{"test 1: attempt 2 ended as failed by the ledgers; attempt 2 as passed is told"},
		},
		"a verdict that is kept quiet": {
			func(f *outcome.Facts) { f.Unfinished = []uint32{1, 3} },
			[]string{"test 1: decided by the ledgers: true; told as unfinished: true"},
		},
		"a test that got lost": {
			func(f *outcome.Facts) { f.Unfinished = nil },
			[]string{"test 3: decided by the ledgers: false; told as unfinished: false"},
		},
		"an unfinished test told twice, and one that is not of the run": {
			func(f *outcome.Facts) { f.Unfinished = []uint32{3, 3, 2} },
			[]string{
				"test 3 is told as unfinished, twice or without being part of the run",
				"test 2 is told as unfinished, twice or without being part of the run",
			},
		},
		"counts that do not add up": {
			func(f *outcome.Facts) { f.Told.Passed++ },
			[]string{"the ledgers hold {Passed:1 Failed:1 TimedOut:0 Crashed:0 OOMKilled:0 Skipped:0 Flaky:1}; " +
				"told is {Passed:2 Failed:1 TimedOut:0 Crashed:0 OOMKilled:0 Skipped:0 Flaky:1}"},
		},
		"a run that passed with failures": {
			func(f *outcome.Facts) { f.Passed = true },
			[]string{"the run is told to have passed, with 1 tests that ended badly and 1 without a verdict"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := sound()
			c.spoil(&f)
			var got []string
			for _, err := range outcome.Check(f) {
				got = append(got, err.Error())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// strict makes flaky tests of the sound run fail, and tells so.
func strict(f *outcome.Facts) {
	f.Rule = func(uint32) outcome.Rule { return outcome.Rule{MaxAttempts: 2, FlakyFails: true} }
	verdict := f.Verdict
	f.Verdict = func(o uint32) (outcome.Row, bool) {
		r, ok := verdict(o)
		if o == 0 {
			r.Outcome, r.Reason = outcome.Failed, outcome.FlakyFailed
		}
		return r, ok
	}
	f.Told = outcome.Tally{Failed: 2}
}

// cut ends the sound run early: test 3 has failed with the one attempt that it had.
func cut(f *outcome.Facts) {
	f.Cut = true
	verdict := f.Verdict
	f.Verdict = func(o uint32) (outcome.Row, bool) {
		if o == 3 {
			return row(3, 1, outcome.Failed), true
		}
		return verdict(o)
	}
	f.Unfinished = nil
	f.Told.Failed++
}

func TestCheckKnowsTheRules(t *testing.T) {
	for name, c := range map[string]struct {
		spoil []func(*outcome.Facts)
		want  []string
	}{
		"a flaky test told as failed":                      {[]func(*outcome.Facts){strict}, nil},
		"tests with failed attempts of a run that was cut": {[]func(*outcome.Facts){cut}, nil},
		"both": {[]func(*outcome.Facts){strict, cut}, nil},
		"one that timed out and passes by its slow timeout": {[]func(*outcome.Facts){slowPass(143)}, nil},
		"a flaky test told as passed though flaky ones fail": {
			[]func(*outcome.Facts){func(f *outcome.Facts) {
				f.Rule = func(uint32) outcome.Rule { return outcome.Rule{MaxAttempts: 2, FlakyFails: true} }
			}},
			[]string{
				"test 0: attempt 2 ended as failed by the ledgers; attempt 2 as passed is told",
				"the ledgers hold {Passed:0 Failed:2 TimedOut:0 Crashed:0 OOMKilled:0 Skipped:0 Flaky:0}; " +
					"told is {Passed:1 Failed:1 TimedOut:0 Crashed:0 OOMKilled:0 Skipped:0 Flaky:1}",
			},
		},
		"a run that was cut and tells a failed test as unfinished": {
			[]func(*outcome.Facts){func(f *outcome.Facts) { f.Cut = true }},
			[]string{
				"test 3: decided by the ledgers: true; told as decided: false",
				"test 3: decided by the ledgers: true; told as unfinished: true",
				"the ledgers hold {Passed:1 Failed:2 TimedOut:0 Crashed:0 OOMKilled:0 Skipped:0 Flaky:1}; " +
					"told is {Passed:1 Failed:1 TimedOut:0 Crashed:0 OOMKilled:0 Skipped:0 Flaky:1}",
			},
		},
		"a run that was not cut and tells a test with attempts left as failed": {
			[]func(*outcome.Facts){cut, func(f *outcome.Facts) { f.Cut = false }},
			[]string{
				"test 3: decided by the ledgers: false; told as decided: true",
				"test 3: decided by the ledgers: false; told as unfinished: false",
				"the ledgers hold {Passed:1 Failed:1 TimedOut:0 Crashed:0 OOMKilled:0 Skipped:0 Flaky:1}; " +
					"told is {Passed:1 Failed:2 TimedOut:0 Crashed:0 OOMKilled:0 Skipped:0 Flaky:1}",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			f := sound()
			for _, spoil := range c.spoil {
				spoil(&f)
			}
			var got []string
			for _, err := range outcome.Check(f) {
				got = append(got, err.Error())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// slowPass lets the attempt with which test 0 passed be ended by podtest, with such a code.
func slowPass(code uint8) func(*outcome.Facts) {
	return func(f *outcome.Facts) { passWith(f, outcome.SlowTimeout, code) }
}

// passWith gives the pass of test 0 a reason, in the ledger and where it is told.
func passWith(f *outcome.Facts, why outcome.Reason, code uint8) {
	r := &f.Ledgers[1][0]
	r.Reason, r.Code = why, code
	verdict := f.Verdict
	f.Verdict = func(o uint32) (outcome.Row, bool) {
		if o == 0 {
			return *r, true
		}
		return verdict(o)
	}
}

func TestAPassHasNoReasonButASlowTimeout(t *testing.T) {
	for why := range outcome.FlakyFailed + 1 {
		f := sound()
		passWith(&f, why, 0)
		wantErrors := 1
		if why == outcome.NoReason || why == outcome.SlowTimeout {
			wantErrors = 0
		}
		if errs := outcome.Check(f); len(errs) != wantErrors {
			t.Errorf("a pass with reason %d: %v", why, errs)
		}
	}
}

func TestTheFirstErrorsTellTheStory(t *testing.T) {
	f := sound()
	f.Ledgers = append(f.Ledgers, make([]outcome.Row, 1000))
	if n := len(outcome.Check(f)); n != 10 {
		t.Errorf("%d errors, want 10", n)
	}
}

package outcome

import "slices"

// Rule is what holds for a test's attempts.
type Rule struct {
	MaxAttempts int  // so many failed ones make a failed test
	FlakyFails  bool // a test that passes after a failed attempt has failed
}

// Cut is the rule for a test whose run has ended early: it fails with the failed attempts that it has.
func (r Rule) Cut() Rule {
	r.MaxAttempts = 1
	return r
}

// Fold makes one final outcome of the attempts of one test, given in the order in which they became durable. Any good
// attempt decides, the first one if there are several; else the test has failed once MaxAttempts different attempts
// have, and the last of them by number tells how. flaky: it passed, though another attempt failed; if the rule says
// that such a test has failed, its final row is the one that passed, told as failed with the reason FlakyFailed.
//
// But for which of several good rows is final, and for an attempt that is told in two ways, where the first one counts,
// neither the order of rows matters nor repetitions.
func Fold(rows []Row, rule Rule) (final Row, decided, flaky bool) {
	var f Folding
	for _, r := range rows {
		f.Add(r)
	}
	return f.Final(rule)
}

// Folding is a Fold in progress.
type Folding struct {
	Best   Row      // the first good row, else the failed one of the highest attempt
	Failed []uint16 // attempts that failed
}

// Add takes a row of the test. It is false if the row tells nothing new: its attempt is known, or it is a second good
// one.
func (f *Folding) Add(r Row) bool {
	decided := f.Best.Outcome.Good()
	switch {
	case f.Knows(r.Attempt), decided && r.Outcome.Good():
		return false
	case r.Outcome.Good():
		f.Best = r
	default:
		f.Failed = append(f.Failed, r.Attempt)
		if !decided && r.Attempt >= f.Best.Attempt {
			f.Best = r
		}
	}
	return true
}

// Knows reports whether a row of the attempt has been taken.
func (f *Folding) Knows(attempt uint16) bool {
	return f.Best.Outcome != None && f.Best.Attempt == attempt || slices.Contains(f.Failed, attempt)
}

// Final is the outcome of the rows so far.
func (f *Folding) Final(rule Rule) (final Row, decided, flaky bool) {
	switch {
	case f.Best.Outcome.Good():
		final, flaky = f.Best, f.Best.Outcome == Passed && len(f.Failed) > 0
		if flaky && rule.FlakyFails {
			final.Outcome, final.Reason = Failed, FlakyFailed
		}
		return final, true, flaky
	case len(f.Failed) > 0 && len(f.Failed) >= rule.MaxAttempts:
		return f.Best, true, false
	default:
		return Row{}, false, false
	}
}

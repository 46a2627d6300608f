package collector

import (
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/settings"
)

// Audit says what the State is about to tell of the run that does not follow from its ledgers as they are stored. cut:
// the run ended before all its tests had their say.
func (r *Run) Audit(ledgers [][]outcome.Row, passed, cut bool) []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.cat.Len()
	return outcome.Check(outcome.Facts{
		Tests:    n * max(1, r.state.Rounds()),
		Selected: func(o uint32) bool { return r.set.Reasons[int(o)%n] == settings.Selected },
		Rule: func(o uint32) outcome.Rule {
			p := r.set.Policies[r.set.Table[r.set.Of[int(o)%n]].Policy]
			return outcome.Rule{MaxAttempts: p.MaxAttempts, FlakyFails: p.FlakyFails}
		},
		Cut:        cut,
		Ledgers:    ledgers,
		Verdict:    r.state.Verdict,
		Unfinished: r.state.Unfinished(),
		Told:       r.state.Tally(),
		Passed:     passed,
	})
}

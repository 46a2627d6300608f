package collector

import (
	"github.com/podtest/podtest/internal/outcome"
)

// Audit says what the State is about to tell of the run that does not follow from its ledgers as they are stored.
func (r *Run) Audit(ledgers [][]outcome.Row, passed bool) []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return outcome.Check(outcome.Facts{
		Tests:      r.ordinals(),
		Selected:   r.set.Selected,
		Rule:       r.state.Rule,
		Cut:        r.state.Cut(),
		Ledgers:    ledgers,
		Verdict:    r.state.Verdict,
		Unfinished: r.state.Unfinished(),
		Told:       r.state.Tally(),
		Passed:     passed,
	})
}

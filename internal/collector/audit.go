package collector

import (
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/settings"
)

// Audit says what the State is about to tell of the run that does not follow from its ledgers as they are stored.
func (r *Run) Audit(ledgers [][]outcome.Row, passed bool) []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.cat.Len()
	return outcome.Check(outcome.Facts{
		Tests:      r.ordinals(),
		Selected:   func(o uint32) bool { return r.set.Reasons[int(o)%n] == settings.Selected },
		Rule:       r.state.Rule,
		Cut:        r.state.Cut(),
		Ledgers:    ledgers,
		Verdict:    r.state.Verdict,
		Unfinished: r.state.Unfinished(),
		Told:       r.state.Tally(),
		Passed:     passed,
	})
}

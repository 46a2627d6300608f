package collector

import (
	"github.com/podtest/podtest/internal/outcome"
)

// Audit says what the State is about to tell of the run that does not follow from its ledgers as they are stored.
func (r *Run) Audit(ledgers [][]outcome.Row, passed bool) []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	tests := r.cat.Select(string(r.run.Spec.RunIgnored))
	return outcome.Check(outcome.Facts{
		Tests:      len(tests),
		Selected:   func(o uint32) bool { return tests[o].Selected },
		Rule:       r.state.Rule,
		Cut:        r.state.Cut(),
		Ledgers:    ledgers,
		Verdict:    r.state.Verdict,
		Unfinished: r.state.Unfinished(),
		Told:       r.state.Tally(),
		Passed:     passed,
	})
}

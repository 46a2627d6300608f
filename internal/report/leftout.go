package report

import "github.com/podtest/podtest/internal/settings"

// LeftOut calls f with every test that is not selected, in the order of the catalog, and what leaves it out; of a
// stress run once, not in each round.
func (b *Book) LeftOut(f func(ordinal uint32, why settings.Reason)) {
	for o, why := range b.set.Reasons {
		if why != settings.Selected {
			f(uint32(o), why)
		}
	}
}

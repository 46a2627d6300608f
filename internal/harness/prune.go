package harness

import (
	"github.com/podtest/podtest/internal/filter"
	"github.com/podtest/podtest/internal/wire"
)

// Prune reports whether no test of a binary can be selected, so that it need not be asked.
type Prune func(wire.Binary) bool

// PruneBy prunes what the filterset or the default filter of the run cannot match; an empty one matches all. Where it
// is not certain it does not prune: the manager, which has refused bad filtersets already, says what is selected.
func PruneBy(c wire.Config) Prune {
	def := filter.All()
	if c.DefaultFilter != "" {
		e, err := filter.Parse(c.DefaultFilter, filter.Options{})
		if err != nil {
			return nothing
		}
		def = e
	}
	sel := filter.All()
	if c.Filter != "" {
		groups := append([]string{}, c.Groups...) // not nil: group() is allowed
		e, err := filter.Parse(c.Filter, filter.Options{Default: def, Groups: groups})
		if err != nil {
			return nothing
		}
		sel = e
	}
	return func(b wire.Binary) bool {
		f := FilterBinary(b)
		return sel.MatchBinary(f) == filter.No || def.MatchBinary(f) == filter.No
	}
}

func nothing(wire.Binary) bool { return false }

// FilterBinary is a binary as filtersets see it.
func FilterBinary(b wire.Binary) filter.Binary {
	b = b.Named()
	return filter.Binary{
		Suite: b.Suite, ID: b.ID, Name: b.Name, Kind: b.Kind, Platform: b.Platform, Package: b.Package,
	}
}

package catalog

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/podtest/podtest/internal/wire"
)

// Join makes one listing of its parts, in whatever order. A test's index counts all binaries that have been told up to
// its part; a binary that is told again, unchanged, is not counted again.
func Join(parts ...wire.Catalog) (wire.Catalog, error) {
	parts = slices.Clone(parts)
	slices.SortStableFunc(parts, func(a, b wire.Catalog) int { return cmp.Compare(a.Part, b.Part) })
	whole := wire.Catalog{Version: wire.Version, Last: true}
	known := map[string]wire.Binary{}
	for _, p := range parts {
		if p.Error != "" {
			return wire.Catalog{Version: wire.Version, Last: true, Error: p.Error}, nil
		}
		if err := enter(&whole, known, p.Binaries); err != nil {
			return wire.Catalog{}, err
		}
		for _, t := range p.Tests {
			if t.Binary < 0 || t.Binary >= len(whole.Binaries) {
				return wire.Catalog{}, fmt.Errorf("test %s refers to binary %d of %d", quote(t.Name), t.Binary, len(whole.Binaries))
			}
		}
		whole.Tests = append(whole.Tests, p.Tests...)
	}
	return whole, nil
}

// enter adds a part's binaries to the whole.
func enter(whole *wire.Catalog, known map[string]wire.Binary, binaries []wire.Binary) error {
	here := make(map[string]bool, len(binaries))
	for _, b := range binaries {
		was, told := known[b.ID]
		if here[b.ID] || (told && was != b) {
			return fmt.Errorf("binary id %s is listed twice: give the suites other names, or the binaries", quote(b.ID))
		}
		here[b.ID] = true
		if !told {
			known[b.ID] = b
			whole.Binaries = append(whole.Binaries, b)
		}
	}
	return nil
}

// Package catalog holds the listed tests of a run: their order, which of them are selected, and their encoding. A
// catalog never changes once made; a test's place in it is its ordinal. It is pure.
package catalog

import (
	"cmp"
	"slices"

	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/wire"
)

// Catalog is the ordered result of listing. Order: suites and binaries by id, tests by name, both byte-wise.
type Catalog struct {
	Binaries []wire.Binary
	Tests    []wire.Listed // by ordinal; Binary is an index into Binaries
}

// New makes a catalog of what a listing pod told: orders it, and refuses what could not be run test by test.
func New(parts ...wire.Catalog) (*Catalog, error) {
	told, err := Join(parts...)
	if err != nil {
		return nil, err
	}
	c := ordered(told)
	if err := check(c); err != nil {
		return nil, err
	}
	return c, nil
}

// ordered sorts binaries and tests, and makes the tests refer to the sorted binaries.
func ordered(told wire.Catalog) *Catalog {
	order := make([]int, len(told.Binaries))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(told.Binaries[a].ID, told.Binaries[b].ID) })
	c := &Catalog{Binaries: make([]wire.Binary, len(order)), Tests: slices.Clone(told.Tests)}
	place := make([]int, len(order))
	for to, from := range order {
		c.Binaries[to] = told.Binaries[from]
		place[from] = to
	}
	for i := range c.Tests {
		c.Tests[i].Binary = place[c.Tests[i].Binary]
	}
	slices.SortFunc(c.Tests, func(a, b wire.Listed) int {
		return cmp.Or(cmp.Compare(a.Binary, b.Binary), cmp.Compare(a.Name, b.Name))
	})
	return c
}

// Len is how many tests there are.
func (c *Catalog) Len() int { return len(c.Tests) }

// Select says for each test whether it is to run. runIgnored is the TestRun's: "Default" leaves ignored tests out,
// "Only" takes just them, "All" takes all. What is not selected stays in the catalog.
func (c *Catalog) Select(runIgnored string) []plan.Test {
	tests := make([]plan.Test, len(c.Tests))
	for i, t := range c.Tests {
		tests[i] = plan.Test{Binary: int32(t.Binary), Selected: selected(runIgnored, t.Ignored)}
	}
	return tests
}

func selected(runIgnored string, ignored bool) bool {
	switch runIgnored {
	case "All":
		return true
	case "Only":
		return ignored
	}
	return !ignored
}

// Test is the test of an ordinal below Len, and its binary.
func (c *Catalog) Test(ordinal uint32) (wire.Binary, wire.Listed) {
	t := c.Tests[ordinal]
	return c.Binaries[t.Binary], t
}

// DisplayName is a test's name for people: "<binary id> <name>".
func (c *Catalog) DisplayName(ordinal uint32) string {
	b, t := c.Test(ordinal)
	return b.ID + " " + t.Name
}

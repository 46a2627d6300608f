// Package catalog holds the listed tests of a run: their order, which of them are selected, and their encoding. A
// catalog never changes once made; a test's place in it is its ordinal. It is pure.
package catalog

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/podtest/podtest/internal/wire"
)

// Catalog is the ordered result of listing. Order: binaries by id (see compareIDs), tests by name, byte-wise.
type Catalog struct {
	Binaries []wire.Binary
	Tests    []wire.Listed // by ordinal; Binary is an index into Binaries

	// Stress says that the run has rounds: names tell them, and ordinals go on from round to round. It is the run's, not
	// the listing's: neither the encoding nor the digest has it.
	Stress bool
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
	slices.SortStableFunc(order, func(a, b int) int { return compareIDs(told.Binaries[a].ID, told.Binaries[b].ID) })
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

// Test is the test of an ordinal, and its binary; in a run with rounds, of any round. A catalog without tests has none.
func (c *Catalog) Test(ordinal uint32) (wire.Binary, wire.Listed) {
	if len(c.Tests) == 0 {
		return wire.Binary{}, wire.Listed{}
	}
	t := c.Tests[int(ordinal)%len(c.Tests)]
	return c.Binaries[t.Binary], t
}

// Round is the round of a run that an ordinal is of, from 0.
func (c *Catalog) Round(ordinal uint32) int {
	if len(c.Tests) == 0 {
		return 0
	}
	return int(ordinal) / len(c.Tests)
}

// DisplayName is a test's name for people: "<binary id> <name>", in a stress run "<binary id>@stress-<round> <name>".
func (c *Catalog) DisplayName(ordinal uint32) string {
	b, t := c.Test(ordinal)
	if c.Stress {
		return b.ID + "@stress-" + strconv.Itoa(c.Round(ordinal)) + " " + t.Name
	}
	return b.ID + " " + t.Name
}

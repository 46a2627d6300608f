package settings

import (
	"encoding/binary"
	"fmt"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/filter"
	"github.com/podtest/podtest/internal/plan"
)

// Resolve tells what holds for each test of a catalog. Groups come first, since spec.filter may ask for them; then what
// is selected; then all else. A *FilterError is a filterset that names binaries which there are not.
func Resolve(spec *v1alpha1.TestRunSpec, p Provenance, cat *catalog.Catalog) (*Resolved, error) {
	sets, problems := check(spec, p)
	if len(problems) > 0 {
		return nil, problems[0].err()
	}
	r := &resolver{spec: spec, sets: &sets, from: p, cat: cat, general: base(spec)}
	for i := range cat.Binaries {
		r.bins = append(r.bins, cat.FilterBinary(i))
	}
	if err := r.unmatched(); err != nil {
		return nil, err
	}
	r.match()
	if err := r.selectTests(); err != nil {
		return nil, err
	}
	r.internTests()
	if err := r.internPolicies(); err != nil {
		return nil, err
	}
	r.warn()
	return &r.out, r.rounds()
}

// resolver is a Resolved in the making.
type resolver struct {
	spec    *v1alpha1.TestRunSpec
	sets    *filtersets
	from    Provenance
	cat     *catalog.Catalog
	general override
	bins    []filter.Binary
	matched *matcher
	entries []entry // of out.Table
	out     Resolved
}

// entry is a row of the table with what it was made of.
type entry struct {
	said     override
	won      []int16
	selected bool // some test of it is
}

func (r *resolver) unmatched() error {
	f := r.sets.filter
	if problems := f.expr.Unmatched(r.bins); len(problems) > 0 {
		return &FilterError{Field: f.field, Err: &filter.Error{Text: f.text, Problems: problems}}
	}
	return nil
}

func (r *resolver) match() {
	var filters []*filter.Expr
	for _, f := range r.sets.overrides {
		filters = append(filters, f.expr)
	}
	for _, f := range r.sets.fixtures {
		filters = append(filters, f.expr)
	}
	r.matched = match(filters, r.cat, r.bins)
	for i := range r.matched.all {
		c := &r.matched.all[i]
		c.group = noGroup
		for o := range r.spec.Overrides {
			if name := r.spec.Overrides[o].Group; name != "" && has(c.bits, o) {
				c.group = name
				break
			}
		}
	}
}

func (r *resolver) selectTests() error {
	s := selection{spec: r.spec, sets: r.sets, cat: r.cat, bins: r.bins}
	s.group = func(ordinal int) string { return r.matched.all[r.matched.of[ordinal]].group }
	s.again = r.from.Before.again(r.spec.Rerun)
	reasons, err := s.reasons()
	for i, why := range reasons {
		if why == Selected {
			r.matched.all[r.matched.of[i]].selected = true
		}
	}
	r.out.Reasons = reasons
	r.out.Outstanding = r.from.Before.outstanding(r.cat, reasons)
	return err
}

// internTests makes the table: tests for which other overrides match are alike if what counts of them is.
func (r *resolver) internTests() {
	known, of := map[string]int32{}, make([]int32, len(r.matched.all))
	r.out.Needed = make([]bool, len(r.spec.Fixtures))
	for i, c := range r.matched.all {
		won := winners(r.spec, &r.general, func(o int) bool { return has(c.bits, o) })
		fixtures := r.fixtures(c)
		key := string(fmt.Append(key(won), fixtures))
		at, found := known[key]
		if !found {
			at = int32(len(r.entries))
			known[key] = at
			r.add(won, fixtures)
		}
		r.entries[at].selected = r.entries[at].selected || c.selected
		of[i] = at
	}
	r.out.Of = make([]int32, len(r.matched.of))
	for i, c := range r.matched.of {
		r.out.Of[i] = of[c]
	}
}

func key(won []int16) []byte {
	var key []byte
	for _, i := range won {
		key = binary.LittleEndian.AppendUint16(key, uint16(i))
	}
	return key
}

// fixtures are those that match the tests of a combination.
func (r *resolver) fixtures(c combination) []int {
	var fixtures []int
	for f := range r.spec.Fixtures {
		if has(c.bits, len(r.spec.Overrides)+f) {
			fixtures = append(fixtures, f)
			r.out.Needed[f] = r.out.Needed[f] || c.selected
		}
	}
	return fixtures
}

func (r *resolver) add(won []int16, fixtures []int) {
	said := effective(r.spec, r.general, won)
	t := newTest(&said)
	t.Fixtures, t.Sources = fixtures, r.from.sources(r.spec.Overrides, won)
	r.entries = append(r.entries, entry{said: said, won: won})
	r.out.Table = append(r.out.Table, t)
}

// internPolicies makes policies and classes. Only tests that are selected make a class; of others that would need one
// of their own the default class is told.
func (r *resolver) internPolicies() error {
	all, class := r.shapes()
	var err error
	if r.out.Classes, err = all.classes(r.spec.Overrides, r.from); err != nil {
		return err
	}
	known := map[plan.Policy]int32{}
	for i := range r.entries {
		policy := newPolicy(&r.entries[i].said, r.spec)
		policy.Class = class[i]
		at, found := known[policy]
		if !found {
			at = int32(len(r.out.Policies))
			known[policy] = at
			r.out.Policies = append(r.out.Policies, policy)
		}
		r.out.Table[i].Policy = at
	}
	for _, g := range r.spec.Groups {
		r.out.Groups = append(r.out.Groups, plan.Group{Max: int(g.MaxParallel), Exclusive: g.Exclusive})
	}
	return nil
}

// shapes are the pod shapes in the order of the first selected test, and the place of each entry's among them.
func (r *resolver) shapes() (shapes, []int) {
	all, class, seen := shapes{{}}, make([]int, len(r.entries)), make([]bool, len(r.entries))
	for ordinal, at := range r.out.Of {
		if r.out.Reasons[ordinal] == Selected && !seen[at] {
			seen[at] = true
			class[at] = all.enter(shapeOf(&r.entries[at].said), r.entries[at].won)
		}
	}
	for at := range r.entries {
		if !seen[at] {
			class[at] = max(0, all.find(shapeOf(&r.entries[at].said)))
		}
	}
	return all, class
}

// rounds makes the planner's tests: those of the catalog, once for each round.
func (r *resolver) rounds() error {
	count := 1
	if r.spec.Stress != nil {
		count = max(1, int(r.spec.Stress.Count))
	}
	length := len(r.cat.Tests)
	if count*length > catalog.MaxTests {
		return fmt.Errorf("spec.stress.count: %d rounds of %d tests are more than %d tests: lower count, or run parts "+
			"of them", count, length, catalog.MaxTests)
	}
	r.out.Tests = make([]plan.Test, 0, count*length)
	for range count {
		for i, t := range r.cat.Tests {
			r.out.Tests = append(r.out.Tests, plan.Test{
				Binary: int32(t.Binary), Selected: r.out.Reasons[i] == Selected, Policy: r.out.Table[r.out.Of[i]].Policy,
			})
		}
	}
	return nil
}

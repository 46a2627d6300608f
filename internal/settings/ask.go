package settings

import (
	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/filter"
)

// Matching makes a question of a filterset to the tests of a run, as spec.filter asks it: group() and default() are
// those of the run's merged spec. The filterset's own problems are a *filter.Error.
func Matching(spec *v1alpha1.TestRunSpec, set *Resolved, cat *catalog.Catalog, text string) (func(uint32) bool, error) {
	byDefault := filter.All()
	if spec.DefaultFilter != "" {
		var err error
		if byDefault, err = filter.Parse(spec.DefaultFilter, filter.Options{}); err != nil {
			return nil, err
		}
	}
	groups := []string{noGroup}
	for _, g := range spec.Groups {
		groups = append(groups, g.Name)
	}
	expr, err := filter.Parse(text, filter.Options{Default: byDefault, Groups: groups})
	if err != nil {
		return nil, err
	}
	bins := make([]filter.Binary, len(cat.Binaries))
	for i := range bins {
		bins[i] = cat.FilterBinary(i)
	}
	if problems := expr.Unmatched(bins); len(problems) > 0 {
		return nil, &filter.Error{Text: text, Problems: problems}
	}
	return func(ordinal uint32) bool {
		if cat.Len() == 0 {
			return false
		}
		t := cat.Tests[int(ordinal)%cat.Len()]
		group := set.Test(ordinal).Group
		if group == "" {
			group = noGroup
		}
		return expr.Match(filter.Test{Binary: &bins[t.Binary], Name: t.Name, Group: group})
	}, nil
}

// Overridden is all that the overrides of a merged spec say of one test, as one override of all tests.
func Overridden(spec *v1alpha1.TestRunSpec, cat *catalog.Catalog, ordinal uint32) (v1alpha1.Override, error) {
	sets, problems := check(spec, Provenance{})
	if len(problems) > 0 {
		return override{}, problems[0].err()
	}
	t := cat.Tests[int(ordinal)%cat.Len()]
	bin := cat.FilterBinary(t.Binary)
	won := winners(spec, &override{}, func(i int) bool {
		return sets.overrides[i].expr.Match(filter.Test{Binary: &bin, Name: t.Name, Group: noGroup})
	})
	return effective(spec, override{Filter: "all()"}, won), nil
}

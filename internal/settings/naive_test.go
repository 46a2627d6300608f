package settings_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/settings"
	"github.com/podtest/podtest/internal/wire"
)

var filters = []string{
	"all()", "none()", "test(a)", "test(b)", "!test(c)", "binary_id(=s::one)", "binary_id(=s::one) & test(a)",
	"!binary_id(=s::two) | test(b)", "default()",
}

func drawnSpec(t *rapid.T) *v1alpha1.TestRunSpec {
	small := rapid.Int32Range(0, 2)
	spec := specOf(v1alpha1.TestSettings{
		DefaultFilter: rapid.SampledFrom(filters[:8]).Draw(t, "defaultFilter"),
		Groups:        []v1alpha1.Group{{Name: "g1", MaxParallel: 1}, {Name: "g2", MaxParallel: 1}},
		Fixtures:      []v1alpha1.Fixture{{Name: "f", Filter: rapid.SampledFrom(filters).Draw(t, "fixture")}},
	})
	spec.RunIgnored = rapid.SampledFrom([]v1alpha1.RunIgnored{"", "Only", "All"}).Draw(t, "runIgnored")
	spec.Filter = rapid.SampledFrom(append(filters, "group(g1)", "group(@global)")).Draw(t, "filter")
	for range rapid.IntRange(0, 6).Draw(t, "overrides") {
		o := v1alpha1.Override{Filter: rapid.SampledFrom(filters).Draw(t, "override")}
		o.Weight = small.Draw(t, "weight")
		o.Group = rapid.SampledFrom([]string{"", "g1", "g2"}).Draw(t, "group")
		if n := small.Draw(t, "retries"); n > 0 {
			o.Retries = &v1alpha1.Retries{Count: n}
		}
		if n := small.Draw(t, "cpus"); n > 0 {
			o.Resources = cpus(fmt.Sprint(n))
		}
		spec.Overrides = append(spec.Overrides, o)
	}
	return spec
}

// alone is what holds for one test if there is no other: nothing to share a row of the table with.
func alone(t *rapid.T, spec *v1alpha1.TestRunSpec, c *catalog.Catalog, ordinal int) (settings.Test, settings.Resolved) {
	c = &catalog.Catalog{Binaries: c.Binaries, Tests: c.Tests[ordinal : ordinal+1]}
	r, err := settings.Resolve(spec, settings.Provenance{}, c)
	if err != nil {
		t.Fatal(err)
	}
	return r.Table[r.Of[0]], *r
}

// naive asks the overrides one after the other.
func naive(spec *v1alpha1.TestRunSpec, matching []bool) (weight, attempts int, group string) {
	weight, attempts = 0, 0
	for i, o := range spec.Overrides {
		if !matching[i] {
			continue
		}
		if weight == 0 {
			weight = int(o.Weight)
		}
		if attempts == 0 && o.Retries != nil {
			attempts = 1 + int(o.Retries.Count)
		}
		if group == "" {
			group = o.Group
		}
	}
	return max(1, weight), max(1, attempts), group
}

// matching asks each override in a run of its own whether it matches.
func matching(t *rapid.T, spec *v1alpha1.TestRunSpec, c *catalog.Catalog, ordinal int) []bool {
	matching := make([]bool, len(spec.Overrides))
	for i, o := range spec.Overrides {
		one := &v1alpha1.TestRunSpec{Filter: o.Filter, RunIgnored: v1alpha1.RunIgnoredAll, IgnoreDefaultFilter: true}
		one.DefaultFilter = spec.DefaultFilter
		_, r := alone(t, one, c, ordinal)
		matching[i] = r.Tests[0].Selected
	}
	return matching
}

func TestSharingRowsChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		told := wire.Catalog{Binaries: []wire.Binary{{ID: "s::one"}, {ID: "s::two"}, {ID: "s::three"}}}
		for b := range told.Binaries {
			for _, n := range rapid.SliceOfNDistinct(rapid.StringMatching(`[a-d]{1,3}`), 0, 4, rapid.ID).Draw(t, "names") {
				told.Tests = append(told.Tests, wire.Listed{Binary: b, Name: n, Ignored: rapid.Bool().Draw(t, "ignored")})
			}
		}
		c, err := catalog.New(told)
		if err != nil {
			t.Fatal(err)
		}
		spec := drawnSpec(t)
		whole, err := settings.Resolve(spec, settings.Provenance{}, c)
		if err != nil {
			t.Fatal(err)
		}
		for o := range c.Len() {
			want, r := alone(t, spec, c, o)
			got := whole.Table[whole.Of[o]]
			if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(settings.Test{}, "Policy")); diff != "" {
				t.Error(diff)
			}
			if whole.Reasons[o] != r.Reasons[0] || whole.Tests[o].Selected != r.Tests[0].Selected {
				t.Errorf("test %d: reason %d, alone %d", o, whole.Reasons[o], r.Reasons[0])
			}
			policy, wantPolicy := whole.Policies[whole.Tests[o].Policy], r.Policies[r.Tests[0].Policy]
			if r.Tests[0].Selected {
				shape := r.Classes[wantPolicy.Class].Shape
				if diff := cmp.Diff(shape, whole.Classes[policy.Class].Shape); diff != "" {
					t.Error(diff)
				}
			}
			policy.Class, wantPolicy.Class = 0, 0
			if policy != wantPolicy {
				t.Errorf("test %d: policy %v, alone %v", o, policy, wantPolicy)
			}
			weight, attempts, group := naive(spec, matching(t, spec, c, o))
			if policy.Weight != weight || policy.MaxAttempts != attempts || got.Group != group {
				t.Errorf("test %d: %v and %v, want weight %d, attempts %d, group %q", o, policy, got, weight, attempts, group)
			}
		}
	})
}

func BenchmarkResolve100k(b *testing.B) {
	told := wire.Catalog{}
	for i := range 100 {
		told.Binaries = append(told.Binaries, wire.Binary{Suite: "s", ID: fmt.Sprintf("s::bin%02d", i)})
		for k := range 1000 {
			told.Tests = append(told.Tests, wire.Listed{Binary: i, Name: fmt.Sprintf("module_%d::test_%d", k%7, k)})
		}
	}
	c, err := catalog.New(told)
	if err != nil {
		b.Fatal(err)
	}
	spec := specOf(v1alpha1.TestSettings{DefaultFilter: "!test(/_99$/)"})
	for i := range 20 {
		spec.Overrides = append(spec.Overrides, v1alpha1.Override{Filter: fmt.Sprintf(
			[]string{"binary_id(#s::bin%d*)", "test(module_%d)", "test(/^module.*%d5$/)", "binary_id(#*%d) & test(test)"}[i%4], i%10,
		), Weight: int32(i)})
	}
	for b.Loop() {
		if _, err := settings.Resolve(spec, settings.Provenance{}, c); err != nil {
			b.Fatal(err)
		}
	}
}

package settings

import (
	"fmt"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/filter"
	"github.com/podtest/podtest/internal/partition"
)

// selection says of each test why it is not selected.
type selection struct {
	spec  *v1alpha1.TestRunSpec
	sets  *filtersets
	cat   *catalog.Catalog
	bins  []filter.Binary
	group func(ordinal int) string
	again func(binary, name string) bool // the test is not left out by spec.rerun
}

// reasons asks in the order of precedence: a test has the first reason that applies.
func (s *selection) reasons() ([]Reason, error) {
	reasons := make([]Reason, len(s.cat.Tests))
	narrow, general := s.perBinary(s.sets.filter.expr), s.perBinary(s.sets.byDefault.expr)
	for i, t := range s.cat.Tests {
		test := filter.Test{Binary: &s.bins[t.Binary], Name: t.Name, Group: s.group(i)}
		switch {
		case !s.again(s.cat.Binaries[t.Binary].ID, t.Name):
			reasons[i] = Rerun
		case !runs(s.spec.RunIgnored, t.Ignored):
			reasons[i] = Ignored
		case !matches(s.sets.filter.expr, narrow[t.Binary], test):
			reasons[i] = Filter
		case !s.spec.IgnoreDefaultFilter && !matches(s.sets.byDefault.expr, general[t.Binary], test):
			reasons[i] = DefaultFilter
		}
	}
	return reasons, s.partition(reasons)
}

func runs(which v1alpha1.RunIgnored, ignored bool) bool {
	switch which {
	case v1alpha1.RunIgnoredAll:
		return true
	case v1alpha1.RunIgnoredOnly:
		return ignored
	default:
		return !ignored
	}
}

func (s *selection) perBinary(f *filter.Expr) []filter.Tri {
	known := make([]filter.Tri, len(s.bins))
	for i := range s.bins {
		known[i] = f.MatchBinary(s.bins[i])
	}
	return known
}

func matches(f *filter.Expr, known filter.Tri, t filter.Test) bool {
	if known == filter.Unknown {
		return f.Match(t)
	}
	return known == filter.Yes
}

// partition takes out what is in other parts, of the tests that no filter has taken out.
func (s *selection) partition(reasons []Reason) error {
	if s.spec.Partition == "" {
		return nil
	}
	part, err := partition.Parse(s.spec.Partition)
	if err != nil {
		return fmt.Errorf("spec.partition: %w", err)
	}
	var tests []partition.Test
	var ordinals []int
	for i, t := range s.cat.Tests {
		if reasons[i] == Selected {
			tests = append(tests, partition.Test{Binary: t.Binary, Name: t.Name, Ignored: t.Ignored})
			ordinals = append(ordinals, i)
		}
	}
	for i, kept := range part.Keep(tests) {
		if !kept {
			reasons[ordinals[i]] = Partition
		}
	}
	return nil
}

package report

import (
	"fmt"
	"slices"
	"strings"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/settings"
)

// proposals is how many tests are named when none or several are meant.
const proposals = 10

// found are the tests that may be meant.
type found struct {
	exact, rounds, named []uint32 // by binary id and name, likewise in any round, by name
	like                 []string
}

// Find is the test that is meant, selected or not: by binary id and name, or by a name that only one test has, or only
// one that is selected. Of a stress run it is the round that is named, else the first that failed, else the first.
func (b *Book) Find(meant string) (uint32, error) {
	var f found
	b.each(func(ordinal uint32) {
		listed, test := b.cat.Test(ordinal)
		binary, name := b.Names(ordinal)
		full := binary + " " + name
		switch {
		case full == meant || b.Test(ordinal).String() == meant:
			f.exact = append(f.exact, ordinal)
		case listed.ID+" "+test.Name == meant:
			f.rounds = append(f.rounds, ordinal)
		case name == meant:
			f.named = append(f.named, ordinal)
			f.like = append(f.like, full)
		case len(f.like) <= proposals && strings.Contains(full, meant):
			f.like = append(f.like, full)
		}
	})
	for _, ordinals := range [][]uint32{f.exact, f.rounds, f.named, b.onlySelected(f.named)} {
		if len(ordinals) > 0 && b.sameTest(ordinals) {
			return b.worst(ordinals), nil
		}
	}
	return 0, f.problem(meant)
}

// each calls f with every test of the catalog, and with those that are selected in every later round of a stress run.
func (b *Book) each(f func(ordinal uint32)) {
	for o := range max(b.end(), uint32(b.cat.Len())) {
		if int(o) < b.cat.Len() || b.selected(o) {
			f(o)
		}
	}
}

func (b *Book) onlySelected(ordinals []uint32) []uint32 {
	return slices.DeleteFunc(slices.Clone(ordinals), func(o uint32) bool { return !b.selected(o) })
}

// sameTest reports whether the ordinals are rounds of one test.
func (b *Book) sameTest(ordinals []uint32) bool {
	for _, o := range ordinals {
		if int(o)%b.cat.Len() != int(ordinals[0])%b.cat.Len() {
			return false
		}
	}
	return true
}

// worst is the first that failed, else the first.
func (b *Book) worst(ordinals []uint32) uint32 {
	for _, o := range ordinals {
		if a := b.tests[o]; a != nil && len(a.folding.Failed) > 0 && !a.folding.Best.Outcome.Good() {
			return o
		}
	}
	return ordinals[0]
}

func (f found) problem(meant string) error {
	problem := fmt.Errorf("no test is called %q", meant)
	if len(f.named) > 1 {
		problem = fmt.Errorf("%d tests are called %q: say the binary id too", len(f.named), meant)
	}
	if len(f.like) == 0 {
		return problem
	}
	more := ""
	if len(f.like) > proposals {
		more = "\n  and more"
		f.like = f.like[:proposals]
	}
	return fmt.Errorf("%w; these are like it:\n  %s%s", problem, strings.Join(f.like, "\n  "), more)
}

// Reason is why a test is not selected, if it is not.
func (b *Book) Reason(ordinal uint32) settings.Reason {
	return b.set.Reasons[int(ordinal)%len(b.set.Reasons)]
}

// Matching makes a question to the tests of the book of a filterset, as spec.filter asks it. spec is the run's own with
// what it took from its profile.
func (b *Book) Matching(spec *v1alpha1.TestRunSpec, text string) (func(ordinal uint32) bool, error) {
	return settings.Matching(spec, b.set, b.cat, text)
}

// Catalog is the listed tests.
func (b *Book) Catalog() *catalog.Catalog { return b.cat }

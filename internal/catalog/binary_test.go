package catalog_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/filter"
	"github.com/podtest/podtest/internal/wire"
)

func TestBinariesAreOrderedAsNextestDoes(t *testing.T) {
	told := wire.Catalog{}
	for _, id := range []string{
		"b", "a::test/z", "a::bin/b", "a::z", "a-x", "a::b", "a", "a::bin/a", "unit::z", "unit::p/q/r", "unit::p/a",
	} {
		told.Binaries = append(told.Binaries, wire.Binary{ID: id})
	}
	c, err := catalog.New(told)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, b := range c.Binaries {
		got = append(got, b.ID)
	}
	want := []string{
		"a", "a::b", "a::z", "a::bin/a", "a::bin/b", "a::test/z", "a-x", "b", "unit::z", "unit::p/a", "unit::p/q/r",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestOrdinalsGoOnFromRoundToRound(t *testing.T) {
	c, err := catalog.New(told)
	if err != nil {
		t.Fatal(err)
	}
	digest := c.Digest()
	if got := c.DisplayName(4); got != "unit::b Test<A>" {
		t.Errorf("test 4 of 3 is called %q", got)
	}
	c.Stress = true
	for ordinal, want := range map[uint32]string{
		0: "unit::a@stress-0 TestB", 2: "unit::b@stress-0 TestZ", 3: "unit::a@stress-1 TestB", 8: "unit::b@stress-2 TestZ",
	} {
		if got := c.DisplayName(ordinal); got != want {
			t.Errorf("test %d is called %q, want %q", ordinal, got, want)
		}
	}
	if got := c.Round(8); got != 2 {
		t.Errorf("test 8 of 3 is of round %d", got)
	}
	if c.Digest() != digest {
		t.Error("the digest tells whether there are rounds")
	}
}

func TestFilterBinary(t *testing.T) {
	c, err := catalog.New(wire.Catalog{Binaries: []wire.Binary{
		{Suite: "e", ID: "e"},
		{Suite: "unit", ID: "unit::pkg/sub/thing"},
		{Suite: "x", ID: "y::bin/tool", Name: "tool-x", Kind: "bin", Package: "y", Platform: "host", Pruned: true},
	}})
	if err != nil {
		t.Fatal(err)
	}
	want := []filter.Binary{
		{Suite: "e", ID: "e", Name: "e", Kind: "test", Platform: "target"},
		{Suite: "unit", ID: "unit::pkg/sub/thing", Name: "thing", Kind: "test", Platform: "target"},
		{Suite: "x", ID: "y::bin/tool", Name: "tool-x", Kind: "bin", Platform: "host", Package: "y"},
	}
	for i := range want {
		if diff := cmp.Diff(want[i], c.FilterBinary(i)); diff != "" {
			t.Error(diff)
		}
	}
}

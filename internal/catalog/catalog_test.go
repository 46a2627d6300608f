package catalog_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/wire"
)

var told = wire.Catalog{
	Binaries: []wire.Binary{{Suite: "unit", ID: "unit::b"}, {Suite: "unit", ID: "unit::a", Path: "/t/a.test"}},
	Tests: []wire.Listed{
		{Binary: 0, Name: "TestZ"}, {Binary: 0, Name: "Test<A>", Ignored: true}, {Binary: 1, Name: "TestB"},
	},
}

func TestTestsAreOrderedByBinaryAndName(t *testing.T) {
	c, err := catalog.New(told)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for o := range c.Len() {
		got = append(got, c.DisplayName(uint32(o)))
	}
	if diff := cmp.Diff([]string{"unit::a TestB", "unit::b Test<A>", "unit::b TestZ"}, got); diff != "" {
		t.Error(diff)
	}
	b, l := c.Test(0)
	if b.Path != "/t/a.test" || l.Name != "TestB" {
		t.Errorf("the first test is %v of %v", l, b)
	}
}

func TestRoundsGoOnFromTheLastTest(t *testing.T) {
	c, err := catalog.New(told)
	if err != nil {
		t.Fatal(err)
	}
	c.Stress = true
	for name, tt := range map[string]struct {
		c         *catalog.Catalog
		ordinal   uint32
		wantRound int
		wantName  string
	}{
		"the first test of the first round": {c, 0, 0, "unit::a@stress-0 TestB"},
		"the last of it":                    {c, 2, 0, "unit::b@stress-0 TestZ"},
		"the first of the next":             {c, 3, 1, "unit::a@stress-1 TestB"},
		"no rounds, no number":              {&catalog.Catalog{Binaries: c.Binaries, Tests: c.Tests}, 3, 1, "unit::a TestB"},
		"a catalog without tests":           {&catalog.Catalog{}, 7, 0, " "},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tt.c.Round(tt.ordinal); got != tt.wantRound {
				t.Errorf("round %d, want %d", got, tt.wantRound)
			}
			if got := tt.c.DisplayName(tt.ordinal); got != tt.wantName {
				t.Errorf("it is called %q, want %q", got, tt.wantName)
			}
		})
	}
}

func TestWhatCouldNotBeRunTestByTestIsRefused(t *testing.T) {
	one := []wire.Binary{{ID: "a"}}
	with := func(tests ...wire.Listed) []wire.Catalog { return []wire.Catalog{{Binaries: one, Tests: tests}} }
	for name, tt := range map[string]struct {
		parts []wire.Catalog
		want  string
	}{
		"a name that is listed twice is named": {
			append(with(wire.Listed{Name: "x"}), wire.Catalog{Part: 1, Tests: []wire.Listed{{Name: "x"}}}),
			`listed twice: "a x"`,
		},
		"two binaries may not share an id": {
			[]wire.Catalog{{Binaries: []wire.Binary{{ID: "a", Path: "/1"}, {ID: "a", Path: "/2"}}}},
			`binary id "a" is listed twice`,
		},
		"an id may not change its meaning from part to part": {
			append(with(), wire.Catalog{Part: 1, Binaries: []wire.Binary{{ID: "a", Path: "/2"}}}),
			`binary id "a" is listed twice`,
		},
		"a test has to have a name":    {with(wire.Listed{}), "is empty"},
		"a name is a single line":      {with(wire.Listed{Name: "a\nb"}), "line break"},
		"a name is not endless":        {with(wire.Listed{Name: strings.Repeat("x", 4097)}), "4097 bytes"},
		"a test is one of some binary": {with(wire.Listed{Binary: 1, Name: "x"}), "binary 1 of 1"},
		"a binary has to have an id":   {[]wire.Catalog{{Binaries: []wire.Binary{{}}}}, "is empty"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := catalog.New(tt.parts...)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got error %v, want one with %q", err, tt.want)
			}
		})
	}
}

// drawn is a listing as a pod would cut it.
func drawn(t *rapid.T) []wire.Catalog {
	ids := rapid.SliceOfNDistinct(rapid.StringMatching(`[a-c:/]{1,6}`), 1, 5, rapid.ID).Draw(t, "ids")
	var parts []wire.Catalog
	part := wire.Catalog{}
	for _, id := range ids {
		part.Binaries = append(part.Binaries, wire.Binary{Suite: id[:1], ID: id, Path: "/" + id})
	}
	for b := range ids {
		for _, n := range rapid.SliceOfDistinct(rapid.StringMatching(`[^\x00\n]{1,9}`), rapid.ID).Draw(t, "names") {
			part.Tests = append(part.Tests, wire.Listed{Binary: b, Name: n, Ignored: rapid.Bool().Draw(t, "ignored")})
			if rapid.Bool().Draw(t, "cut") {
				parts = append(parts, part)
				part = wire.Catalog{Part: part.Part + 1}
			}
		}
	}
	return append(parts, part)
}

func TestPartsMayComeInAnyOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		parts := drawn(t)
		want, err := catalog.New(parts...)
		if err != nil {
			t.Fatal(err)
		}
		shuffled := slices.Clone(parts)
		seed := rapid.Uint64().Draw(t, "seed")
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(shuffled), func(i, j int) {
			shuffled[i], shuffled[j] = shuffled[j], shuffled[i]
		})
		got, err := catalog.New(shuffled...)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	})
}

func TestDecodeGivesBackWhatWasEncoded(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want, err := catalog.New(drawn(t)...)
		if err != nil {
			t.Fatal(err)
		}
		most := rapid.IntRange(1, 300).Draw(t, "most")
		chunks := want.Encode(most)
		for _, c := range chunks {
			if n := slices.Index(c, '\n'); len(c) > most && n != len(c)-1 {
				t.Errorf("a chunk of several lines has %d bytes", len(c))
			}
		}
		got, err := catalog.Decode(chunks)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.Binaries, got.Binaries); diff != "" {
			t.Error(diff)
		}
		if len(want.Tests)+len(got.Tests) > 0 && !slices.Equal(want.Tests, got.Tests) {
			t.Error(cmp.Diff(want.Tests, got.Tests))
		}
		if want.Digest() != got.Digest() {
			t.Error("the digest has changed on the way")
		}
	})
}

func TestGarbageIsNoCatalog(t *testing.T) {
	for _, text := range []string{
		"x", "{}", `{"test":{"b":0,"n":"x"}}`, `{"binary":{"id":"a"}}` + "\n" + `{"test":{"b":-1,"n":"x"}}`,
	} {
		if c, err := catalog.Decode([][]byte{[]byte(text)}); err == nil {
			t.Errorf("%s was taken for %v", text, c)
		}
	}
}

func BenchmarkEncode100k(b *testing.B) {
	part := wire.Catalog{Binaries: []wire.Binary{{ID: "unit::pkg/thing", Suite: "unit"}}}
	for i := range 100_000 {
		part.Tests = append(part.Tests, wire.Listed{Name: fmt.Sprintf("TestThing/with_a_name_%06d", i)})
	}
	c, err := catalog.New(part)
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		c.Encode(4 << 20)
	}
}

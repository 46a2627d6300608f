package partition

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

func TestParse(t *testing.T) {
	for name, tc := range map[string]struct {
		text      string
		want      Partition
		wantError string
	}{
		"a hash":                   {"hash:1/3", Partition{Hash, 1, 3}, ""},
		"a slice":                  {"slice:2/2", Partition{Slice, 2, 2}, ""},
		"a count":                  {"count:1/1", Partition{Count, 1, 1}, ""},
		"numbers are 64 bits wide": {"hash:18446744073709551615/18446744073709551615", Partition{Hash, math.MaxUint64, math.MaxUint64}, ""},
		"no kind":                  {"1/3", Partition{}, "has no kind"},
		"an unknown kind":          {"time:1/3", Partition{}, `no kind "time"`},
		"a kind is lower case":     {"Hash:1/3", Partition{}, `no kind "Hash"`},
		"no slash":                 {"hash:1", Partition{}, "has no slash"},
		"nothing after the kind":   {"hash:", Partition{}, "has no slash"},
		"a part that is no number": {"hash:a/3", Partition{}, `part "a" is not a whole number`},
		"a negative part":          {"hash:-1/3", Partition{}, `part "-1" is not a whole number`},
		"a total that is missing":  {"hash:1/", Partition{}, `total "" is not a whole number`},
		"two slashes":              {"hash:1/2/3", Partition{}, `total "2/3" is not a whole number`},
		"too wide a total":         {"hash:1/18446744073709551616", Partition{}, "is not a whole number from 1 to 2^64-1"},
		"part zero":                {"hash:0/3", Partition{}, "the first part is 1"},
		"zero parts":               {"hash:0/0", Partition{}, "at least one part"},
		"a part past the last":     {"hash:4/3", Partition{}, "there is no part 4 of 3"},
		"a space":                  {"hash:1 /3", Partition{}, `part "1 " is not a whole number`},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Parse(tc.text)
			if tc.wantError != "" {
				if err == nil || !strings.Contains(err.Error(), tc.wantError) {
					t.Fatalf("want an error with %q, got %v", tc.wantError, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
			if got.String() != tc.text {
				t.Errorf("printed as %q", got)
			}
		})
	}
}

// The values are those of the reference implementation with seed 0.
func TestHashIsXXH64OfTheName(t *testing.T) {
	for name, want := range map[string]uint64{
		"":    0xef46db3751d8e999,
		"a":   0xd24ec4f1a98c6e5b,
		"as":  0x1c330fb2d66be179,
		"asd": 0x631c37ce72a97393,
		"Call me Ishmael. Some years ago--never mind how long precisely-": 0x02a2e85470d6fd96,
	} {
		if got := xxhash.Sum64String(name); got != want {
			t.Errorf("%q: want %x, got %x", name, want, got)
		}
		const total = 7
		p := Partition{Hash, want%total + 1, total}
		keep := p.Keep([]Test{{0, name, false}, {3, name, true}})
		if diff := cmp.Diff([]bool{true, true}, keep); diff != "" {
			t.Errorf("%q is not in its part: %s", name, diff)
		}
	}
}

func TestTurns(t *testing.T) {
	tests := []Test{
		{0, "a", false},
		{0, "b", true},
		{0, "c", false},
		{0, "d", false},
		{1, "a", false},
		{1, "b", true},
		{1, "c", true},
	}
	for name, tc := range map[string]struct {
		text string
		want []int // the tests kept
	}{
		"the first slice goes on over binaries":       {"slice:1/2", []int{0, 1, 3, 6}},
		"the second slice is the rest":                {"slice:2/2", []int{2, 4, 5}},
		"the first count begins anew in each binary":  {"count:1/2", []int{0, 1, 3, 4, 5}},
		"the second count is the rest":                {"count:2/2", []int{2, 6}},
		"a part past the last test is empty":          {"slice:5/5", nil},
		"one part is all":                             {"count:1/1", []int{0, 1, 2, 3, 4, 5, 6}},
		"a total of all 64 bits has one test in each": {"slice:2/18446744073709551615", []int{2, 5}},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := Parse(tc.text)
			if err != nil {
				t.Fatal(err)
			}
			var got []int
			for i, kept := range p.Keep(tests) {
				if kept {
					got = append(got, i)
				}
			}
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

var randomTests = rapid.Custom(func(t *rapid.T) []Test {
	var tests []Test
	for binary := range rapid.IntRange(0, 4).Draw(t, "binaries") {
		names := rapid.SliceOfDistinct(rapid.StringN(0, 6, -1), rapid.ID[string]).Draw(t, "names")
		slices.Sort(names)
		for _, name := range names {
			tests = append(tests, Test{binary, name, rapid.Bool().Draw(t, "ignored")})
		}
	}
	return tests
})

func TestEveryTestIsInExactlyOnePart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		tests := randomTests.Draw(t, "tests")
		kind := rapid.SampledFrom([]string{Hash, Slice, Count}).Draw(t, "kind")
		total := rapid.Uint64Range(1, 9).Draw(t, "total")
		times := make([]int, len(tests))
		sizes := map[bool][]int{false: make([]int, total), true: make([]int, total)}
		for shard := range total {
			for i, kept := range (Partition{kind, shard + 1, total}).Keep(tests) {
				if kept {
					times[i]++
					sizes[tests[i].Ignored][shard]++
				}
			}
		}
		for i, n := range times {
			if n != 1 {
				t.Fatalf("%+v is in %d parts", tests[i], n)
			}
		}
		if kind != Slice {
			return
		}
		for ignored, of := range sizes {
			if slices.Max(of)-slices.Min(of) > 1 {
				t.Fatalf("slices (ignored: %t) have sizes %v", ignored, of)
			}
		}
	})
}

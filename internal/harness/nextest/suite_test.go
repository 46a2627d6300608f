package nextest

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestPackageIDsTellNameAndVersion(t *testing.T) {
	cases := map[string]struct{ name, version string }{
		"alpha 0.1.0 (path+file:///w/alpha)":                                   {"alpha", "0.1.0"},
		"alpha 0.1.0 (git+https://example.com/a?branch=x#0123abc)":             {"alpha", "0.1.0"},
		"path+file:///w/alpha#0.1.0":                                           {"alpha", "0.1.0"},
		"path+file:///w/dir#alpha@0.1.0":                                       {"alpha", "0.1.0"},
		"registry+https://github.com/rust-lang/crates.io-index#serde@1.0.0":    {"serde", "1.0.0"},
		"git+https://example.com/a/alpha?branch=x/y#0.1.0":                     {"alpha", "0.1.0"},
		"git+https://example.com/a/repository?rev=0123abc#alpha@0.1.0-rc.1+b2": {"alpha", "0.1.0-rc.1+b2"},
		"alpha": {"alpha", ""},
		"":      {"", ""},
	}
	for id, want := range cases {
		if name, version := parsePackageID(id); name != want.name || version != want.version {
			t.Errorf("%q: got %q %q", id, name, version)
		}
	}
}

func TestBinariesAreInTheOrderOfNextest(t *testing.T) {
	want := []string{"a", "a::it", "a::z", "a::bin/a", "a::bin/b", "a::example/a", "a-b", "a-b::it", "b"}
	got := slices.Clone(want)
	slices.Sort(got)
	slices.SortFunc(got, compareIDs)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestPathsAreRemappedByWholeElements(t *testing.T) {
	cases := map[string]struct{ path, from, want string }{
		"below":              {"/b/t/x", "/b/t", "/n/x"},
		"the folder itself":  {"/b/t", "/b/t", "/n"},
		"a longer name":      {"/b/target/x", "/b/t", "/b/target/x"},
		"elsewhere":          {"/c/x", "/b/t", "/c/x"},
		"a slash at the end": {"/b/t/x", "/b/t/", "/n/x"},
	}
	for name, c := range cases {
		if got, _ := remap(c.path, c.from, "/n"); got != c.want {
			t.Errorf("%s: got %s", name, got)
		}
	}
}

func TestASeparateBuildDirectoryStaysWhereItIs(t *testing.T) {
	l := layout{targetDir: "/b/target", oldTargetDir: "/b/target", oldBuildDir: "/b/obj"}
	if got := l.binary("/b/obj/debug/deps/x"); got != "/b/obj/debug/deps/x" || l.buildDir() != "/b/obj" {
		t.Errorf("got %s, %s", got, l.buildDir())
	}
}

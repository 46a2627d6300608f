package harness

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/internal/wire"
)

// image makes files; one that ends in * is executable, one in / is a folder.
func image(t *testing.T, files ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, f := range files {
		name, executable := strings.CutSuffix(f, "*")
		path := filepath.Join(root, name)
		mode := os.FileMode(0o644)
		if executable {
			mode = 0o755
		}
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, mode); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestPatternsNameBinariesByWhatTheyLeaveOpen(t *testing.T) {
	root := image(t, "a.test*", "b.test", "c.txt*", "x/a.test*", "x/y/b.test*", "x/y/data.json", "z/q.test*")
	cases := map[string]struct {
		patterns []string
		want     []string
	}{
		"a path is itself":                      {[]string{"/a.test"}, []string{"s::a"}},
		"a star stays within a folder":          {[]string{"/*.test"}, []string{"s::a"}},
		"a star can be a folder":                {[]string{"/*/*.test"}, []string{"s::x/a", "s::z/q"}},
		"two stars are any folders, or none":    {[]string{"/**/*.test"}, []string{"s::a", "s::x/a", "s::x/y/b", "s::z/q"}},
		"two stars at the end are all files":    {[]string{"/x/**"}, []string{"s::a", "s::y/b"}},
		"two stars can stand in the middle":     {[]string{"/x/**/b.test"}, []string{"s::y/b"}},
		"a question mark is one character":      {[]string{"/?.test"}, []string{"s::a"}},
		"what is not executable is not matched": {[]string{"/*"}, []string{"s::a", "s::c.txt"}},
		"a binary of two patterns is one":       {[]string{"/**/*.test", "/x/*.test"}, []string{"s::a", "s::x/a", "s::x/y/b", "s::z/q"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var patterns []string
			for _, p := range c.patterns {
				patterns = append(patterns, root+p)
			}
			found, err := FindBinaries(wire.Suite{Name: "s", Binaries: patterns})
			if err != nil {
				t.Fatal(err)
			}
			var ids []string
			for _, b := range found {
				ids = append(ids, b.ID)
				if b.Dir != filepath.Dir(b.Path) {
					t.Errorf("%s runs in %s", b.Path, b.Dir)
				}
			}
			if diff := cmp.Diff(c.want, ids); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestPatternsThatMatchNothingAreErrorsThatNameThem(t *testing.T) {
	root := image(t, "a.test", "x/a.test*", "y/a.test*")
	cases := map[string]struct {
		patterns []string
		want     string
	}{
		"no file matches":                 {[]string{"/*.bin"}, "/*.bin matches no executable file"},
		"the folder does not exist":       {[]string{"/nowhere/*"}, "/nowhere/* matches no executable file"},
		"the path does not exist":         {[]string{"/b.test"}, "/b.test: no such file in the image"},
		"the path is not executable":      {[]string{"/a.test"}, "/a.test: not executable"},
		"the path is a folder":            {[]string{"/x"}, "/x: not a regular file"},
		"two binaries would be of one id": {[]string{"/x/*", "/y/*"}, `would both be "s::a"`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var patterns []string
			for _, p := range c.patterns {
				patterns = append(patterns, root+p)
			}
			_, err := FindBinaries(wire.Suite{Name: "s", Binaries: patterns})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestWorkingDirIsThatOfTheSuite(t *testing.T) {
	root := image(t, "a.test*")
	found, err := FindBinaries(wire.Suite{Name: "s", Binaries: []string{root + "/a.test"}, WorkingDir: "/w"})
	if err != nil || found[0].Dir != "/w" {
		t.Errorf("got %v, %v", found, err)
	}
}

func FuzzMatchesAgreesWithASimplerRule(f *testing.F) {
	f.Add("*.test", "a.test")
	f.Add("a*b*c", "aXbYbZc")
	f.Add("??", "äö")
	f.Add("*??", "€")
	f.Fuzz(func(t *testing.T, part, name string) {
		if len(part) > 12 || len(name) > 12 || strings.Contains(part, "/") || !utf8.ValidString(part) || !utf8.ValidString(name) {
			t.Skip()
		}
		if got, want := matches(part, name), slowly([]rune(part), []rune(name)); got != want {
			t.Errorf("matches(%q, %q) = %v", part, name, got)
		}
	})
}

func slowly(part, name []rune) bool {
	switch {
	case len(part) == 0:
		return len(name) == 0
	case part[0] == '*':
		return slowly(part[1:], name) || len(name) > 0 && slowly(part, name[1:])
	}
	return len(name) > 0 && (part[0] == '?' || part[0] == name[0]) && slowly(part[1:], name[1:])
}

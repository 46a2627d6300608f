package compose

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/podtest/podtest/internal/filter"
)

// chooses is nextest's rule.
func (n Names) chooses(test string) bool {
	contains := func(pattern string) bool { return strings.Contains(test, pattern) }
	if slices.ContainsFunc(n.SkipContain, contains) || slices.Contains(n.SkipEqual, test) {
		return false
	}
	return len(n.Contain)+len(n.Equal) == 0 || slices.ContainsFunc(n.Contain, contains) || slices.Contains(n.Equal, test)
}

// texts are short and of few letters, so that they often contain each other, and of all that a filterset reads otherwise.
var texts = rapid.StringOfN(rapid.SampledFrom([]rune("aab:= ~#/\\(),\n\r\t\x00\u202eé\U0001F600|+&-!\"'")), 0, 4, -1)

func TestNamesAsAFiltersetChooseWhatNextestChooses(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		some := func(label string) []string { return rapid.SliceOfN(texts, 0, 3).Draw(t, label) }
		n := Names{Contain: some("contain"), Equal: some("equal"), SkipContain: some("skip"), SkipEqual: some("skip equal")}
		filters := rapid.SliceOfN(rapid.SampledFrom([]string{
			"test(a)", "test(a) or test(b)", "not test(:)", "test(/a|b/)", "all()", " none() ", "test(a) - test(=aa)\n",
		}), 0, 3).Draw(t, "filters")
		name := rapid.OneOf(texts.Filter(func(s string) bool { return s != "" }),
			rapid.SampledFrom(append(slices.Concat(n.Contain, n.Equal, n.SkipContain, n.SkipEqual), "a"))).Draw(t, "name")
		if name == "" {
			name = "a" // no test is called nothing
		}
		test := &filter.Test{Binary: &filter.Binary{}, Name: name}
		want := n.chooses(name) && (len(filters) == 0 || slices.ContainsFunc(filters, func(f string) bool {
			return matches(t, f, test)
		}))
		text := Filterset(filters, n)
		if text == "" {
			text = "all()"
		}
		if got := matches(t, text, test); got != want {
			t.Fatalf("%q selects %q: %t; want %t", text, name, got, want)
		}
	})
}

func matches(t *rapid.T, text string, test *filter.Test) bool {
	expr, err := filter.Parse(text, filter.Options{})
	if err != nil {
		t.Fatalf("%q: %v", text, err)
	}
	return expr.Match(*test)
}

func TestFiltersetsReadWell(t *testing.T) {
	for name, c := range map[string]struct {
		filters []string
		names   Names
		want    string
	}{
		"nothing is chosen":                 {nil, Names{}, ""},
		"a filterset is left as it is":      {[]string{"test(a) or test(b)"}, Names{}, "test(a) or test(b)"},
		"several are united":                {[]string{"test(a)", "test(b)"}, Names{}, "((test(a)) or (test(b)))"},
		"one name":                          {nil, Names{Contain: []string{"cart"}}, "test(~cart)"},
		"names beside a filterset":          {[]string{"kind(lib)"}, Names{Contain: []string{"a", "b"}}, "(kind(lib)) and (test(~a) or test(~b))"},
		"only what is skipped":              {nil, Names{SkipContain: []string{"slow"}}, "not test(~slow)"},
		"names but some":                    {nil, Names{Contain: []string{"a"}, SkipEqual: []string{"ab", "ac"}}, "test(~a) and not (test(=ab) or test(=ac))"},
		"characters that mean something":    {nil, Names{Equal: []string{`f(a,b) \ /`}}, `test(=f(a\,b\) \\ /)`},
		"characters that cannot be seen":    {nil, Names{Contain: []string{"a\u202eb\x00\n"}}, `test(~a\u{202e}b\u{0}\n)`},
		"the empty name is in every name":   {nil, Names{Contain: []string{""}}, "all()"},
		"the empty name is no test's":       {nil, Names{Equal: []string{""}}, "none()"},
		"skipping the empty name skips all": {nil, Names{SkipContain: []string{""}}, "not all()"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, Filterset(c.filters, c.names)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestArgumentsAreThoseOfNextest(t *testing.T) {
	for name, c := range map[string]struct {
		before, after []string
		want          Names
		wantErr       string
	}{
		"names stand on both sides of --": {
			before: []string{"a"}, after: []string{"b"}, want: Names{Contain: []string{"a", "b"}},
		},
		"--exact is about what stands after --, wherever it stands": {
			before: []string{"a"}, after: []string{"b", "--skip", "c", "--exact"},
			want: Names{Contain: []string{"a"}, Equal: []string{"b"}, SkipEqual: []string{"c"}},
		},
		"after another -- all are names": {
			after: []string{"--skip", "a", "--", "--exact", "-b"},
			want:  Names{Contain: []string{"--exact", "-b"}, SkipContain: []string{"a"}},
		},
		"ignored tests": {after: []string{"--include-ignored"}, want: Names{Ignored: "--include-ignored"}},
		"--skip without a name": {
			after: []string{"--skip"}, wantErr: "-- --skip: want the name of tests to skip after it",
		},
		"--exact twice": {after: []string{"--exact", "--exact"}, wantErr: "-- --exact: give it once"},
		"ignored tests in two ways": {
			after:   []string{"--ignored", "--include-ignored"},
			wantErr: "-- --include-ignored: there was --ignored before: give one of them, once",
		},
		"no capture": {
			after:   []string{"--nocapture"},
			wantErr: "-- --nocapture: pods have no terminal to print to: what failed tests print is shown",
		},
		"a flag of podtest after --": {
			after: []string{"--retries", "2", "-v"},
			wantErr: "after -- there may be names, --skip NAME, --exact, --ignored and --include-ignored, " +
				"not --retries -v: flags of podtest stand before --",
		},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ParseNames(c.before, c.after)
			if message := said(err); message != c.wantErr {
				t.Fatalf("error %q, want %q", message, c.wantErr)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func said(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

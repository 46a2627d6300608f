package filter

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	binary  = Binary{Suite: "unit", ID: "core::it", Name: "it", Kind: "test", Platform: "target", Package: "core"}
	sample  = Test{Binary: &binary, Name: "io::reads_a,b", Group: "serial"}
	options = Options{Default: All(), Groups: []string{"serial"}}
)

func TestMatch(t *testing.T) {
	for text, want := range map[string]bool{
		"all()": true, "none( )": false, "default()": true,
		"test(reads)": true, "test(=reads)": false, "test(=io::reads_a\\,b)": true, "test(#io::*)": true,
		"test(~ reads)": false, `test( /^io::\w+,b$/ )`: true, `test(/\d/)`: false, `test(\u{69}o)`: true,
		"binary(it)": true, "binary_id(core*)": true, "package(core)": true, "suite(u*)": true, "kind(test)": true,
		"kind(te)": false, "platform( target )": true, "platform(host)": false, "group(serial)": true,
		"group(@global)":     false,
		"not all() or all()": true, "!(all()|all())": false, "all() and not none()": true,
		"all() - all() - all()": false, "none() & none() + all()": true, "all() or all() - all()": true,
		"all()and(all())": true, "not(none())": true, "not\r\n none()": true, "test (io)": true,
	} {
		t.Run(text, func(t *testing.T) {
			e, err := Parse(text, options)
			if err != nil {
				t.Fatal(err)
			}
			if got := e.Match(sample); got != want {
				t.Errorf("want %t, got %t", want, got)
			}
		})
	}
}

func TestProblems(t *testing.T) {
	for text, want := range map[string]string{
		"":                         "0+0 expected a predicate",
		"tset(a)":                  "0+4 there is no predicate tset",
		"deps(a)":                  "0+4 podtest has no package graph",
		"test()":                   "5+0 expected a name",
		"test(a,b)":                "6+1 unexpected comma",
		"test(a":                   "4+1 this ( is never closed",
		"(all()":                   "0+1 this ( is never closed",
		"all())":                   "5+1 there is no ( for this",
		"all() || all() && none()": "6+2 there is no operator ||; 15+2 there is no operator &&",
		"NOT all()":                "0+3 there is no operator NOT",
		"and all()":                "0+3 expected a predicate, found the operator and",
		"all() all()":              "6+0 expected an operator",
		"all(x)":                   "4+1 all() takes no argument",
		"platform(arm)":            "9+3 a platform is host or target",
		"group(x)":                 "6+1 no group matches",
		`test(\q) | kind(\w)`:      "5+2 there is no such escape; 16+2 there is no such escape",
		"test(#[z-a])":             "6+5 invalid glob: the range z-a is reversed",
		"test(/a":                  "5+1 this regular expression is never closed; 4+1",
		`test(/\/\bx/)`:            "8+2 invalid regular expression: word boundaries",
		"all()\tand none()":        "5+1 expected an operator",
		"test and all()":           "4+0 expected ( after test",
		strings.Repeat("(", 300):   "256+0 nested too deeply",
	} {
		t.Run(text, func(t *testing.T) {
			_, err := Parse(text, options)
			var problems *Error
			if !errors.As(err, &problems) {
				t.Fatalf("want an error, got %v", err)
			}
			var got []string
			for _, p := range problems.Problems {
				got = append(got, fmt.Sprintf("%d+%d %s", p.Offset, p.Length, p.Message))
			}
			if all := strings.Join(got, "; "); !strings.HasPrefix(all, want) && !strings.Contains(text, "(/a") ||
				len(got) != strings.Count(want, ";")+1 {
				t.Errorf("want %s\ngot  %s", want, all)
			}
		})
	}
}

func TestErrorShowsTheText(t *testing.T) {
	_, err := Parse("all() |\n\ttest(é\\q)", options)
	want := "invalid filterset: expected a predicate\n"
	if err == nil || !strings.HasPrefix(err.Error(), want) || !strings.Contains(err.Error(), "\n  \t      ^^\n") {
		t.Errorf("got %v", err)
	}
}

func TestGlob(t *testing.T) {
	for _, tc := range []struct {
		glob, name string
		want       bool
	}{
		{"a*c", "a/::c", true},
		{"a*c", "a\nc", false},
		{"a?c", "abc", true},
		{"a?c", "aéc", false},
		{"a??c", "aéc", true},
		{"[!a]b", "cb", true},
		{"[]]", "]", true},
		{"[a-]", "-", true},
		{"{a,b{c,}}", "b", true},
		{"{a,b}", "c", false},
		{`a\*`, `a\x`, true},
		{"**", "x/y", true},
		{"**/a", "x/a", true},
		{"**/a", "xa", false},
		{"a/**/b", "a/b", true},
		{"a/**", "a/", true},
		{"a/**", "a", false},
		{"a**b", "axb", true},
		{"aba*aba", "aba", false},
	} {
		m, err := glob(tc.glob)
		if err != nil || m(tc.name) != tc.want {
			t.Errorf("glob %q on %q: want %t, error %v", tc.glob, tc.name, tc.want, err)
		}
	}
}

func TestRegex(t *testing.T) {
	for _, tc := range []struct {
		regex, name string
		want        bool
	}{
		{`^\w$`, "é", true},
		{`^\W$`, "é", false},
		{`^[\W]$`, "-", true},
		{`^[^\W_]$`, "_", false},
		{`^\d$`, "٣", true},
		{`^(?-u:\w)$`, "é", false},
		{`(?-u:\b)b`, "a b", true},
		{`^\s$`, "\u00a0", true},
		{`\u{e9}\x61`, "éa", true},
		{`^a{ 2 }$`, "aa", true},
		{`(?i)KELVIN`, "kelvin", true},
		{`\p{greek}`, "α", true},
		{`[[:alpha:]]`, "a", true},
		{`(?P<x>a)(?<y>b)`, "ab", true},
		{`^a|b$`, "xb", true},
		{``, "x", true},
		{`a.c`, "a\nc", false},
	} {
		m, err := compile(tc.regex)
		if err != nil {
			t.Errorf("%s: %+v", tc.regex, *err)
		} else if m(tc.name) != tc.want {
			t.Errorf("%s on %q: want %t", tc.regex, tc.name, tc.want)
		}
	}
	for _, refused := range []string{
		`\b`, `\Z`, `\Qa\E`, `\C`, `[a&&b]`, `[a[b]]`, `(?x) a`, `(?R)a`, `a{1001}`, `{`, `a{,2}`, `(?=a)`, `\1`, `(`, `[`,
		`[\w-z]`, `[a-\d]`, `\p{Alphabetic}`, `(?-u:[^a])`, `(?)`, `\x{110000}`, `a)`, `\`, `\x{1`,
	} {
		if _, err := compile(refused); err == nil {
			t.Errorf("%s is not refused", refused)
		}
	}
}

func TestBinariesAndPackages(t *testing.T) {
	e, err := Parse("test(a) & package(x) | binary(it) | suite(no)", options)
	if err != nil {
		t.Fatal(err)
	}
	want := []Problem{
		{Offset: 18, Length: 1, Message: "no package of this run matches"},
		{Offset: 42, Length: 2, Message: "no suite of this run matches"},
	}
	if diff := cmp.Diff(want, e.Unmatched([]Binary{binary})); diff != "" {
		t.Error(diff)
	}
	if p, used := e.UsesPackage(); !used || p.Offset != 18 {
		t.Errorf("got %+v, %t", p, used)
	}
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{`test(/a\/[\W]{2}/) and (kind(a) - !all())`, "tset(é) ||\tdeps(", `test(#{a\,[!b]}**/)`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := Parse(text, options)
		if err == nil {
			e.Match(sample)
			return
		}
		var problems *Error
		if !errors.As(err, &problems) || problems.Error() == "" {
			t.Fatal(err)
		}
		for _, p := range problems.Problems {
			if p.Offset < 0 || p.Length < 0 || p.Offset+p.Length > len(text) {
				t.Fatalf("outside of the text: %+v", p)
			}
		}
	})
}

func BenchmarkMatch100k(b *testing.B) {
	e, err := Parse(`(test(/^mod_\d+::case_.*7$/) | test(~99) | test(#*_5?)) & binary_id(core*) - test(=x)`, options)
	if err != nil {
		b.Fatal(err)
	}
	tests := make([]Test, 100_000)
	for i := range tests {
		tests[i] = Test{Binary: &binary, Name: fmt.Sprintf("mod_%d::case_%d", i%100, i), Group: "@global"}
	}
	for b.Loop() {
		for _, t := range tests {
			e.Match(t)
		}
	}
}

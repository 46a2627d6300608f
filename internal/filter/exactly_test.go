package filter

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

var hostileNames = []string{
	"a", "a b", " a ", "   ", "a,b", "a)", "(a)", `\`, `\)`, "a\\", "=a", "~a", "#a", "/a/", "*", "a]", "é", "日本", "\u202ea", "a\x1b[2J",
	"a\r", "\t", "\x7f", "\u200b", "a & test(=b)", ") or all(", "'\"`$(rm)", "\U000e0041", "a # b", "not all()",
}

func checkExactly(t interface{ Errorf(string, ...any) }, binary, name string, others []string) {
	text := Exactly(binary, name)
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		t.Errorf("%q is not plain", text)
	}
	expr, err := Parse(text, Options{})
	if err != nil {
		t.Errorf("%q %q: %v", binary, name, err)
		return
	}
	for _, b := range append(others, binary) {
		for _, n := range append(others, name) {
			if got, want := expr.Match(Test{Binary: &Binary{ID: b}, Name: n}), b == binary && n == name; got != want {
				t.Errorf("%s matches %q %q: %t", text, b, n, got)
			}
		}
	}
}

func TestExactlySelectsOneTestOfHostileNames(t *testing.T) {
	for _, binary := range hostileNames {
		for _, name := range hostileNames {
			checkExactly(t, binary, name, hostileNames)
		}
	}
}

func TestExactlySelectsOneTestOfAnyName(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.StringN(1, 30, 200).Filter(utf8.ValidString)
		binary, name := words.Draw(t, "binary"), words.Draw(t, "name")
		checkExactly(t, binary, name, []string{binary + " ", " " + name, strings.TrimSpace(name) + "x", name + `\`, words.Draw(t, "other")})
	})
}

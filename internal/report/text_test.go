package report

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestLineKeepsTextAndShowsTheRest(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"plain text stays":                    {"api::v1 decode::roundtrip", "api::v1 decode::roundtrip"},
		"letters of any script stay":          {"größe_テスト_ทดสอบ ✓ 🦀", "größe_テスト_ทดสอบ ✓ 🦀"},
		"escape sequences are shown":          {"a\x1b[2Jb", `a\x1b[2Jb`},
		"hyperlinks are shown":                {"\x1b]8;;http://evil\x07x", `\x1b]8;;http://evil\x07x`},
		"line breaks are shown":               {"a\r\nb\tc", `a\r\nb\tc`},
		"C1 controls are shown":               {"a\u009b31mb", `a\u009b31mb`},
		"bidi overrides are shown":            {"a\u202egnp.exe", `a\u202egnp.exe`},
		"bidi isolates are shown":             {"a\u2066b\u2069", `a\u2066b\u2069`},
		"zero-width characters are shown":     {"a\u200bb\ufeffc", `a\u200bb\ufeffc`},
		"tag characters are shown":            {"a\U000e0041", `a\U000e0041`},
		"line separators are shown":           {"a\u2028b", `a\u2028b`},
		"a no-break space is not a space":     {"a\u00a0b", `a\u00a0b`},
		"bytes that are not UTF-8 are shown":  {"a\xff\xc0b", `a\xff\xc0b`},
		"NUL and backspace are shown":         {"a\x00\x08b", `a\x00\x08b`},
		"private use characters are shown":    {"a\ue0a0", `a\ue0a0`},
		"the replacement character is a rune": {"a\ufffdb", "a\ufffdb"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Line(c.in).String(); got != c.want {
				t.Errorf("Line(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func TestBlockKeepsLinesAndDropsStyling(t *testing.T) {
	for name, c := range map[string]struct{ in, want string }{
		"lines and tabs stay":              {"a\n\tb\n", "a\n\tb\n"},
		"colours are dropped":              {"\x1b[1;31merror\x1b[0m: no", "error: no"},
		"hyperlinks leave their text":      {"\x1b]8;;http://x\x1b\\y\x1b]8;;\x1b\\", "y"},
		"DOS line ends become line ends":   {"a\r\nb", "a\nb"},
		"a lone return cannot overwrite":   {"FAIL\rPASS", `FAIL\rPASS`},
		"an unfinished sequence is shown":  {"a\x1b[3", `a\x1b[3`},
		"a sequence in a sequence is none": {"\x1b[3\x1b[1m1mx", `\x1b[31mx`},
		"C1 controls are shown":            {"\u009b2J", `\u009b2J`},
		"marks of Go's frames are dropped": {"\x16=== RUN\n\x16FAIL\x16", "=== RUN\nFAIL\\x16"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := Block(c.in).String(); got != c.want {
				t.Errorf("Block(%q) = %q, want %q", c.in, got, c.want)
			}
		})
	}
}

func FuzzText(f *testing.F) {
	f.Add("\x1b[31m\u202e\xff\r\n")
	f.Fuzz(func(t *testing.T, s string) {
		for kind, got := range map[string]string{"line": Line(s).String(), "block": Block(s).String()} {
			if !utf8.ValidString(got) {
				t.Errorf("%s of %q is not UTF-8: %q", kind, s, got)
			}
			bad := strings.IndexFunc(got, func(r rune) bool {
				return !visible(r) && (kind != "block" || (r != '\n' && r != '\t'))
			})
			if bad >= 0 {
				t.Errorf("%s of %q holds something invisible at %d: %q", kind, s, bad, got)
			}
		}
	})
}

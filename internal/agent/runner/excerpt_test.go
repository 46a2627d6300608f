package runner

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/internal/wire"
)

func TestExcerptsAreWhyAndTheEnd(t *testing.T) {
	cases := map[string]struct{ why, printed, want string }{
		"nothing was printed":           {"exit code 1", " \n", "exit code 1"},
		"text is kept":                  {"exit code 1", "a\n\tb\n", "exit code 1\na\n\tb"},
		"colours are dropped":           {"w", "\x1b[31;1mred\x1b[0m", "w\nred"},
		"marks and returns are dropped": {"w", "\x16--- FAIL\r\n", "w\n--- FAIL"},
		"controls are shown":            {"w", "a\x00\x07\x1b]b\u202e", `w` + "\n" + `a\u{0}\u{7}\u{1b}]b\u{202e}`},
		"what is no UTF-8 is replaced":  {"w", "a\xff\xfeb", "w\na\uFFFDb"},
		"why is one line":               {"a\nb", "", "a b"},
		"the beginning is cut":          {"w", strings.Repeat("x", 2000) + "end", "w\n" + strings.Repeat("x", 1024-2-3) + "end"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, excerpt(c.why, []byte(c.printed))); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func FuzzExcerptsAreShortAndPlain(f *testing.F) {
	f.Add("why", []byte("\x1b[0m\xff"))
	f.Add(strings.Repeat("ä", 600), []byte(strings.Repeat("€", 600)))
	f.Fuzz(func(t *testing.T, why string, printed []byte) {
		got := excerpt(why, printed)
		if len(got) > excerptSize || !utf8.ValidString(got) {
			t.Errorf("%d bytes: %q", len(got), got)
		}
		if strings.ContainsFunc(got, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }) {
			t.Errorf("control characters in %q", got)
		}
	})
}

func TestVictimsOfTheKernelAreCounted(t *testing.T) {
	cases := map[string]struct {
		text string
		want int64
	}{
		"cgroup v2":        {"low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 0\n", 2},
		"cgroup v1":        {"oom_kill_disable 0\nunder_oom 0\noom_kill 7\n", 7},
		"an old kernel":    {"oom_kill_disable 0\nunder_oom 0\n", 0},
		"nothing is there": {"", 0},
	}
	for name, c := range cases {
		if got := parseOOM([]byte(c.text)); got != c.want {
			t.Errorf("%s: got %d, want %d", name, got, c.want)
		}
	}
}

func TestACatalogIsCutSoThatItsPartsMakeItAgain(t *testing.T) {
	binaries := []wire.Binary{{ID: "a"}, {ID: "b"}}
	var tests []wire.Listed
	for i := range 30_000 {
		tests = append(tests, wire.Listed{Binary: i % 2, Name: strings.Repeat("x", i%300)})
	}
	var again []wire.Listed
	all := parts(binaries, tests)
	for i, p := range all {
		if p.Part != i || p.Last != (i == len(all)-1) || (len(p.Binaries) > 0) != (i == 0) {
			t.Errorf("part %d: number %d, last %v, %d binaries", i, p.Part, p.Last, len(p.Binaries))
		}
		again = append(again, p.Tests...)
	}
	if diff := cmp.Diff(tests, again); diff != "" || len(all) < 2 {
		t.Errorf("%d parts: %s", len(all), diff)
	}
}

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

func TestTestsAreNotGivenWhatSteersHarnesses(t *testing.T) {
	e := newEnviron([]string{
		"PATH=/bin", "PODTEST_COLLECTOR=x", "PODTEST_POD=p", "GTEST_FILTER=x", "RUST_TEST_THREADS=9", "RUST_LOG=debug",
		"PYTEST_ADDOPTS=-v", "NEXTEST_PROFILE=x", "TMPDIR=/big", "VITEST=1", "EMPTY=",
	}, wire.Config{RunName: "checkout", RunUID: "uid", TotalAttempts: 3})
	w := work{Assignment: wire.Assignment{Attempt: 2, Name: "a b"}, binary: wire.Binary{ID: "s::x"}}
	want := []string{
		"PATH=/bin", "PODTEST_POD=p", "RUST_LOG=debug", "EMPTY=",
		"NEXTEST=1", "NEXTEST_RUN_ID=uid", "NEXTEST_EXECUTION_MODE=process-per-test", "NEXTEST_TOTAL_ATTEMPTS=3",
		"PODTEST_RUN=checkout", "NEXTEST_BINARY_ID=s::x", "NEXTEST_TEST_NAME=a b", "NEXTEST_ATTEMPT=2", "PODTEST_ATTEMPT=2",
	}
	if diff := cmp.Diff(append(want, "TMPDIR=/t"), e.of(w, "/t", nil)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(append(want, "TMPDIR=/big", "MORE=1"), e.of(w, "", []string{"MORE=1"})); diff != "" {
		t.Error(diff)
	}
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

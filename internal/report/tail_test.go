package report

import (
	"strings"
	"testing"

	"github.com/podtest/podtest/internal/wire"
)

func piece(text string) []wire.LivePiece { return []wire.LivePiece{{Text: []byte(text)}} }

func TestTail(t *testing.T) {
	lines := []wire.LiveOutput{
		{Stdout: piece("one\ntw")},
		{Stdout: piece("o \x1b[3")},
		{Stdout: piece("1mred\x1b[0m \xc3")},
		{Stdout: piece("\xa4\r")},
		{Stdout: piece("\nno end")},
		{Stderr: piece("err\x07\n"), Stdout: piece("\xff")},
		{Stderr: []wire.LivePiece{{Text: []byte("a")}, {Cut: 7, Text: []byte("b")}}},
	}
	cases := map[string]struct {
		raw  bool
		want string
	}{
		"what it prints is neutralised though it comes in pieces": {false, "--- attempt 1\\x07\n--- stdout\none\ntwo red ä\nno end\\xff\n" +
			"--- stderr\nerr\\x07\na\n--- 7 bytes cut here\nb\n"},
		"or as it was": {true, "--- attempt 1\\x07\n--- stdout\none\ntwo \x1b[31mred\x1b[0m ä\r\nno end\xff\n" +
			"--- stderr\nerr\x07\na\n--- 7 bytes cut here\nb\n"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			var b strings.Builder
			tail := Tail{To: &b, Raw: c.raw}
			if err := tail.Title("attempt 1\x07"); err != nil {
				t.Fatal(err)
			}
			for _, line := range lines {
				if err := tail.Show(line); err != nil {
					t.Fatal(err)
				}
			}
			if err := tail.Close(); err != nil {
				t.Fatal(err)
			}
			if b.String() != c.want {
				t.Errorf("got  %q\nwant %q", b.String(), c.want)
			}
		})
	}
}

func FuzzATailIsWhatBlockMakesOfAllOfIt(f *testing.F) {
	f.Add("a\x1b]8;;x\x07b\x1b[31m\xf0\x9f\x98\x80\r\n", uint8(1))
	f.Add("\x1b\x1b[\r\r\n\xc3", uint8(2))
	f.Fuzz(func(t *testing.T, text string, step uint8) {
		if len(text) > longestSequence || text == "" {
			return
		}
		var b strings.Builder
		tail := Tail{To: &b}
		for rest := text; rest != ""; {
			n := min(len(rest), int(step)%8+1)
			if err := tail.Show(wire.LiveOutput{Stdout: piece(rest[:n])}); err != nil {
				t.Fatal(err)
			}
			rest = rest[n:]
		}
		if err := tail.Close(); err != nil {
			t.Fatal(err)
		}
		want := "--- stdout\n" + Block(text).s
		if !strings.HasSuffix(want, "\n") {
			want += "\n"
		}
		if b.String() != want {
			t.Errorf("got  %q\nwant %q", b.String(), want)
		}
	})
}

package report

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hinshun/vt10x"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/goldentest"
	"github.com/podtest/podtest/internal/outcome"
)

// screen is what a terminal shows.
func screen(t vt10x.Terminal) string {
	lines := strings.Split(t.String(), "\n")
	for i := range lines {
		lines[i] = strings.TrimRight(lines[i], " \x00")
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n") + "\n"
}

// onlcr is what a terminal's driver does to line ends.
func onlcr(text []byte) []byte {
	return bytes.ReplaceAll(bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")), []byte("\n"), []byte("\r\n"))
}

func passing(n int) Attempt {
	return Attempt{
		Test: named("bulk", fmt.Sprintf("ingest::test_%d", n)), Row: row(outcome.Passed, 1, time.Millisecond, of(uint32(n))),
		Final: true, Done: int64(n), Of: 40,
	}
}

// narrow are running tests without wide characters: the emulator knows none.
func narrow(after time.Duration) []Running {
	var all []Running
	for _, r := range running(after) {
		if cells(r.Test.Name) == len(r.Test.Name) && cells(r.Test.Binary) == len(r.Test.Binary) {
			all = append(all, r)
		}
	}
	return all
}

func TestTheProgressAreaOnATerminal(t *testing.T) {
	for _, size := range []struct{ columns, rows int }{{160, 20}, {80, 20}, {20, 20}, {80, 4}, {80, 2}} {
		name := fmt.Sprintf("screen-%dx%d", size.columns, size.rows)
		t.Run(name, func(t *testing.T) {
			terminal := vt10x.New(vt10x.WithSize(size.columns, size.rows))
			p := NewPrinter(Options{Terminal: true, Color: true, Width: size.columns, Height: size.rows})
			var shots strings.Builder
			shoot := func(title string) { fmt.Fprintf(&shots, "=== %s\n%s", title, screen(terminal)) }
			show := func(e Event) {
				if _, err := terminal.Write(onlcr(p.Print(e))); err != nil {
					t.Fatal(err)
				}
				if !terminal.CursorVisible() {
					t.Errorf("after %T there is no cursor", e)
				}
			}
			counts := v1alpha1.TestCounts{Selected: 40, Running: 10}
			show(begun)
			for n := range 3 {
				show(Progress{Word: "Running", Elapsed: micros(time.Duration(n) * time.Second), Tests: counts, Running: narrow(time.Duration(n) * time.Second)})
				show(passing(n + 1))
				counts.Passed++
			}
			shoot("three tests have passed")
			show(Progress{Word: "Running", Elapsed: 9e6, Tests: counts, Running: narrow(0)[:2]})
			shoot("fewer run")
			terminal.Resize(size.columns+30, size.rows+2)
			p.SetSize(size.columns+30, size.rows+2)
			show(passing(4))
			show(Progress{Word: "Running", Elapsed: 10e6, Tests: counts, Running: narrow(time.Second)})
			shoot("the terminal has grown")
			show(Ended{Result: "Passed", Message: "4 tests passed", Tests: v1alpha1.TestCounts{Selected: 4, Passed: 4}})
			shoot("the end")
			goldentest.Compare(t, filepath.Join("testdata", name+".txt"), []byte(shots.String()))
		})
	}
}

func TestNoLineOfTheAreaReachesTheLastColumnAndAllLeaveARow(t *testing.T) {
	counts := v1alpha1.TestCounts{Selected: 1355, Passed: 1009, Failed: 2, Flaky: 1, OOMKilled: 1, Running: 48}
	for columns := 1; columns <= 200; columns++ {
		for _, rows := range []int{1, 2, 3, 5, 24} {
			p := NewPrinter(Options{Terminal: true, Color: true, Width: columns, Height: rows})
			lines := p.progressArea(Progress{Word: "Running", Elapsed: 72e6, Tests: counts, Running: running(time.Minute)})
			for _, line := range lines {
				if n := cells(unpainted(line)); n >= columns && columns > 1 {
					t.Errorf("%d cells of %d: %q", n, columns, line)
				}
			}
			if len(lines) >= rows && rows > 1 {
				t.Errorf("%d lines on %d rows", len(lines), rows)
			}
		}
	}
}

func TestANarrowerTerminalHasBrokenTheLinesThatAreCleared(t *testing.T) {
	if got := rows([]string{strings.Repeat("x", 79), "\x1b[1mshort\x1b[0m", strings.Repeat("日", 30)}, 40); got != 2+1+2 {
		t.Errorf("%d rows, want 5", got)
	}
}

func TestCloseTakesTheProgressOffTheTerminal(t *testing.T) {
	terminal := vt10x.New(vt10x.WithSize(80, 10))
	p := NewPrinter(Options{Terminal: true, Width: 80, Height: 10})
	for _, text := range [][]byte{
		p.Print(begun), p.Print(Progress{Word: "Running", Tests: v1alpha1.TestCounts{Selected: 4}, Running: narrow(0)}), p.Close(), p.Close(),
	} {
		if _, err := terminal.Write(onlcr(text)); err != nil {
			t.Fatal(err)
		}
	}
	if got := screen(terminal); strings.Count(got, "\n") != 1 {
		t.Errorf("this is left:\n%s", got)
	}
}

func TestWidthIsCountedInCells(t *testing.T) {
	for name, c := range map[string]struct {
		text              string
		cells             int
		start, end, whole string
	}{
		"ASCII":           {"abcdef", 6, "abc…", "…def", "abcdef"},
		"wide runes":      {"日本語", 6, "日…", "…語", "日本語"},
		"combining marks": {"e\u0301abcd", 5, "e\u0301ab…", "…bcd", "e\u0301abcd"},
		"an emoji":        {"🦀ab12", 6, "🦀a…", "…b12", "🦀ab12"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := cells(c.text); got != c.cells {
				t.Errorf("%d cells, want %d", got, c.cells)
			}
			if got := withoutEnd(c.text, 4); got != c.start {
				t.Errorf("its start is %q, want %q", got, c.start)
			}
			if got := withoutStart(c.text, 4); got != c.end {
				t.Errorf("its end is %q, want %q", got, c.end)
			}
			if got := withoutEnd(withoutStart(c.text, 6), 6); got != c.whole {
				t.Errorf("whole it is %q", got)
			}
		})
	}
}

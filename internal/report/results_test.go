package report

import (
	"bytes"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/internal/goldentest"
	"github.com/podtest/podtest/internal/wire"
)

// brief is a result in a few words.
func brief(r Result) string {
	s := fmt.Sprintf("%d %s", r.Ordinal, r.Outcome)
	switch {
	case r.Code != 0:
		s += fmt.Sprintf("(%s %d)", r.Reason, r.Code)
	case r.Reason != "":
		s += "(" + r.Reason + ")"
	}
	s += fmt.Sprintf(" %d", r.Attempts)
	if r.Flaky {
		s += " flaky"
	}
	return s
}

var results = []Result{
	{Ordinal: 0, Binary: "unit::cart", Name: "TestAdd", Outcome: "passed", Attempts: 1, DurationUs: 21_000, CPUUs: 9_000, PeakRSSKiB: 4096, Class: "default", Pod: "shop-w00000", Node: "node-1"},
	{Ordinal: 2, Binary: "unit::pay", Name: "Test\x1b[2J<größe>", Outcome: "passed", Flaky: true, Attempts: 2, DurationUs: 1_250_000, PeakRSSKiB: 3 << 20, Pod: "shop-w00001"},
	{Ordinal: 3, Binary: "unit::pay", Name: "TestRefund", Outcome: "crashed", Reason: "signal", Code: 11, Attempts: 2, DurationUs: 99, PeakRSSKiB: 700, Pod: "shop-w00001"},
	{Ordinal: 4, Binary: "unit::pay", Name: "TestSend", Outcome: "notRun", Reason: "Cancelled"},
}

func TestWriteResults(t *testing.T) {
	for name, write := range map[string]func(*bytes.Buffer) error{
		"results-table": func(b *bytes.Buffer) error { return Table{}.Write(b, results) },
		"results-wide":  func(b *bytes.Buffer) error { return Table{Wide: true}.Write(b, results) },
		"results-bare":  func(b *bytes.Buffer) error { return Table{NoHeaders: true}.Write(b, results) },
		"results-names": func(b *bytes.Buffer) error { return WriteResultNames(b, results) },
		"results-json":  func(b *bytes.Buffer) error { return WriteJSONLines(b, results) },
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			goldentest.Compare(t, filepath.Join("testdata", name+".txt"), b.Bytes())
		})
	}
}

func TestWriteOutput(t *testing.T) {
	o := wire.Output{
		Stdout: wire.Stream{Head: []byte("\x1b[31mred\x1b[0m\r\nno end"), Dropped: 1, Tail: []byte("tail\xff")},
		Stderr: wire.Stream{Head: []byte("a\rb\n")},
	}
	for name, raw := range map[string]bool{"output": false, "output-raw": true} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := WriteOutput(&b, "attempt 1: failed\x07", o, raw); err != nil {
				t.Fatal(err)
			}
			goldentest.Compare(t, filepath.Join("testdata", name+".txt"), b.Bytes())
		})
	}
}

func TestQuote(t *testing.T) {
	for in, want := range map[string]string{
		"": "''", "a": "a", "a::b/c.d-e": "a::b/c.d-e", "a b": "'a b'", "it's": `'it'\''s'`, "$(rm)": "'$(rm)'",
	} {
		if got := Quote(in); got != want {
			t.Errorf("Quote(%q) = %s, want %s", in, got, want)
		}
	}
}

func TestSort(t *testing.T) {
	for by, want := range map[string]string{"name": "2034", "duration": "2034", "memory": "2034", "cpu": "0234", "": "0234"} {
		sorted, got := slices.Clone(results), ""
		Sort(sorted, by)
		for _, r := range sorted {
			got += fmt.Sprint(r.Ordinal)
		}
		if got != want {
			t.Errorf("by %s: %s, want %s", by, got, want)
		}
	}
}

func TestColumnsStandBelowEachOtherOnATerminal(t *testing.T) {
	rows := [][]string{{"TEST", "POD"}, {"测试", "a"}, {"cafe\u0301", "b"}, {"plain", "c"}}
	want := "TEST    POD\n测试    a\ncafe\u0301    b\nplain   c\n"
	if diff := cmp.Diff(want, aligned(rows)); diff != "" {
		t.Error(diff)
	}
}

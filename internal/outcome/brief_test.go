package outcome_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/podtest/podtest/internal/outcome"
)

// A termination message has this many bytes at most.
const terminationMessage = 4096

var bySize = cmpopts.SortSlices(func(a, b outcome.Row) bool {
	return outcome.Digest([]outcome.Row{a}) < outcome.Digest([]outcome.Row{b})
})

// bare is what a brief tells of a row.
func bare(r outcome.Row) outcome.Row {
	return outcome.Row{Ordinal: r.Ordinal, Attempt: r.Attempt, Outcome: r.Outcome, Reason: r.Reason, Code: r.Code}
}

func TestABriefFitsAndTellsFailuresFirst(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOf(anyRow()).Draw(t, "rows")
		limit := rapid.IntRange(0, 1000).Draw(t, "limit")
		text, n := outcome.EncodeBrief(rows, limit)
		if len(text) > limit {
			t.Fatalf("%d bytes, limit is %d", len(text), limit)
		}
		got, err := outcome.DecodeBrief(text)
		if err != nil || len(got) != n {
			t.Fatalf("%d rows, error %v; n is %d", len(got), err, n)
		}
		told := map[outcome.Row]int{}
		for _, r := range got {
			told[r]++
		}
		goods, untoldFailures := 0, 0
		for _, r := range rows {
			switch b := bare(r); {
			case told[b] > 0:
				told[b]--
				if r.Outcome.Good() {
					goods++
				}
			case !r.Outcome.Good():
				untoldFailures++
			}
		}
		if goods > 0 && untoldFailures > 0 {
			t.Fatalf("%d good rows are told, %d failures are not", goods, untoldFailures)
		}
		for r, n := range told {
			if n > 0 {
				t.Fatalf("%+v is told but was never given", r)
			}
		}
	})
}

func TestABriefThatHasRoomTellsAll(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(anyRow(), 1, 50).Draw(t, "rows")
		text, n := outcome.EncodeBrief(rows, 1<<20)
		got, err := outcome.DecodeBrief(text)
		if err != nil || n != len(rows) {
			t.Fatalf("%d of %d rows, error %v", n, len(rows), err)
		}
		for i := range rows {
			rows[i] = bare(rows[i])
		}
		if diff := cmp.Diff(rows, got, bySize); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestTheOutcomesOfAWorkerFitItsTerminationMessage(t *testing.T) {
	for name, c := range map[string]struct {
		rows []outcome.Row
		want int
	}{
		"what a worker has not got rid of in a minute of short tests": {workday(5000, 4, 1), 5000},
		"the most tests that a worker runs":                           {workday(10_000, 4, 1), 8000},
	} {
		t.Run(name, func(t *testing.T) {
			text, n := outcome.EncodeBrief(c.rows, terminationMessage)
			t.Logf("%d rows in %d bytes", n, len(text))
			if n < c.want {
				t.Errorf("%d rows fit, want at least %d", n, c.want)
			}
		})
	}
}

func TestWhatIsNoBriefIsRefused(t *testing.T) {
	good, _ := outcome.EncodeBrief(workday(10, 1, 1), terminationMessage)
	for name, text := range map[string]string{
		"a sentence":                "OCI runtime exec failed: no such file",
		"one that ends too early":   string(good[:len(good)-3]),
		"one with more behind it":   string(good) + "AAAA",
		"a brief of another kind":   "AQ" + string(good[2:]),
		"one that is told twice":    strings.Repeat(string(good), 2),
		"base64 with too many bits": "sf",
	} {
		t.Run(name, func(t *testing.T) {
			if rows, err := outcome.DecodeBrief([]byte(text)); err == nil {
				t.Errorf("DecodeBrief = %v, want an error", rows)
			}
		})
	}
}

func TestNoTextIsNoRows(t *testing.T) {
	if rows, err := outcome.DecodeBrief(nil); err != nil || len(rows) > 0 {
		t.Errorf("DecodeBrief(nil) = %v, %v", rows, err)
	}
	if text, n := outcome.EncodeBrief(nil, terminationMessage); len(text) > 0 || n > 0 {
		t.Errorf("EncodeBrief(nil) = %q, %d", text, n)
	}
}

func FuzzDecodeBrief(f *testing.F) {
	text, _ := outcome.EncodeBrief(workday(30, 1, 1), terminationMessage)
	f.Add(text)
	f.Add([]byte(nil))
	f.Fuzz(func(t *testing.T, text []byte) {
		rows, err := outcome.DecodeBrief(text)
		if err != nil {
			return
		}
		again, n := outcome.EncodeBrief(rows, 1<<24)
		got, err := outcome.DecodeBrief(again)
		if diff := cmp.Diff(rows, got, bySize, cmpopts.EquateEmpty()); err != nil || n != len(rows) || diff != "" {
			t.Fatal(n, err, diff)
		}
	})
}

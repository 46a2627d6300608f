package outcome_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/podtest/podtest/internal/outcome"
)

func TestADigestDoesNotDependOnTheOrder(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOf(anyRow()).Draw(t, "rows")
		shuffled := rapid.Permutation(rows).Draw(t, "shuffled")
		if a, b := outcome.Digest(rows), outcome.Digest(shuffled); a != b || len(a) != 64 {
			t.Fatalf("%s and %s", a, b)
		}
	})
}

func TestADigestTells(t *testing.T) {
	row := outcome.Row{Ordinal: 7, Attempt: 1, Outcome: outcome.Failed, Reason: outcome.ExitCode, Code: 1}
	base := outcome.Digest([]outcome.Row{row})
	change := func(f func(*outcome.Row)) []outcome.Row {
		r := row
		f(&r)
		return []outcome.Row{r}
	}
	for name, c := range map[string]struct {
		rows []outcome.Row
		same bool
	}{
		"no row from one":       {nil, false},
		"a row that came twice": {[]outcome.Row{row, row}, false},
		"another test":          {change(func(r *outcome.Row) { r.Ordinal++ }), false},
		"another attempt":       {change(func(r *outcome.Row) { r.Attempt++ }), false},
		"another outcome":       {change(func(r *outcome.Row) { r.Outcome = outcome.Crashed }), false},
		"another reason":        {change(func(r *outcome.Row) { r.Reason = outcome.Signal }), false},
		"another code":          {change(func(r *outcome.Row) { r.Code++ }), false},
		"nothing of time":       {change(func(r *outcome.Row) { r.Start, r.Duration, r.CPU = 1, 2, 3 }), true},
		"nothing of memory":     {change(func(r *outcome.Row) { r.PeakRSS = 1 }), true},
	} {
		t.Run(name, func(t *testing.T) {
			if same := outcome.Digest(c.rows) == base; same != c.same {
				t.Errorf("same digest: %t, want %t", same, c.same)
			}
		})
	}
}

// Agents of an older version must agree with a newer collector: the digest never changes.
func TestTheDigestOfVersionOne(t *testing.T) {
	const want = "1ed2ead9bd5d0c0b963a8737b8da8d557ff209a95984af4617ce5c8a6b96a4e5"
	if got := outcome.Digest(workday(20, 2, 1)); got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

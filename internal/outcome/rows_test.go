package outcome_test

import (
	"math"
	"math/rand/v2"

	"pgregory.net/rapid"

	"github.com/podtest/podtest/internal/outcome"
)

// anyRow is any row that a Row can hold, sensible or not.
func anyRow() *rapid.Generator[outcome.Row] {
	return rapid.Custom(func(t *rapid.T) outcome.Row {
		return outcome.Row{
			Ordinal:  rapid.Uint32().Draw(t, "ordinal"),
			Attempt:  rapid.Uint16().Draw(t, "attempt"),
			Outcome:  outcome.Outcome(rapid.Uint8().Draw(t, "outcome")),
			Reason:   outcome.Reason(rapid.Uint8().Draw(t, "reason")),
			Code:     rapid.Uint8().Draw(t, "code"),
			Leaky:    rapid.Bool().Draw(t, "leaky"),
			Slow:     rapid.Bool().Draw(t, "slow"),
			Start:    rapid.Int64().Draw(t, "start"),
			Duration: rapid.Uint64().Draw(t, "duration"),
			CPU:      rapid.Uint64().Draw(t, "cpu"),
			PeakRSS:  rapid.Uint64().Draw(t, "peakRSS"),
		}
	})
}

// workday are n rows as a worker with so many slots writes them: heavy-tailed durations, a failure now and then.
func workday(n, slots int, seed uint64) []outcome.Row {
	r := rand.New(rand.NewPCG(seed, 0))
	free := make([]int64, slots)
	for i := range free {
		free[i] = 1_790_000_000_000_000
	}
	rows := make([]outcome.Row, n)
	ordinal := uint32(0)
	for i := range rows {
		ordinal += 1 + uint32(r.IntN(4))
		slot := i % slots
		duration := uint64(3000 * math.Exp(1.2*r.NormFloat64()))
		rows[i] = outcome.Row{
			Ordinal:  ordinal,
			Attempt:  1,
			Outcome:  outcome.Passed,
			Start:    free[slot] + 80 + int64(r.IntN(400)),
			Duration: duration,
			CPU:      duration/2 + uint64(r.IntN(1000)),
			PeakRSS:  8192 + 4*uint64(r.IntN(200)),
		}
		if r.IntN(100) == 0 {
			rows[i].Outcome, rows[i].Reason, rows[i].Code = outcome.Failed, outcome.ExitCode, 1
		}
		free[slot] = rows[i].Start + int64(duration)
	}
	return rows
}

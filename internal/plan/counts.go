package plan

import "github.com/podtest/podtest/internal/outcome"

// Counts are the numbers of this moment.
func (s *State) Counts() Counts {
	t := &s.tally
	return Counts{
		Selected:        t.selected,
		NotSelected:     len(s.tests) - t.selected,
		Passed:          t.Passed,
		Failed:          t.Failed,
		Flaky:           t.Flaky,
		TimedOut:        t.TimedOut,
		Crashed:         t.Crashed,
		OOMKilled:       t.OOMKilled,
		Skipped:         t.Skipped,
		Pending:         t.undecided,
		Running:         t.running,
		Retried:         t.failedRows - (t.Bad() - t.flakyFailed),
		Interrupted:     t.interrupted,
		Discarded:       t.discarded,
		WorkersStarting: s.counted.alive - s.counted.spoken,
		WorkersRunning:  s.counted.spoken,
		WorkersFinished: t.finishedWorkers,
		WorkersLost:     t.lostWorkers,
	}
}

// Tally is how the tests that have their verdict ended.
func (s *State) Tally() outcome.Tally { return s.tally.Tally }

// Verdict is the final row of a test and whether it has one.
func (s *State) Verdict(ordinal uint32) (outcome.Row, bool) {
	if int64(ordinal) >= int64(len(s.tests)) || s.tests[ordinal].place != settled {
		return outcome.Row{}, false
	}
	return s.tests[ordinal].row, true
}

// Unfinished are the selected tests without a verdict, by ordinal.
func (s *State) Unfinished() []uint32 {
	var all []uint32
	for o := range s.tests {
		if p := s.tests[o].place; p != notSelected && p != settled {
			all = append(all, uint32(o))
		}
	}
	return all
}

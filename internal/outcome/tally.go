package outcome

// Tally are numbers of tests by how they ended. Flaky ones are among the passed: those that failed for it
// are not counted as flaky.
type Tally struct {
	Passed, Failed, TimedOut, Crashed, OOMKilled, Skipped int
	Flaky                                                 int
}

// Add counts a test's final row.
func (t *Tally) Add(final Row, flaky bool) {
	if n := t.of(final.Outcome); n != nil {
		*n++
	}
	if flaky && final.Outcome.Good() {
		t.Flaky++
	}
}

// Decided is how many tests have their verdict.
func (t *Tally) Decided() int { return t.Passed + t.Skipped + t.Bad() }

// Bad is how many tests ended badly, in whatever way.
func (t *Tally) Bad() int { return t.Failed + t.TimedOut + t.Crashed + t.OOMKilled }

func (t *Tally) of(o Outcome) *int {
	switch o {
	case Passed:
		return &t.Passed
	case Failed:
		return &t.Failed
	case TimedOut:
		return &t.TimedOut
	case Crashed:
		return &t.Crashed
	case OOMKilled:
		return &t.OOMKilled
	case Skipped:
		return &t.Skipped
	case None, NotRun:
	}
	return nil
}

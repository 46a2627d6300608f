package plan

import "time"

// Results, reasons and exit codes of an ending: v1alpha1's, which this package does not import.
const (
	resultPassed    = "Passed"
	resultFailed    = "Failed"
	resultError     = "Error"
	resultCancelled = "Cancelled"

	reasonPassed           = "Passed"
	reasonTestsFailed      = "TestsFailed"
	reasonNoTests          = "NoTests"
	reasonDeadlineExceeded = "DeadlineExceeded"
	reasonInfrastructure   = "Infrastructure"
	reasonStartTimeout     = "StartTimeout"
	reasonCancelled        = "Cancelled"
	reasonPodNotStarting   = "PodNotStarting"
	reasonFailFast         = "FailFast"
	reasonGlobalTimeout    = "GlobalTimeout"

	exitPassed         = 0
	exitNoTests        = 4
	exitOutstanding    = 5
	exitTestsFailed    = 100
	exitInfrastructure = 120
	exitCancelled      = 130
)

// endings are tried in order; the first that applies is the end of the run.
var endings = []func(*State, view) *Ending{
	nothingSelected,
	allDecided,
	cancelled,
	deadlineExceeded,
	failedFast,
	globalTimeout,
	restLost,
	tooManyStrikes,
	nothingStarts,
}

func (s *State) ending(v view) *Ending {
	for _, try := range endings {
		if e := try(s, v); e != nil {
			return e
		}
	}
	return nil
}

func nothingSelected(s *State, _ view) *Ending {
	switch {
	case s.tally.selected > 0:
		return nil
	case s.set.NoTestsPass:
		return s.good(reasonNoTests, s.noneSelected())
	default:
		return &Ending{resultFailed, reasonNoTests, s.noneSelected(), exitNoTests}
	}
}

func allDecided(s *State, _ view) *Ending {
	switch {
	case s.tally.undecided > 0:
		return nil
	case s.tally.Bad() > 0:
		return &Ending{resultFailed, reasonTestsFailed, s.someFailed(), exitTestsFailed}
	default:
		return s.good(reasonPassed, s.allPassed())
	}
}

// good ends a run well; of a rerun that could not settle all that the runs before have left, the exit code says so, as
// nextest's does.
func (s *State) good(reason, message string) *Ending {
	if n := s.set.Outstanding; n > 0 {
		were := "were"
		if n == 1 {
			were = "was"
		}
		message += "; " + several(n, "test") + " of the runs before that had not passed " + were + " not selected"
		return &Ending{resultPassed, reason, message, exitOutstanding}
	}
	return &Ending{resultPassed, reason, message, exitPassed}
}

func cancelled(s *State, v view) *Ending {
	if !s.endsNow(byCancel, v.now) {
		return nil
	}
	s.cutShort()
	return &Ending{resultCancelled, reasonCancelled, "cancelled: " + s.newsOfAll(), exitCancelled}
}

func deadlineExceeded(s *State, v view) *Ending {
	if !s.pastDeadline(v.now) {
		return nil
	}
	s.cutShort()
	message := "activeDeadlineSeconds have passed: " + s.newsOfAll()
	return &Ending{resultFailed, reasonDeadlineExceeded, message, exitTestsFailed}
}

func failedFast(s *State, v view) *Ending {
	if !s.endsNow(byFailFast, v.now) {
		return nil
	}
	s.cutShort()
	message := s.newsOfAll() + ": the run ends at " + several(s.set.MaxFail, "failed test") + " (failFast)"
	return &Ending{resultFailed, reasonFailFast, message, exitTestsFailed}
}

func globalTimeout(s *State, v view) *Ending {
	if !s.endsNow(byGlobalTimeout, v.now) {
		return nil
	}
	s.cutShort()
	return &Ending{resultFailed, reasonGlobalTimeout, "globalTimeout has passed: " + s.newsOfAll(), exitTestsFailed}
}

// restLost: every test that has no verdict was lost with its pod too often.
func restLost(s *State, _ view) *Ending {
	if s.tally.undecided > s.tally.givenUp {
		return nil
	}
	return s.withoutVerdict(reasonInfrastructure, s.lostMessage())
}

// tooManyStrikes: so many workers in a row have come to nothing, and none is left that may do better.
func tooManyStrikes(s *State, v view) *Ending {
	if v.working+v.unsure > 0 || !s.struckOut() {
		return nil
	}
	return s.withoutVerdict(reasonInfrastructure, s.strikesMessage())
}

// nothingStarts: nobody works, and what should start has not for too long.
func nothingStarts(s *State, v view) *Ending {
	at, ok := s.startTimeout(v)
	if !ok || v.now.Before(at) {
		return nil
	}
	return s.withoutVerdict(reasonStartTimeout, s.startMessage(v))
}

// withoutVerdict ends a run that the infrastructure left tests of without a verdict. A failed test is the more
// important news.
func (s *State) withoutVerdict(reason, why string) *Ending {
	message := s.newsOfAll() + ": " + why
	if s.tally.Bad() > 0 {
		return &Ending{resultFailed, reasonTestsFailed, message, exitTestsFailed}
	}
	return &Ending{resultError, reason, message, exitInfrastructure}
}

// startTimeout is when waiting for a worker to start will have been too long, if anything waits.
func (s *State) startTimeout(v view) (time.Time, bool) {
	if v.stuck.IsZero() || s.set.StartTimeout <= 0 {
		return time.Time{}, false
	}
	since := v.stuck
	if s.lastWork.After(since) {
		since = s.lastWork
	}
	return since.Add(s.set.StartTimeout), true
}

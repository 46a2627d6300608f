package plan

import "time"

const (
	// cancelBound is the longest that a cancelled run waits for its tests to end: the usual grace period, and some.
	cancelBound = 15 * time.Second
	// stopBound is the same of other runs that end what runs.
	stopBound = 2 * time.Minute
)

// early is why a run ends before all tests have their verdict, and since when it is known.
type early struct {
	why   earlyReason
	stop  string    // how what runs is ended; empty: it is waited for
	until time.Time // so long it is waited for; zero: as long as it takes
}

type earlyReason int

const (
	notEarly earlyReason = iota
	byCancel
	byFailFast
	byGlobalTimeout
)

// early says whether the run is to end early.
func (s *State) early(now time.Time) early {
	timeout, timed := s.timeout()
	timed = timed && !now.Before(timeout)
	failed := s.set.MaxFail > 0 && s.tally.Bad() >= s.set.MaxFail
	noteFirst(&s.failSeen, failed, now)
	noteFirst(&s.cancelSeen, s.cancel, now)
	switch {
	case s.force && s.cancel:
		return early{byCancel, StopKill, now}
	case s.cancel:
		return early{byCancel, StopTerminate, s.cancelSeen.Add(cancelBound)}
	case failed && s.set.FailImmediate:
		return early{byFailFast, StopTerminate, s.failSeen.Add(stopBound)}
	case failed && timed:
		return early{byFailFast, StopTerminate, timeout.Add(stopBound)}
	case failed:
		return early{why: byFailFast}
	case timed:
		return early{byGlobalTimeout, StopTerminate, timeout.Add(stopBound)}
	default:
		return early{}
	}
}

// noteFirst keeps the first time at which something held.
func noteFirst(seen *time.Time, holds bool, now time.Time) {
	if holds && seen.IsZero() {
		*seen = now
	}
}

// timeout is when globalTimeout will have passed, if there is one and the first test has been handed out.
func (s *State) timeout() (time.Time, bool) {
	if s.set.GlobalTimeout <= 0 || s.testsStarted.IsZero() {
		return time.Time{}, false
	}
	return s.testsStarted.Add(s.set.GlobalTimeout), true
}

// endsNow reports whether a run that ends early has waited long enough for what runs.
func (s *State) endsNow(why earlyReason, now time.Time) bool {
	e := s.early(now)
	if e.why != why {
		return false
	}
	return !s.atWork(now) || !e.until.IsZero() && !now.Before(e.until)
}

// atWork reports whether a test runs, or may for all that workers have told.
func (s *State) atWork(now time.Time) bool {
	if s.tally.running > 0 {
		return true
	}
	for _, w := range s.crew {
		if !w.proposed && w.silent && !w.sealed && now.Before(s.until) {
			return true
		}
	}
	return false
}

// GiveUp ends the tests as they stand, for the run ends for a reason outside of them, and says how they stand.
func (s *State) GiveUp() string {
	s.cutShort()
	return s.newsOfAll()
}

// cutShort gives tests with failed attempts their verdict: the run ends before they could be tried again.
func (s *State) cutShort() {
	s.cut = true
	for o, x := range s.trouble {
		if s.tests[o].place == settled {
			continue
		}
		if final, decided, flaky := x.Final(s.Rule(o).Cut()); decided {
			s.settle(o, final, flaky)
		}
	}
}

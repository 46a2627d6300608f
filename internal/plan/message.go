package plan

import "fmt"

// Messages are the same from one pass to the next: numbers of tests, no times of day.

// several is a number of things in words.
func several(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

func (s *State) noneSelected() string {
	if n := len(s.tests); n > 0 {
		return fmt.Sprintf("no test is selected of %d listed", n)
	}
	return "the binaries list no tests"
}

func (s *State) allPassed() string {
	t := &s.tally
	message := several(t.Passed, "test") + " passed"
	if t.Flaky > 0 {
		message += fmt.Sprintf(" (%d flaky)", t.Flaky)
	}
	if t.Skipped > 0 {
		message += fmt.Sprintf(", %d skipped", t.Skipped)
	}
	return message
}

func (s *State) someFailed() string {
	return fmt.Sprintf("%d of %s failed", s.tally.Bad(), several(s.tally.selected, "test"))
}

func (s *State) someUndecided() string {
	n, has := s.tally.undecided, "have"
	if n == 1 {
		has = "has"
	}
	return fmt.Sprintf("%d of %s %s no verdict", n, several(s.tally.selected, "test"), has)
}

// newsOfAll tells of failed tests, if there are any, and of those without a verdict.
func (s *State) newsOfAll() string {
	switch {
	case s.tally.Bad() > 0 && s.tally.undecided == 0:
		return s.someFailed()
	case s.tally.Bad() > 0:
		return s.someFailed() + ", " + s.someUndecided()
	default:
		return s.someUndecided()
	}
}

func (s *State) lostMessage() string {
	return fmt.Sprintf("lost with their pods more than %s (infraRetries)", several(s.set.InfraRetries, "time"))
}

func (s *State) strikesMessage() string {
	return fmt.Sprintf("%s in a row ended without one, the last with: %s",
		several(len(s.strikes.ends), "worker"), s.strikes.last().message)
}

func (s *State) startMessage(v view) string {
	why := "nothing says why"
	if v.blocked != nil {
		why = v.blocked.Message
	}
	return fmt.Sprintf("no pod has started for %s: %s", s.set.StartTimeout, why)
}

package plan

import "fmt"

// Messages are the same from one pass to the next: numbers of tests, no times of day.

// tests is a number of tests in words.
func tests(n int) string {
	if n == 1 {
		return "1 test"
	}
	return fmt.Sprintf("%d tests", n)
}

func (s *State) noneSelected() string {
	if n := len(s.tests); n > 0 {
		return fmt.Sprintf("no test is selected of the %d that are listed", n)
	}
	return "the binaries list no tests"
}

func (s *State) allPassed() string {
	t := &s.tally
	message := tests(t.Passed) + " passed"
	if t.Flaky > 0 {
		message += fmt.Sprintf(" (%d flaky)", t.Flaky)
	}
	if t.Skipped > 0 {
		message += fmt.Sprintf(", %d skipped", t.Skipped)
	}
	return message
}

func (s *State) someFailed() string {
	return fmt.Sprintf("%d of %s failed", s.tally.Bad(), tests(s.tally.selected))
}

func (s *State) someUndecided() string {
	message := fmt.Sprintf("%d of %s have no verdict", s.tally.undecided, tests(s.tally.selected))
	if n := s.tally.Bad(); n > 0 {
		message += fmt.Sprintf(", %d failed", n)
	}
	return message
}

func (s *State) lostMessage() string {
	return fmt.Sprintf("%s: lost with their pods more than %d times (infraRetries)", s.undecidedOf(), s.set.InfraRetries)
}

func (s *State) strikesMessage() string {
	return fmt.Sprintf("%s: %d workers in a row ended without one, the last so: %s",
		s.undecidedOf(), s.set.InfraRetries+1, s.strikes.last().message)
}

func (s *State) startMessage(v view) string {
	why := "nothing says why"
	if v.blocked != nil {
		why = v.blocked.Message
	}
	return fmt.Sprintf("%s: no pod has started for %s: %s", s.undecidedOf(), s.set.StartTimeout, why)
}

func (s *State) undecidedOf() string {
	return fmt.Sprintf("%d of %s have no verdict", s.tally.undecided, tests(s.tally.selected))
}

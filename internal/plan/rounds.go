package plan

import "time"

// mostTests bounds the rounds of a stress run.
const mostTests = 1_000_000

// refill begins another round of a stress run while its time is not over, when there is less in the queues than the
// workers could take at once. Tests of round r have the ordinals from r times the number of tests on.
func (s *State) refill(now time.Time) {
	if s.set.StressDuration <= 0 || s.testsStarted.IsZero() || s.suspend || s.tally.selected == 0 || s.closed != nil {
		return
	}
	if !now.Before(s.testsStarted.Add(s.set.StressDuration)) || s.pastDeadline(now) || s.early(now).why != notEarly {
		return
	}
	if s.queued() >= s.set.Parallelism*s.set.Slots || len(s.tests)+s.base > mostTests {
		return
	}
	s.beginRound()
}

// queued is how many tests any worker may take.
func (s *State) queued() int {
	n := 0
	for _, q := range s.queues {
		n += q.n
	}
	for _, l := range s.solo {
		n += l.tests.n
	}
	return n
}

// beginRound lets all tests of the run be run once more.
func (s *State) beginRound() {
	for i := range s.base {
		t := test{bucket: s.tests[i].bucket, holder: -1}
		if s.tests[i].place != notSelected {
			t.place = listed
			s.tally.selected++
			s.tally.undecided++
		}
		s.tests = append(s.tests, t)
		if t.place == listed && s.placed {
			s.requeue(uint32(len(s.tests) - 1))
		}
	}
}

// reach begins rounds until there is such a test: another leader has begun them.
func (s *State) reach(ordinal uint32) {
	if s.set.StressDuration <= 0 || s.base == 0 || s.closed != nil {
		return
	}
	for int64(ordinal) >= int64(len(s.tests)) && len(s.tests)+s.base <= mostTests && ordinal < mostTests {
		s.beginRound()
	}
}

package plan

import (
	"slices"
	"time"
)

// strikes are the workers that ended badly and without a row, after the last one with a row: in the order in which
// they were made, so that the ledger alone tells them.
type strikes struct {
	fruitful int // last worker with a row, + 1
	ends     []strike
	again    time.Time // when to try another worker, if there are too many
}

type strike struct {
	index   int
	test    int64 // that its end is put down to, or -1
	message string
}

// fruit notes that a worker has a row.
func (s *strikes) fruit(index int) {
	if index < s.fruitful {
		return
	}
	s.fruitful = index + 1
	s.ends = slices.DeleteFunc(s.ends, func(e strike) bool { return e.index < s.fruitful })
}

func (s *strikes) add(e strike) {
	if e.index >= s.fruitful {
		s.ends = append(s.ends, e)
	}
}

// n is how many there are. A test that kills its worker again and again is one.
func (s *strikes) n() int {
	n, tests := 0, map[int64]bool{}
	for _, e := range s.ends {
		if e.test < 0 || !tests[e.test] {
			n++
		}
		tests[e.test] = true
	}
	return n
}

// last is the one of the worker that was made last.
func (s *strikes) last() strike {
	return slices.MaxFunc(s.ends, func(a, b strike) int { return a.index - b.index })
}

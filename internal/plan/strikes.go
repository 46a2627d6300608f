package plan

import (
	"cmp"
	"slices"
	"time"
)

// strikes are the workers that ended badly and without a row, after the last one with a row: in the order in which
// they were made, so that the ledger alone tells them.
type strikes struct {
	fruitful int       // last worker with a row, + 1
	ends     []strike  // by index
	again    time.Time // when to try another worker, if there are too many
}

type strike struct {
	index   int
	wave    bool  // of a cause that tends to hit many at once
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
	if e.index < s.fruitful {
		return
	}
	at, _ := slices.BinarySearchFunc(s.ends, e.index, func(e strike, index int) int { return cmp.Compare(e.index, index) })
	s.ends = slices.Insert(s.ends, at, e)
}

// n is how many there are. A test that kills its worker again and again is one; so is what hits
// as many workers as there are at a time, like the drain of a node.
func (s *strikes) n(parallelism int) int {
	n, next, tests := 0, 0, map[int64]bool{}
	for _, e := range s.ends {
		switch {
		case e.wave && e.index < next, tests[e.test]:
			continue
		case e.wave:
			next = e.index + parallelism
		case e.test >= 0:
			tests[e.test] = true
		}
		n++
	}
	return n
}

// last is the one of the worker that was made last.
func (s *strikes) last() strike { return s.ends[len(s.ends)-1] }

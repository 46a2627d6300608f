package plan

import "fmt"

// Broken tells how the State contradicts itself, if it does: every selected test is in exactly one place, lists and
// sums agree.
func (s *State) Broken() error {
	seen := make([]int, len(s.tests))
	visit := func(l *list, p place, holder int32) error {
		n := 0
		for _, o := range l.ordinals(s.tests) {
			t := &s.tests[o]
			if t.place != p || t.holder != holder {
				return fmt.Errorf("test %d is in a list of place %d of worker %d, but says %d of %d", o, p, holder, t.place, t.holder)
			}
			seen[o]++
			n++
		}
		if n != l.n {
			return fmt.Errorf("a list of place %d has %d tests and says %d", p, n, l.n)
		}
		return nil
	}
	err := visit(&s.solo, alone, -1)
	n, known, unknown := 0, int64(0), 0
	for i := range s.queue.binaries {
		b := &s.queue.binaries[i]
		if err == nil {
			err = visit(&b.tests, waiting, -1)
		}
		n += b.tests.n
		known += int64(b.tests.n) * b.mean()
		if !b.known() {
			unknown += b.tests.n
		}
	}
	if err == nil && (n != s.queue.n || known != s.queue.known || unknown != s.queue.unknown) {
		err = fmt.Errorf("the queue has %d, %d, %d and says %d, %d, %d", n, known, unknown, s.queue.n, s.queue.known, s.queue.unknown)
	}
	var counted traits
	for _, w := range s.crew {
		if err == nil {
			err = visit(&w.own, own, int32(w.index))
		}
		if err == nil {
			err = visit(&w.held, held, int32(w.index))
		}
		counted.alive += w.traits().alive
		counted.spoken += w.traits().spoken
		counted.pulling += w.traits().pulling
		counted.silent += w.traits().silent
		counted.surplus += w.traits().surplus
	}
	if err == nil && counted != s.counted {
		err = fmt.Errorf("the workers are %+v, but counted as %+v", counted, s.counted)
	}
	if err != nil {
		return err
	}
	return s.brokenSums(seen)
}

func (s *State) brokenSums(seen []int) error {
	var selected, undecided, lost, running int
	for o := range s.tests {
		t := &s.tests[o]
		want := 1
		switch t.place {
		case notSelected, settled, givenUp:
			want = 0
		case listed:
			return fmt.Errorf("test %d has no place", o)
		}
		if seen[o] != want {
			return fmt.Errorf("test %d of place %d is in %d lists", o, t.place, seen[o])
		}
		selected += one(t.place != notSelected)
		undecided += one(t.place != notSelected && t.place != settled)
		lost += one(t.place == givenUp)
		running += one(t.started)
		if t.started && t.place != held {
			return fmt.Errorf("test %d runs but is in place %d", o, t.place)
		}
	}
	got := [5]int{s.tally.selected, s.tally.undecided, s.tally.givenUp, s.tally.running, s.tally.Decided()}
	want := [5]int{selected, undecided, lost, running, selected - undecided}
	if got != want {
		return fmt.Errorf("selected, undecided, given up, running and decided are %v, but %v are counted", want, got)
	}
	return nil
}

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
	var err error
	for _, l := range s.solo {
		if err == nil {
			err = visit(&l.tests, alone, -1)
		}
	}
	for i := range s.shelf.buckets {
		if err == nil {
			err = visit(&s.shelf.buckets[i].tests, waiting, -1)
		}
	}
	if err == nil {
		err = s.brokenQueues()
	}
	if err == nil {
		err = s.brokenGroups()
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
		case delayed:
			want = 0
			if d := s.delays[uint32(o)]; d == nil || d.ordinal != uint32(o) || s.byDue[d.at] != d {
				return fmt.Errorf("test %d is delayed for ever", o)
			}
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

func (s *State) brokenQueues() error {
	for _, q := range s.queues {
		n, known, unknown := 0, int64(0), 0
		for _, l := range q.lanes {
			inLane := 0
			for _, id := range l.order {
				b := &s.shelf.buckets[id]
				e := &s.shelf.binaries[b.binary]
				inLane += b.tests.n
				known += int64(b.tests.n) * e.mean()
				if !e.known() {
					unknown += b.tests.n
				}
				if b.tests.n == 0 || s.shelf.before(id, l.head()) {
					return fmt.Errorf("bucket %d with %d tests is out of place", id, b.tests.n)
				}
			}
			if l.n != inLane || l.reserved != nil && (l.reserved.gone || l.reserved.draining || l.reserved.reserved != l) {
				return fmt.Errorf("a lane has %d tests and says %d, or is kept for nobody", inLane, l.n)
			}
			n += inLane
		}
		if n != q.n || known != q.known || unknown != q.unknown {
			return fmt.Errorf("the queue has %d, %d, %d and says %d, %d, %d", n, known, unknown, q.n, q.known, q.unknown)
		}
	}
	return nil
}

func (s *State) brokenGroups() error {
	type sums struct{ load, held int }
	want, loads, holding := make([]sums, len(s.groups)), map[int]int{}, 0
	for o := range s.tests {
		t := &s.tests[o]
		if t.place != held {
			continue
		}
		holding++
		p := s.policy(uint32(o))
		loads[int(t.holder)] += s.cost(p, s.worker(int(t.holder)))
		if p.Group > 0 {
			want[p.Group-1].held++
			want[p.Group-1].load += s.share(p)
		}
	}
	for i, g := range s.groups {
		if got := (sums{g.load, g.held}); got != want[i] {
			return fmt.Errorf("group %d holds %+v and says %+v", i, want[i], got)
		}
	}
	for _, w := range s.crew {
		if w.load != loads[w.index] {
			return fmt.Errorf("worker %d has a load of %d and says %d", w.index, loads[w.index], w.load)
		}
	}
	if len(s.slotsOf) != holding || len(s.delays) != len(s.byDue) {
		return fmt.Errorf("%d tests have slots, %d are held", len(s.slotsOf), holding)
	}
	seen := map[int32]bool{}
	for o, n := range s.slotsOf {
		if n.run >= 0 && seen[n.run] {
			return fmt.Errorf("test %d has slot %d, like another", o, n.run)
		}
		seen[n.run] = true
	}
	if holding != s.holding {
		return fmt.Errorf("%d tests are held, %d are counted", holding, s.holding)
	}
	return nil
}

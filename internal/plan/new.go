package plan

import (
	"slices"
	"time"
)

// New makes a State of facts. now is when the facts were gathered: live workers have some seconds from it to announce
// what they hold, before anything they might hold is given to another.
//
// First all facts are read, then each test goes where it belongs: in what order the facts came about does not matter.
func New(f Facts, now time.Time) *State {
	s := &State{
		set:     f.Settings.withFloors(),
		suspend: f.Suspend,
		cancel:  f.Cancel,
		tests:   make([]test, len(f.Tests)),
		trouble: map[uint32]*trouble{},
		slotsOf: map[uint32]slots{},
		delays:  map[uint32]*delay{},
	}
	s.force, s.testsStarted = f.Force, f.TestsStarted
	s.readPolicies(f)
	s.list(f.Tests)
	batches := slices.Clone(f.Batches)
	slices.SortStableFunc(batches, func(a, b Batch) int { return a.Index - b.Index })
	for _, b := range batches {
		s.readRows(b)
		s.readEnd(b, now)
	}
	for o := range uint32(len(s.tests)) {
		if s.tests[o].place != notSelected && !s.decide(o) {
			s.resume(o, now)
		}
	}
	s.placed = true
	for _, b := range slices.Backward(batches) { // of two workers made for a test the later one has it
		s.bringHome(b)
	}
	s.thin()
	return s
}

// withFloors makes settings that nobody can work with the least that one can.
func (t Settings) withFloors() Settings {
	t.Parallelism = max(1, t.Parallelism)
	t.Slots = max(1, t.Slots)
	t.MaxAttempts = max(1, t.MaxAttempts)
	t.InfraRetries = max(0, t.InfraRetries)
	if t.MaxTests <= 0 {
		t.MaxTests = int(^uint(0) >> 1)
	}
	return t
}

// list takes in the tests. A binary is numbered by its first test, which makes the numbers dense and canonical.
func (s *State) list(tests []Test) {
	dense, known := map[int32]int32{}, map[[2]int32]int32{}
	for o, t := range tests {
		id, ok := dense[t.Binary]
		if !ok {
			id = int32(len(dense))
			dense[t.Binary] = id
			s.shelf.binaries = append(s.shelf.binaries, binary{})
		}
		s.tests[o] = test{bucket: s.bucketOf(id, int32(within(int(t.Policy), len(s.policies))), known), holder: -1}
		if t.Selected {
			s.tests[o].place = listed
			s.tally.selected++
		}
	}
	s.tally.undecided = s.tally.selected
	s.base = len(tests)
}

func (s *State) readRows(b Batch) {
	s.tally.discarded += b.Discarded
	for _, row := range b.Rows {
		s.reach(row.Ordinal)
		if int64(row.Ordinal) >= int64(len(s.tests)) || s.tests[row.Ordinal].place == notSelected ||
			row.Attempt == 0 || !row.Outcome.Told() {
			continue // the ledger checker will tell
		}
		if s.record(row) {
			s.strikes.fruit(b.Index)
		} else {
			s.tally.discarded++
		}
	}
}

func (s *State) readEnd(b Batch, now time.Time) {
	s.next = max(s.next, b.Index+1)
	if len(b.Rows) > 0 || b.End != nil {
		s.lastWork = now
	}
	if b.End == nil {
		w := s.enlist(&worker{index: b.Index, class: s.class(b.Class), fixed: b.Tests, born: now, silent: true})
		w.given = len(b.Rows) + b.Discarded
		s.recount(w)
		s.until = now.Add(grace)
		return
	}
	s.lose(*b.End)
	s.noteEnd(b)
}

// bringHome gives a living worker what is kept for it: its fixed list, and tests that failed there last.
func (s *State) bringHome(b Batch) {
	w := s.living(b.Index)
	if w == nil {
		return
	}
	for _, o := range b.Tests {
		if int64(o) < int64(len(s.tests)) && (s.tests[o].place == waiting || s.tests[o].place == alone) {
			s.keep(o, w)
		}
	}
	for _, row := range b.Rows {
		x := s.trouble[row.Ordinal]
		if x == nil || x.Best.Attempt != row.Attempt {
			continue
		}
		s.bringBack(row.Ordinal, w)
	}
}

// bringBack gives a worker a test that failed there last, now or when its back-off is over.
func (s *State) bringBack(ordinal uint32, w *worker) {
	switch s.tests[ordinal].place {
	case waiting:
		s.keep(ordinal, w)
	case delayed:
		if d := s.delays[ordinal]; d.home == nil && (w.lone() || !s.runsAlone(ordinal)) {
			d.home = w
			w.delayed++
		}
	default:
	}
}

// resume puts a test without a verdict where it belongs. Its back-off counts from its last end by the clock of the
// node, which may be wrong.
func (s *State) resume(ordinal uint32, now time.Time) {
	wait := s.wait(ordinal)
	if wait == 0 {
		s.requeue(ordinal)
		return
	}
	last := s.trouble[ordinal].Best
	since := time.UnixMicro(last.Start).Add(time.Duration(min(last.Duration, uint64(longest))) * time.Microsecond)
	if last.Start == 0 || since.After(now) {
		since = now
	}
	if due := since.Add(wait); due.After(now) && !s.lostTooOften(ordinal) {
		s.putOff(&delay{due: due, ordinal: ordinal})
		return
	}
	s.requeue(ordinal)
}

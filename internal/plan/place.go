package plan

import (
	"slices"

	"github.com/podtest/podtest/internal/outcome"
)

// leave takes a test from its place. It must be put into another before the event is over.
func (s *State) leave(ordinal uint32) {
	t := &s.tests[ordinal]
	switch t.place {
	case waiting:
		s.shelf.buckets[t.bucket].lane.queue.remove(s.tests, ordinal)
	case alone:
		s.lineOf(ordinal).tests.remove(s.tests, ordinal)
	case own:
		s.worker(int(t.holder)).own.remove(s.tests, ordinal)
	case held:
		s.takeBack(ordinal)
	case delayed:
		s.undelay(ordinal)
	case givenUp:
		s.tally.givenUp--
	case notSelected, listed, settled:
	}
	t.holder, t.hold = -1, 0
}

// keep puts a test on the own list of a worker.
func (s *State) keep(ordinal uint32, w *worker) {
	s.leave(ordinal)
	t := &s.tests[ordinal]
	t.place, t.holder = own, int32(w.index)
	w.own.pushBack(s.tests, ordinal)
}

// hand gives an attempt of a test to a worker, or notes that it has it, as it has told.
func (s *State) hand(h Held, w *worker, told bool) Held {
	s.leave(h.Ordinal)
	t := &s.tests[h.Ordinal]
	t.place, t.holder, t.hold = held, int32(w.index), h.Attempt
	t.heardOf(h.Attempt)
	w.held.pushBack(s.tests, h.Ordinal)
	w.load += s.cost(s.policy(h.Ordinal), w)
	s.enter(h.Ordinal)
	s.number(&h, told)
	s.setStarted(t, h.Started)
	return h
}

func (s *State) takeBack(ordinal uint32) {
	t := &s.tests[ordinal]
	w := s.worker(int(t.holder))
	w.held.remove(s.tests, ordinal)
	w.load -= s.cost(s.policy(ordinal), w)
	s.exit(ordinal)
	s.unnumber(ordinal)
	s.setStarted(t, false)
}

func (s *State) setStarted(t *test, on bool) {
	s.tally.running += one(on) - one(t.started)
	t.started = on
}

// requeue puts a test without a verdict where it belongs when no worker has it. One that comes back  stands before
// those that have not been tried; a lone one behind them, since it may do harm again.
func (s *State) requeue(ordinal uint32) {
	s.leave(ordinal)
	s.rouse = true
	t := &s.tests[ordinal]
	switch {
	case s.lostTooOften(ordinal):
		t.place = givenUp
		s.tally.givenUp++
	case s.runsAlone(ordinal):
		t.place = alone
		s.lineOf(ordinal).tests.pushBack(s.tests, ordinal)
	default:
		t.place = waiting
		s.shelf.buckets[t.bucket].lane.queue.push(s.tests, ordinal, t.high > 0)
	}
}

// settle gives a test its verdict.
func (s *State) settle(ordinal uint32, final outcome.Row, flaky bool) {
	s.leave(ordinal)
	t := &s.tests[ordinal]
	t.place, t.row = settled, final
	s.tally.undecided--
	s.tally.Add(final, flaky)
	s.tally.flakyFailed += one(final.Reason == outcome.FlakyFailed)
	s.rouse = s.rouse || s.set.MaxFail > 0 && s.tally.Bad() >= s.set.MaxFail
}

// releaseAll empties a worker's list. The order stays: those for the queue go to its front, so the last one first.
func (s *State) releaseAll(l *list) {
	for _, o := range slices.Backward(l.ordinals(s.tests)) {
		if !s.runsAlone(o) {
			s.requeue(o)
		}
	}
	for _, o := range l.ordinals(s.tests) {
		s.requeue(o)
	}
}

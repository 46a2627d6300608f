package plan_test

import (
	"testing"
	"time"

	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
)

func slots(n int) func(*plan.Settings)       { return func(set *plan.Settings) { set.Slots = n } }
func parallelism(n int) func(*plan.Settings) { return func(set *plan.Settings) { set.Parallelism = n } }

func maxTests(n int) func(*plan.Settings) { return func(set *plan.Settings) { set.MaxTests = n } }

func alone(set *plan.Settings) { set.Alone = true }

func TestGrantsInOrder(t *testing.T) {
	t.Run("tests of unknown duration leave in canonical order, a slot at a time", func(t *testing.T) {
		p := play(t, 4)
		p.hire()
		p.want("worker 1", gives(0, 1), p.idle(1))
		p.want("worker 0", gives(1, 1), p.idle(0))
	})
	t.Run("a worker gets as many as it has free slots", func(t *testing.T) {
		p := play(t, 8, slots(3))
		p.hire()
		p.want("worker 0", gives(0, 1, 1, 1, 2, 1), p.idle(0))
		p.want("worker 1 with one running", gives(3, 1, 4, 1), p.Grant(1, plan.Ask{Running: 1}, p.now))
	})
	t.Run("a worker that has a test waiting for each slot gets nothing, short as they may be", func(t *testing.T) {
		p := play(t, 100, slots(2))
		p.hire()
		p.Report(0, outcome.Row{Ordinal: 0, Attempt: 1, Outcome: pass, Duration: 1}, p.now)
		p.want("worker 0", nothing, p.Grant(0, plan.Ask{Queued: 2, Running: 2}, p.now))
		p.want("one waits: it gets many", true, len(p.Grant(0, plan.Ask{Queued: 1, Running: 2}, p.now).Attempts) > 10)
	})
	t.Run("a worker is given one test in advance for each slot while durations are unknown", func(t *testing.T) {
		p := play(t, 100, slots(2))
		p.hire()
		p.want("worker 0", gives(0, 1, 1, 1, 2, 1, 3, 1), p.idle(0))
	})
	t.Run("a binary of unknown duration is tried before one of known, and long ones before short ones", func(t *testing.T) {
		tests := selected(9)
		for i := range tests {
			tests[i].Binary = int32(i / 3)
		}
		p := playFacts(t, plan.Facts{Settings: usual(), Tests: tests})
		p.hire()
		report := func(ordinal int, microseconds uint64) {
			p.Report(0, outcome.Row{Ordinal: uint32(ordinal), Attempt: 1, Outcome: pass, Duration: microseconds}, p.now)
		}
		p.want("first", gives(0, 1), p.idle(0))
		report(0, 1_000_000)
		p.want("binary 1 is unknown", gives(3, 1), p.idle(0))
		report(3, 3_000_000)
		p.want("binary 2 is unknown", gives(6, 1), p.idle(0))
		report(6, 2_000_000)
		var rest []plan.Held
		for range 5 {
			rest = append(rest, p.idle(0).Attempts...)
		}
		p.want("by duration", held(4, 1, 5, 1, 7, 1, 8, 1, 1, 1, 2, 1), rest)
	})
	t.Run("tests that are not selected are never given", func(t *testing.T) {
		p := playFacts(t, plan.Facts{Settings: usual(slots(9)), Tests: []plan.Test{{}, {Selected: true}, {}}})
		p.hire()
		p.want("worker 0", gives(1, 1), p.idle(0))
	})
}

// leases are how many tests each lease holds that a worker gets which always finishes what it holds.
func leases(p *player, microseconds uint64) []int {
	var sizes []int
	for {
		g := p.idle(0)
		if len(g.Attempts) == 0 {
			return sizes
		}
		sizes = append(sizes, len(g.Attempts))
		for _, h := range g.Attempts {
			p.Report(0, outcome.Row{Ordinal: h.Ordinal, Attempt: h.Attempt, Outcome: pass, Duration: microseconds}, p.now)
		}
	}
}

func TestLeasesAreCutBySeconds(t *testing.T) {
	for name, c := range map[string]struct {
		tests        int
		change       func(*plan.Settings)
		microseconds uint64
		want         []int
	}{
		"a fixed share of what remains for each worker, less and less": {
			40, parallelism(2), 100_000, []int{2, 10, 8, 6, 4, 3, 2, 2, 1, 1, 1},
		},
		"at most two seconds a slot": {
			60, parallelism(1), 500_000, []int{2, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 5, 2, 1},
		},
		"one at a time, if a test takes longer than that": {
			4, parallelism(1), 3_000_000, []int{1, 1, 1, 1},
		},
		"no message grows without bound": {
			5000, parallelism(1), 1, []int{2, 1001, 1001},
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := play(t, c.tests, c.change, maxTests(10_000))
			p.hire()
			got := leases(p, c.microseconds)
			if len(got) > len(c.want) {
				got = got[:len(c.want)]
			}
			p.want("sizes of leases", c.want, got)
		})
	}
}

func TestWhatNobodyElseCanTakeIsNotFetchedInAdvance(t *testing.T) {
	t.Run("few tests are left", func(t *testing.T) {
		p := play(t, 4)
		p.hire()
		p.tell(0, p.idle(0).Attempts[0], pass)
		p.want("with a test running", nothing, p.Grant(0, plan.Ask{Running: 1}, p.now))
	})
	t.Run("tests are long", func(t *testing.T) {
		p := play(t, 100)
		p.hire()
		h := p.idle(0).Attempts[0]
		p.Report(0, outcome.Row{Ordinal: h.Ordinal, Attempt: 1, Outcome: pass, Duration: 2_000_001}, p.now)
		p.want("with a test running", nothing, p.Grant(0, plan.Ask{Running: 1}, p.now))
	})
	t.Run("enough is waiting already", func(t *testing.T) {
		p := play(t, 100, slots(2), parallelism(1))
		p.hire()
		h := p.idle(0).Attempts[0]
		p.Report(0, outcome.Row{Ordinal: h.Ordinal, Attempt: 1, Outcome: pass, Duration: 1_000_000}, p.now)
		p.want("four seconds for two slots, less the one that waits", gives(4, 1, 5, 1, 6, 1), p.Grant(0, plan.Ask{Queued: 1, Running: 2}, p.now))
	})
	t.Run("many short ones are left: then it is", func(t *testing.T) {
		p := play(t, 100)
		p.hire()
		h := p.idle(0).Attempts[0]
		p.Report(0, outcome.Row{Ordinal: h.Ordinal, Attempt: 1, Outcome: pass, Duration: 1_000_000}, p.now)
		p.want("with a test running", gives(2, 1, 3, 1), p.Grant(0, plan.Ask{Running: 1}, p.now))
	})
}

func TestDrain(t *testing.T) {
	t.Run("a worker that holds nothing drains when nothing waits", func(t *testing.T) {
		p := play(t, 2)
		p.hire()
		p.idle(0)
		p.idle(1)
		p.want("while its test runs", nothing, p.Grant(0, plan.Ask{Running: 1}, p.now))
		p.tell(0, held(0, 1)[0], pass)
		p.want("after it", drain, p.idle(0))
	})
	t.Run("a worker stays for the retries of its own tests", func(t *testing.T) {
		p := play(t, 2)
		p.hire()
		p.idle(0)
		p.idle(1)
		p.tell(0, held(0, 1)[0], fail)
		p.want("its own", gives(0, 2), p.idle(0))
	})
	t.Run("a worker that has started its most drains once it has started all", func(t *testing.T) {
		p := play(t, 9, slots(2), maxTests(3))
		p.hire()
		p.want("at first", gives(0, 1, 1, 1), p.idle(0))
		p.want("one more", gives(2, 1), p.Grant(0, plan.Ask{Running: 1}, p.now))
		p.want("one waits to start", nothing, p.Grant(0, plan.Ask{Queued: 1, Running: 1}, p.now))
		p.want("all have started", drain, p.Grant(0, plan.Ask{Running: 2}, p.now))
		p.tell(0, held(0, 1)[0], fail)
		p.want("its retry goes to another", held(0, 2)[0], p.idle(1).Attempts[0])
	})
	t.Run("a suspended run drains its workers and gives what they had for later to others", func(t *testing.T) {
		p := play(t, 2, parallelism(1))
		p.hire()
		p.tell(0, p.idle(0).Attempts[0], fail)
		p.Suspend(true)
		p.want("suspended", drain, p.idle(0))
		p.want("no new worker", plan.Step{}, p.next())
		p.Suspend(false)
		p.want("it has been told", drain, p.idle(0))
		p.end(0, plan.Finished)
		p.want("a new worker", []plan.Start{{Index: 1, Class: plan.ClassDefault}}, p.hire())
		p.want("the retry", gives(0, 2), p.idle(1))
	})
	t.Run("what was kept for a worker goes to others as soon as it drains", func(t *testing.T) {
		p := play(t, 3, parallelism(3))
		p.hire()
		p.idle(0)
		p.tell(0, held(0, 1)[0], fail)
		p.Suspend(true)
		p.want("suspended", drain, p.idle(0))
		p.Suspend(false)
		p.want("the retry", held(0, 2)[0], p.idle(1).Attempts[0])
	})
	t.Run("of too many workers those drain that hold the least", func(t *testing.T) {
		p := play(t, 9, parallelism(3))
		p.hire()
		p.idle(0)
		p.idle(2)
		p.Resize(1)
		p.want("the one that runs a test and came last", drain, p.Grant(2, plan.Ask{Running: 1}, p.now))
		p.want("the one that holds nothing", drain, p.idle(1))
		p.tell(0, held(0, 1)[0], pass)
		p.want("the one that stays", gives(2, 1), p.idle(0))
		p.Resize(3)
		p.want("who has been told leaves", drain, p.idle(1))
		p.want("no room yet", []plan.Start(nil), p.next().Start)
		p.end(1, plan.Finished)
		p.want("room", []plan.Start{{Index: 3, Class: plan.ClassDefault}}, p.next().Start)
	})
	t.Run("a worker that is not too many any more stays", func(t *testing.T) {
		p := play(t, 9)
		p.hire()
		p.Resize(1)
		p.end(0, plan.Deleted)
		p.want("worker 1", held(0, 1), p.idle(1).Attempts[:1])
	})
	t.Run("a worker that nobody knows drains", func(t *testing.T) {
		p := play(t, 2)
		p.want("unknown", drain, p.idle(7))
		p.next()
		p.want("only asked for", drain, p.idle(0))
	})
	t.Run("when the deadline has passed all drain", func(t *testing.T) {
		p := play(t, 2, deadline(time.Minute))
		p.hire()
		p.now = epoch.Add(time.Minute)
		p.want("worker 0", drain, p.idle(0))
	})
}

func TestALeaseThatGotLost(t *testing.T) {
	t.Run("a worker that says for a while that it holds nothing is believed", func(t *testing.T) {
		p := play(t, 1)
		p.hire()
		p.want("the lease that gets lost", gives(0, 1), p.idle(0))
		later := epoch.Add(15 * time.Second)
		p.want("its report may be on its way", plan.Grant{Again: epoch.Add(50 * time.Millisecond)}, p.idle(0))
		p.now = epoch.Add(5 * time.Second)
		p.want("less and less likely", plan.Grant{Again: epoch.Add(10 * time.Second)}, p.idle(0))
		p.now = epoch.Add(10 * time.Second)
		p.want("even less", plan.Grant{Again: later}, p.idle(0))
		p.now = later
		p.want("believed", gives(0, 2), p.idle(0))
		p.want("the report that came late", plan.Accepted, p.tell(0, held(0, 1)[0], pass))
		p.want("verdict", row(0, 1, pass).Outcome, verdict(p, 0).Outcome)
	})
	t.Run("a worker that announces itself anew tells what it has got", func(t *testing.T) {
		p := play(t, 20, slots(2), parallelism(1))
		p.hire()
		p.want("a lease of which it gets half", gives(0, 1, 1, 1, 2, 1, 3, 1), p.idle(0))
		p.Announce(0, held(0, 1, 2, 1), p.now)
		p.want("the other half comes first", held(1, 2, 3, 2), p.idle(0).Attempts[:2])
	})
}

func verdict(p *player, ordinal uint32) outcome.Row {
	v, ok := p.Verdict(ordinal)
	if !ok {
		p.t.Errorf("test %d has no verdict", ordinal)
	}
	return v
}

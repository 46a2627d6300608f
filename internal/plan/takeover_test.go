package plan_test

import (
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
)

func TestTakeover(t *testing.T) {
	later := epoch.Add(15 * time.Second)
	t.Run("what nobody is known to hold is held back until all have told", func(t *testing.T) {
		p := playFacts(t, given(9, nil, plan.Batch{}, plan.Batch{}))
		p.Announce(1, held(0, 1), p.now)
		p.want("worker 1 runs its test", nothing, p.Grant(1, plan.Ask{Running: 1}, p.now))
		p.tell(1, held(0, 1)[0], pass)
		p.want("worker 1 waits", plan.Grant{Again: later}, p.idle(1))
		p.want("worker 0 tells first", plan.Grant{Again: later}, p.idle(0))
		p.Announce(0, held(3, 1, 1, 1), p.now)
		p.want("all have told", gives(2, 1), p.idle(1))
	})
	t.Run("who has not told after a while holds nothing back", func(t *testing.T) {
		p := playFacts(t, given(4, nil, plan.Batch{}, plan.Batch{}))
		p.Announce(1, nil, p.now)
		p.want("step", plan.Step{Again: later}, p.next())
		p.now = later
		p.want("a test", gives(0, 1), p.idle(1))
		p.want("and one in the place of who is silent: none, it is alive", []plan.Start(nil), p.next().Start)
		p.Announce(0, held(0, 1, 1, 1), p.now)
		p.want("who speaks late keeps what nobody else has", gives(2, 1), p.Grant(0, plan.Ask{}, p.now))
		p.Announce(0, held(0, 2), p.now)
		p.tell(1, held(0, 1)[0], fail)
		p.want("whoever has it first runs it again", gives(0, 2), p.idle(1))
		p.want("and the row of the other counts if it comes first", plan.Accepted, p.tell(0, held(0, 2)[0], pass))
		p.want("not if it comes second", plan.Duplicate, p.tell(1, held(0, 2)[0], pass))
	})
	t.Run("a pod that has not started holds nothing back", func(t *testing.T) {
		p := playFacts(t, given(4, nil, plan.Batch{}, plan.Batch{}))
		p.Announce(1, nil, p.now)
		p.Seen(0, plan.Pod{Since: epoch}, p.now)
		p.want("a test", gives(0, 1), p.idle(1))
	})
	t.Run("a pod that has ended holds nothing back", func(t *testing.T) {
		p := playFacts(t, given(4, nil, plan.Batch{}, plan.Batch{}))
		p.Announce(1, nil, p.now)
		p.end(0, plan.Finished)
		p.want("a test", gives(0, 1), p.idle(1))
	})
	t.Run("no workers are made for tests that may be held", func(t *testing.T) {
		p := playFacts(t, given(9, parallelism(3), plan.Batch{}))
		p.want("step", plan.Step{Again: later}, p.next())
		p.Announce(0, nil, p.now)
		p.want("start", common(1, 2), p.next().Start)
	})
	t.Run("a test that failed in a pod is tried again there", func(t *testing.T) {
		p := playFacts(t, given(9, nil, plan.Batch{}, plan.Batch{Rows: []outcome.Row{row(5, 1, fail)}}))
		p.Announce(0, nil, p.now)
		p.Announce(1, nil, p.now)
		p.want("worker 0", held(0, 1)[0], p.idle(0).Attempts[0])
		p.want("worker 1", held(5, 2)[0], p.idle(1).Attempts[0])
	})
	t.Run("a lone worker keeps its test, silent or not", func(t *testing.T) {
		p := playFacts(t, given(2, alone, plan.Batch{Class: plan.ClassAlone, Tests: []uint32{0}}))
		p.now = later
		p.want("start", []plan.Start{{Index: 1, Class: plan.ClassAlone, Tests: []uint32{1}}}, p.next().Start)
		p.want("its test", gives(0, 1), p.idle(0))
	})
	t.Run("of two lone workers of a test the later one has it", func(t *testing.T) {
		lone := plan.Batch{Class: plan.ClassAlone, Tests: []uint32{0}}
		p := playFacts(t, given(1, alone, lone, lone))
		p.Announce(0, nil, p.now)
		p.Announce(1, nil, p.now)
		p.want("the first is leaving", drain, p.idle(0))
		p.want("the second is not", gives(0, 1), p.idle(1))
	})
	t.Run("who stays silent is not counted on", func(t *testing.T) {
		p := playFacts(t, given(2, parallelism(3), plan.Batch{}, plan.Batch{}))
		p.Announce(1, nil, p.now)
		p.now = later
		p.idle(1)
		p.want("start", common(2), p.next().Start)
	})
	t.Run("of an attempt and the one before, whose row is not acknowledged, the worker runs the last", func(t *testing.T) {
		p := playFacts(t, given(2, nil, plan.Batch{}))
		p.Announce(0, []plan.Held{{Ordinal: 0, Attempt: 2, Started: true}, {Ordinal: 0, Attempt: 1, Started: true}}, p.now)
		p.tell(0, held(0, 1)[0], fail)
		p.want("attempt 2 runs still", held(1, 1), p.Grant(0, plan.Ask{}, p.now).Attempts)
	})
	t.Run("attempts that it cannot have are left out", func(t *testing.T) {
		p := playFacts(t, given(3, nil, plan.Batch{Rows: []outcome.Row{row(0, 1, pass), row(1, 1, fail)}}, plan.Batch{}))
		p.Announce(0, held(0, 1, 1, 1, 7, 1, 2, 0), p.now)
		p.Announce(1, nil, p.now)
		p.want("the retry that it kept", gives(1, 2), p.idle(0))
	})
	t.Run("what a worker was given before counts for its maxTests", func(t *testing.T) {
		p := playFacts(t, given(9, maxTests(3), plan.Batch{Rows: []outcome.Row{row(0, 1, pass)}, Discarded: 1}))
		p.Announce(0, held(1, 1), p.now)
		p.want("it has had three", drain, p.Grant(0, plan.Ask{Running: 1}, p.now))
	})
	t.Run("even attempts that it told of in vain", func(t *testing.T) {
		p := playFacts(t, given(9, maxTests(3), plan.Batch{}))
		p.Announce(0, held(0, 2, 0, 1, 1, 1), p.now)
		p.want("it has had three", drain, p.Grant(0, plan.Ask{Running: 2}, p.now))
	})
	t.Run("a worker tells what it holds before it gets what is kept for it", func(t *testing.T) {
		p := playFacts(t, given(9, nil, plan.Batch{Rows: []outcome.Row{row(5, 1, fail)}}))
		p.want("it may hold it already", plan.Grant{Again: later}, p.idle(0))
	})
	t.Run("what a worker lost that never told is charged, though it was thought to wait", func(t *testing.T) {
		p := playFacts(t, given(9, nil, plan.Batch{}, plan.Batch{}))
		p.Announce(1, nil, p.now)
		p.end(0, plan.Died, held(4, 1)...)
		p.want("a suspect", []plan.Start{{Index: 2, Class: plan.ClassAlone, Tests: []uint32{4}}}, p.hire())
		p.idle(2)
		p.end(2, plan.Died, held(4, 2)...)
		p.want("lost too often", common(3), p.next().Start)
		p.want("it holds nobody up", held(0, 1)[0], p.idle(1).Attempts[0])
	})
}

func TestFactsThatTwoLeadersWrote(t *testing.T) {
	p := playFacts(t, given(3, nil,
		plan.Batch{Rows: []outcome.Row{row(0, 1, fail), row(0, 2, pass), row(1, 1, pass), row(9, 1, pass)}},
		plan.Batch{Rows: []outcome.Row{row(0, 2, pass), row(1, 1, fail), row(1, 2, outcome.Skipped), row(2, 0, pass)}}))
	p.want("counts", plan.Counts{
		Selected: 3, Passed: 2, Flaky: 1, Retried: 1, Pending: 1, Discarded: 3, WorkersStarting: 2,
	}, p.Counts())
	p.want("the first one wins", pass, verdict(p, 1).Outcome)
}

func TestAStateSaysWhatTheLedgersSay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const tests = 3
		f := plan.Facts{Settings: usual(), Tests: selected(tests)}
		f.Settings.MaxAttempts = rapid.IntRange(1, 3).Draw(t, "maxAttempts")
		ledgers := make([][]outcome.Row, rapid.IntRange(0, 4).Draw(t, "batches"))
		for i := range ledgers {
			for range rapid.IntRange(0, 4).Draw(t, "rows") {
				ledgers[i] = append(ledgers[i], row(
					uint32(rapid.IntRange(0, tests-1).Draw(t, "ordinal")),
					uint16(rapid.IntRange(1, 4).Draw(t, "attempt")),
					outcome.Outcome(rapid.IntRange(int(outcome.Passed), int(outcome.Skipped)).Draw(t, "outcome")),
				))
			}
			f.Batches = append(f.Batches, plan.Batch{Index: i, Class: plan.ClassDefault, Rows: ledgers[i], End: ended(plan.Finished)})
		}
		f.Batches = rapid.Permutation(f.Batches).Draw(t, "order")
		s := plan.New(f, epoch)
		if err := s.Broken(); err != nil {
			t.Fatal(err)
		}
		for _, err := range outcome.Check(outcome.Facts{
			Tests:      tests,
			Selected:   func(uint32) bool { return true },
			Rule:       s.Rule,
			Ledgers:    ledgers,
			Verdict:    s.Verdict,
			Unfinished: s.Unfinished(),
			Told:       s.Tally(),
		}) {
			t.Error(err)
		}
	})
}

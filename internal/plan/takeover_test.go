package plan_test

import (
	"testing"
	"time"

	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
)

func TestTakeover(t *testing.T) {
	later := epoch.Add(15 * time.Second)
	t.Run("what nobody is known to hold is held back until all have told", func(t *testing.T) {
		p := playFacts(t, given(9, nil, plan.Batch{}, plan.Batch{}))
		p.Announce(1, held(0, 1), p.now)
		p.want("worker 1 runs its test", nothing, p.Grant(1, 0, 1, p.now))
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
		p.want("who speaks late keeps what nobody else has", gives(2, 1), p.Grant(0, 0, 0, p.now))
		p.want("and its row counts if it comes first", plan.Accepted, p.tell(0, held(0, 1)[0], pass))
		p.want("not if it comes second", plan.Duplicate, p.tell(1, held(0, 1)[0], pass))
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
	t.Run("of an attempt and the one before, whose row is not acknowledged, the worker runs the last", func(t *testing.T) {
		p := playFacts(t, given(2, nil, plan.Batch{}))
		p.Announce(0, []plan.Held{{Ordinal: 0, Attempt: 2, Started: true}, {Ordinal: 0, Attempt: 1, Started: true}}, p.now)
		p.tell(0, held(0, 1)[0], fail)
		p.want("attempt 2 runs still", held(1, 1), p.Grant(0, 0, 0, p.now).Attempts)
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
		p.want("it has had three", drain, p.Grant(0, 0, 1, p.now))
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

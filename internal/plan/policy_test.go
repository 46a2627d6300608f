package plan_test

import (
	"testing"
	"time"

	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
)

func TestFlakyTests(t *testing.T) {
	type rows = []outcome.Outcome
	flakyFailed := func(attempt uint16) outcome.Row {
		r := row(0, attempt, fail)
		r.Reason, r.Duration = outcome.FlakyFailed, 3_000_000
		return r
	}
	told := func(attempt uint16, o outcome.Outcome) outcome.Row {
		r := row(0, attempt, o)
		r.Duration = 3_000_000
		return r
	}
	for name, c := range map[string]struct {
		flakyFails  bool
		rows        rows
		wantVerdict outcome.Row
		wantTally   outcome.Tally
		wantRetried int
		wantReason  string
	}{
		"a test that passes after a failed attempt has passed": {
			false, rows{fail, pass}, told(2, pass), outcome.Tally{Passed: 1, Flaky: 1}, 1, "Passed",
		},
		"or failed, with the attempt that passed, if flaky tests fail": {
			true, rows{fail, pass}, flakyFailed(2), outcome.Tally{Failed: 1}, 1, "TestsFailed",
		},
		"even after several": {
			true, rows{fail, outcome.TimedOut, pass}, flakyFailed(3), outcome.Tally{Failed: 1}, 2, "TestsFailed",
		},
		"a pass on the first attempt stays a pass": {
			true, rows{pass}, told(1, pass), outcome.Tally{Passed: 1}, 0, "Passed",
		},
		"a skip after a failure stays a skip": {
			true, rows{fail, outcome.Skipped}, told(2, outcome.Skipped), outcome.Tally{Skipped: 1}, 1, "Passed",
		},
		"a failure to the last is told as it was": {
			true, rows{fail, fail, outcome.Crashed}, told(3, outcome.Crashed), outcome.Tally{Crashed: 1}, 2, "TestsFailed",
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := playFacts(t, policed(1, plan.Facts{Policies: []plan.Policy{{MaxAttempts: 3, FlakyFails: c.flakyFails}}}))
			p.hire()
			for i, o := range c.rows {
				p.want("attempt", gives(0, i+1), p.idle(0))
				p.tell(0, held(0, i+1)[0], o)
			}
			verdict, _ := p.Verdict(0)
			p.want("verdict", c.wantVerdict, verdict)
			p.want("tally", c.wantTally, p.Tally())
			p.want("retried", c.wantRetried, p.Counts().Retried)
			p.want("end", c.wantReason, p.next().Ending.Reason)
		})
	}
}

func TestAFailedTestIsTriedAgainInAPodMadeForIt(t *testing.T) {
	apart := plan.Facts{
		Classes:  []string{"default", "big"},
		Policies: []plan.Policy{{MaxAttempts: 3, RetryAlone: true}, {MaxAttempts: 3, RetryAlone: true, Class: 1}},
	}
	t.Run("not by the worker where it failed", func(t *testing.T) {
		f := policed(2, apart)
		f.Tests[1].Policy = 0
		p := playFacts(t, f)
		p.hire()
		p.tell(0, p.idle(0).Attempts[0], fail)
		p.want("the next test", gives(1, 1), p.idle(0))
		p.tell(0, held(1, 1)[0], pass)
		p.want("it has no more", drain, p.idle(0))
		p.end(0, plan.Finished)
		p.end(1, plan.Finished)
		p.want("start", []plan.Start{{Index: 2, Class: plan.ClassAlone, Tests: []uint32{0}}}, p.hire())
		p.want("the retry", gives(0, 2), p.idle(2))
		p.tell(2, held(0, 2)[0], fail)
		p.want("a worker that is its own may try again", gives(0, 3), p.idle(2))
		p.tell(2, held(0, 3)[0], pass)
		p.want("tally", outcome.Tally{Passed: 2, Flaky: 1}, p.Tally())
	})
	t.Run("in its class, and before the workers that ask", func(t *testing.T) {
		f := policed(9, apart)
		for i := range f.Tests {
			f.Tests[i].Policy = 1
		}
		f.Batches = batches(plan.Batch{Class: "big", Rows: []outcome.Row{row(3, 1, fail)}, End: ended(plan.Finished)})
		p := playFacts(t, f)
		p.want("start", []plan.Start{{Index: 1, Class: "big", Tests: []uint32{3}}, {Index: 2, Class: "big"}}, p.next().Start)
	})
	t.Run("not before its back-off is over", func(t *testing.T) {
		wait := plan.Backoff{Delay: 5 * time.Second}
		p := playFacts(t, policed(1, plan.Facts{Policies: []plan.Policy{{MaxAttempts: 2, RetryAlone: true, Backoff: wait}}}))
		p.hire()
		p.tell(0, p.idle(0).Attempts[0], fail)
		p.want("the worker goes", drain, p.idle(0))
		p.end(0, plan.Finished)
		due := p.now.Add(5 * time.Second)
		p.want("nothing is due", plan.Step{Again: due}, p.next())
		p.now = due
		p.want("start", []plan.Start{{Index: 1, Class: plan.ClassAlone, Tests: []uint32{0}}}, p.next().Start)
	})
}

func TestAClassWithoutAWorkerGetsTheNextOne(t *testing.T) {
	two := []string{"default", "big"}
	of := func(policies ...int32) plan.Facts {
		f := policed(len(policies), plan.Facts{Classes: two, Policies: []plan.Policy{{}, {Class: 1}, {Class: 1, Priority: -1}}},
			parallelism(3))
		for i, p := range policies {
			f.Tests[i].Policy = p
		}
		return f
	}
	start := func(classes ...string) []plan.Start {
		var starts []plan.Start
		for i, c := range classes {
			starts = append(starts, plan.Start{Index: i, Class: c})
		}
		return starts
	}
	for name, c := range map[string]struct {
		facts plan.Facts
		want  []plan.Start
	}{
		"before another gets its second":                     {of(0, 0, 0, 0, 0, 0, 0, 0, 1), start("default", "big", "default")},
		"the one with the most work first":                   {of(0, 1, 1, 1), start("big", "default", "big")},
		"beyond that, work is shared by how much there is":   {of(0, 0, 1, 1), start("default", "big", "default")},
		"a higher priority comes before a class without one": {of(0, 0, 0, 0, 2), start("default", "default", "default")},
	} {
		t.Run(name, func(t *testing.T) {
			p := playFacts(t, c.facts)
			p.want("start", c.want, p.next().Start)
		})
	}
	t.Run("though another's workers are alive", func(t *testing.T) {
		f := of(0, 0, 0, 0, 0, 0, 0, 0, 1)
		f.Batches = batches(plan.Batch{})
		p := playFacts(t, f)
		p.Announce(0, nil, p.now)
		p.want("start", []plan.Start{{Index: 1, Class: "big"}, {Index: 2, Class: "default"}}, p.next().Start)
	})
}

package plan_test

import (
	"testing"
	"time"

	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
)

func globalTimeout(after time.Duration) func(*plan.Settings) {
	return func(set *plan.Settings) { set.GlobalTimeout = after }
}

func maxFail(n int, immediate bool) func(*plan.Settings) {
	return func(set *plan.Settings) { set.MaxAttempts, set.MaxFail, set.FailImmediate = 1, n, immediate }
}

var (
	terminate = plan.Grant{Drain: true, Stop: plan.StopTerminate}
	kill      = plan.Grant{Drain: true, Stop: plan.StopKill}
)

func TestGlobalTimeout(t *testing.T) {
	timedOut := func(message string) *plan.Ending {
		return &plan.Ending{
			Result: "Failed", Reason: "GlobalTimeout", Exit: 100, Message: "globalTimeout has passed: " + message,
		}
	}
	t.Run("it counts from the first test, not from the run", func(t *testing.T) {
		p := play(t, 2, globalTimeout(time.Minute), parallelism(1))
		p.hire()
		p.now = p.now.Add(time.Hour)
		p.want("no test has begun", (*plan.Ending)(nil), p.next().Ending)
		p.want("so there is no moment to look again", time.Time{}, p.next().Again)
		p.want("started", time.Time{}, p.TestsStarted())
		p.idle(0)
		p.want("started", p.now, p.TestsStarted())
		p.want("again", p.now.Add(time.Minute), p.next().Again)
	})
	t.Run("what runs is asked to end, and the run is over once nothing does", func(t *testing.T) {
		p := play(t, 3, globalTimeout(time.Minute))
		p.hire()
		a, b := p.idle(0).Attempts, p.idle(1).Attempts
		p.Started(0, a, p.now)
		p.Started(1, b, p.now)
		p.now = p.now.Add(time.Minute)
		p.want("worker 0", terminate, p.idle(0))
		p.want("worker 1", terminate, p.idle(1))
		p.want("they run", (*plan.Ending)(nil), p.next().Ending)
		p.tell(0, a[0], pass)
		p.want("one runs", (*plan.Ending)(nil), p.next().Ending)
		p.tell(1, b[0], fail)
		p.want("end", timedOut("1 of 3 tests failed, 1 of 3 tests has no verdict"), p.next().Ending)
		p.want("what has failed attempts has failed", []uint32{2}, p.Unfinished())
		p.want("it was cut", true, p.Cut())
	})
	t.Run("it is over at its bound, too", func(t *testing.T) {
		p := play(t, 2, globalTimeout(time.Minute))
		p.hire()
		p.Started(0, p.idle(0).Attempts, p.now)
		bound := p.now.Add(time.Minute + 2*time.Minute)
		p.now = p.now.Add(time.Minute)
		p.want("wait", plan.Step{Again: bound}, p.next())
		p.now = bound
		p.want("end", timedOut("2 of 2 tests have no verdict"), p.next().Ending)
	})
	t.Run("a run that is done in time is done", func(t *testing.T) {
		p := play(t, 1, globalTimeout(time.Minute))
		p.hire()
		p.tell(0, p.idle(0).Attempts[0], pass)
		p.now = p.now.Add(time.Hour)
		p.want("end", "Passed", p.next().Ending.Reason)
	})
	t.Run("another leader counts from the same moment", func(t *testing.T) {
		f := given(2, globalTimeout(time.Minute), plan.Batch{Rows: []outcome.Row{row(0, 1, pass)}, End: ended(plan.Finished)})
		f.TestsStarted = epoch.Add(-59 * time.Second)
		p := playFacts(t, f)
		p.want("again", epoch.Add(time.Second), p.next().Again)
		p.now = epoch.Add(time.Second)
		p.want("end", timedOut("1 of 2 tests has no verdict"), p.next().Ending)
	})
}

func TestMaxFail(t *testing.T) {
	failedFast := func(message string) *plan.Ending {
		return &plan.Ending{Result: "Failed", Reason: "FailFast", Exit: 100, Message: message}
	}
	for name, c := range map[string]struct {
		immediate bool
		wantGrant plan.Grant
	}{
		"what runs is waited for": {false, drain},
		"what runs is ended":      {true, terminate},
	} {
		t.Run(name, func(t *testing.T) {
			p := play(t, 5, maxFail(2, c.immediate), parallelism(3))
			p.hire()
			last := p.idle(2).Attempts
			p.Started(2, last, p.now)
			a, b := p.idle(0).Attempts, p.idle(1).Attempts
			p.tell(0, a[0], fail)
			p.want("one is not enough", 1, len(p.idle(0).Attempts))
			p.Started(0, held(3, 1), p.now)
			p.TakeRouse()
			p.tell(1, b[0], fail)
			p.want("all are to be asked anew", true, p.TakeRouse())
			for i := range 3 {
				p.want("nothing is granted any more", c.wantGrant, p.idle(i))
			}
			p.want("nobody is hired", []plan.Start(nil), p.next().Start)
			p.want("two run", (*plan.Ending)(nil), p.next().Ending)
			p.tell(0, held(3, 1)[0], fail)
			p.want("one runs", (*plan.Ending)(nil), p.next().Ending)
			p.tell(2, last[0], pass)
			p.want("end", failedFast("3 of 5 tests failed, 1 of 5 tests has no verdict: "+
				"the run ends at 2 failed tests (failFast)"), p.next().Ending)
			p.want("what overshot is counted", outcome.Tally{Passed: 1, Failed: 3}, p.Tally())
		})
	}
	t.Run("a failed attempt with attempts left does not count", func(t *testing.T) {
		p := play(t, 2, maxFail(1, false), func(set *plan.Settings) { set.MaxAttempts = 2 })
		p.hire()
		p.tell(0, p.idle(0).Attempts[0], fail)
		p.want("it is tried again", gives(0, 2), p.idle(0))
	})
	t.Run("a flaky test that fails for it does", func(t *testing.T) {
		f := policed(2, plan.Facts{Policies: []plan.Policy{{MaxAttempts: 2, FlakyFails: true}}}, maxFail(1, false), parallelism(1))
		p := playFacts(t, f)
		p.hire()
		p.tell(0, p.idle(0).Attempts[0], fail)
		p.tell(0, p.idle(0).Attempts[0], pass)
		p.want("end", "FailFast", p.next().Ending.Reason)
	})
	t.Run("immediately is not for ever", func(t *testing.T) {
		p := play(t, 3, maxFail(1, true))
		p.hire()
		p.Started(1, p.idle(1).Attempts, p.now)
		p.tell(0, p.idle(0).Attempts[0], fail)
		bound := p.now.Add(2 * time.Minute)
		p.want("worker 0", terminate, p.idle(0))
		p.now = bound.Add(-1)
		p.want("wait", plan.Step{Again: bound}, p.next())
		p.now = bound
		p.want("end", "FailFast", p.next().Ending.Reason)
		p.want("unfinished", 2, len(p.Unfinished()))
	})
	t.Run("the last test to fail ends the run as any other", func(t *testing.T) {
		p := play(t, 1, maxFail(1, true))
		p.hire()
		p.tell(0, p.idle(0).Attempts[0], fail)
		p.want("end", "TestsFailed", p.next().Ending.Reason)
	})
	t.Run("another leader knows that it is over", func(t *testing.T) {
		p := playFacts(t, given(3, maxFail(1, false), plan.Batch{Rows: []outcome.Row{row(0, 1, fail)}, End: ended(plan.Finished)}))
		p.want("end", "FailFast", p.next().Ending.Reason)
	})
}

func TestCancelGracefulThenForced(t *testing.T) {
	p := play(t, 3)
	p.hire()
	a, b := p.idle(0).Attempts, p.idle(1).Attempts
	p.tell(0, a[0], fail)
	p.want("a retry", gives(0, 2), p.idle(0))
	p.Started(0, held(0, 2), p.now)
	p.Started(1, b, p.now)
	p.Cancel(false)
	p.want("rouse", true, p.TakeRouse())
	p.want("they are asked to end", terminate, p.idle(0))
	p.want("and waited for", plan.Step{Again: p.now.Add(15 * time.Second)}, p.next())
	p.now = p.now.Add(time.Second)
	p.Cancel(true)
	p.want("rouse", true, p.TakeRouse())
	p.want("they are killed", kill, p.idle(0))
	p.Cancel(false)
	p.want("which is not taken back", kill, p.idle(1))
	p.want("end", &plan.Ending{
		Result: "Cancelled", Reason: "Cancelled", Exit: 130,
		Message: "cancelled: 1 of 3 tests failed, 2 of 3 tests have no verdict",
	}, p.next().Ending)
	p.want("unfinished", []uint32{1, 2}, p.Unfinished())
}

func TestWhatFailedAndWasNotTriedAgainHasFailedWhenTheRunIsCut(t *testing.T) {
	failedOnce := plan.Batch{Rows: []outcome.Row{row(0, 1, fail), row(1, 1, outcome.TimedOut)}, End: ended(plan.Finished)}
	for name, c := range map[string]struct {
		set    func(*plan.Settings)
		change func(*plan.Facts)
		want   string
	}{
		"by its user":        {nil, func(f *plan.Facts) { f.Cancel = true }, "Cancelled"},
		"by force":           {nil, func(f *plan.Facts) { f.Cancel, f.Force = true, true }, "Cancelled"},
		"at its deadline":    {deadline(0), func(*plan.Facts) {}, "DeadlineExceeded"},
		"by globalTimeout":   {globalTimeout(1), func(f *plan.Facts) { f.TestsStarted = epoch.Add(-1) }, "GlobalTimeout"},
		"by another failure": {func(set *plan.Settings) { set.MaxFail = 1 }, failThird, "FailFast"},
	} {
		t.Run(name, func(t *testing.T) {
			f := given(4, c.set, failedOnce)
			c.change(&f)
			p := playFacts(t, f)
			p.want("end", c.want, p.next().Ending.Reason)
			for ordinal, want := range failedOnce.Rows {
				got, _ := p.Verdict(uint32(ordinal))
				p.want("verdict", want, got)
			}
			p.want("the untried have none", uint32(3), p.Unfinished()[len(p.Unfinished())-1])
		})
	}
}

// failThird lets test 2 fail for good.
func failThird(f *plan.Facts) {
	f.Batches = append(f.Batches, plan.Batch{
		Index: 1, Class: plan.ClassDefault, Rows: []outcome.Row{row(2, 1, fail), row(2, 2, fail)}, End: ended(plan.Finished),
	})
}

func TestRoundsOfAStressRun(t *testing.T) {
	stress := func(set *plan.Settings) { set.StressDuration = time.Minute }
	t.Run("none is begun before a test is", func(t *testing.T) {
		p := play(t, 1, stress, parallelism(1))
		p.hire()
		p.next()
		p.want("rounds", 1, p.Rounds())
	})
	t.Run("a round begun is finished though the time is over", func(t *testing.T) {
		p := play(t, 2, stress, parallelism(1))
		p.hire()
		p.idle(0)
		p.tell(0, held(0, 1)[0], pass)
		p.idle(0)
		p.tell(0, held(1, 1)[0], pass)
		p.want("the same tests in another round", gives(2, 1), p.idle(0))
		p.now = p.now.Add(time.Hour)
		p.tell(0, held(2, 1)[0], pass)
		rounds := p.Rounds()
		for p.next().Ending == nil {
			p.tell(0, p.idle(0).Attempts[0], pass)
		}
		p.want("no other is begun", rounds, p.Rounds())
		p.want("all are done", outcome.Tally{Passed: 2 * rounds}, p.Tally())
		p.want("end", "Passed", p.next().Ending.Reason)
	})
	t.Run("a test that is not selected is in no round", func(t *testing.T) {
		f := given(2, stress)
		f.Tests[1].Selected = false
		p := playFacts(t, f)
		p.hire()
		p.idle(0)
		p.tell(0, held(0, 1)[0], pass)
		p.want("of the next round", gives(2, 1), p.idle(0))
		p.want("not selected", p.Rounds(), p.Counts().NotSelected)
	})
	t.Run("a cancelled run begins none", func(t *testing.T) {
		p := play(t, 2, stress, parallelism(1))
		p.hire()
		p.idle(0)
		p.Cancel(false)
		rounds := p.Rounds()
		p.next()
		p.want("rounds", rounds, p.Rounds())
	})
	t.Run("another leader finds the rounds in the ledgers", func(t *testing.T) {
		f := given(2, stress, plan.Batch{Rows: []outcome.Row{row(0, 1, pass), row(5, 1, pass)}, End: ended(plan.Finished)})
		f.TestsStarted = epoch.Add(-time.Hour)
		p := playFacts(t, f)
		p.want("rounds", 3, p.Rounds())
		p.want("unfinished", []uint32{1, 2, 3, 4}, p.Unfinished())
	})
}

package plan_test

import (
	"testing"
	"time"

	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
)

func TestReports(t *testing.T) {
	for name, c := range map[string]struct {
		before []outcome.Row // reported by worker 0
		row    outcome.Row   // reported by worker 1
		want   plan.Accept
	}{
		"the first row of a test":                          {nil, row(0, 1, pass), plan.Accepted},
		"a row that comes twice":                           {[]outcome.Row{row(0, 1, fail)}, row(0, 1, fail), plan.Duplicate},
		"an attempt told in two ways":                      {[]outcome.Row{row(0, 1, fail)}, row(0, 1, pass), plan.Duplicate},
		"another attempt":                                  {[]outcome.Row{row(0, 1, fail)}, row(0, 2, pass), plan.Accepted},
		"an earlier attempt":                               {[]outcome.Row{row(0, 2, fail)}, row(0, 1, pass), plan.Accepted},
		"an attempt further on, as after losses":           {nil, row(0, 9, pass), plan.Accepted},
		"an attempt that cannot be":                        {nil, row(0, 2000, pass), plan.Unknown},
		"attempt 0":                                        {nil, row(0, 0, pass), plan.Unknown},
		"a test that passed":                               {[]outcome.Row{row(0, 1, pass)}, row(0, 2, pass), plan.Duplicate},
		"a test that was skipped":                          {[]outcome.Row{row(0, 1, outcome.Skipped)}, row(0, 2, fail), plan.Duplicate},
		"a test that failed to the last":                   {[]outcome.Row{row(0, 1, fail), row(0, 2, fail)}, row(0, 3, pass), plan.Duplicate},
		"a test that is not selected":                      {nil, row(3, 1, pass), plan.Unknown},
		"a test beyond the catalog":                        {nil, row(4, 1, pass), plan.Unknown},
		"an attempt without an outcome":                    {nil, row(0, 1, outcome.None), plan.Unknown},
		"an outcome that only a run without a verdict has": {nil, row(0, 1, outcome.NotRun), plan.Unknown},
	} {
		t.Run(name, func(t *testing.T) {
			tests := selected(4)
			tests[3].Selected = false
			p := playFacts(t, plan.Facts{Settings: usual(), Tests: tests})
			p.hire()
			for _, r := range c.before {
				p.Report(0, r, p.now)
			}
			counts := p.Counts()
			p.want("answer", c.want, p.Report(1, c.row, p.now))
			switch c.want {
			case plan.Duplicate:
				counts.Discarded++
				p.want("counts", counts, p.Counts())
			case plan.Unknown:
				p.want("counts", counts, p.Counts())
			}
			p.next() // looks whether the State is sound
		})
	}
}

func TestRetries(t *testing.T) {
	t.Run("a failed test is tried again at once, in the same pod", func(t *testing.T) {
		p := play(t, 9)
		p.hire()
		p.want("first", gives(0, 1), p.idle(0))
		p.tell(0, held(0, 1)[0], fail)
		p.want("another worker", held(1, 1)[0], p.idle(1).Attempts[0])
		p.want("the same worker", held(0, 2)[0], p.idle(0).Attempts[0])
	})
	t.Run("by any worker, if that one has ended", func(t *testing.T) {
		p := play(t, 9)
		p.hire()
		p.idle(0)
		p.tell(0, held(0, 1)[0], fail)
		p.end(0, plan.Deleted)
		p.want("another worker", held(0, 2)[0], p.idle(1).Attempts[0])
	})
	t.Run("until it has failed so often as it may", func(t *testing.T) {
		p := play(t, 1)
		p.hire()
		p.idle(0)
		p.tell(0, held(0, 1)[0], fail)
		p.idle(0)
		p.tell(0, held(0, 2)[0], outcome.TimedOut)
		p.want("verdict", outcome.TimedOut, verdict(p, 0).Outcome)
		p.want("counts", plan.Counts{Selected: 1, TimedOut: 1, Retried: 1, WorkersRunning: 1}, p.Counts())
	})
	t.Run("and is flaky if it passes", func(t *testing.T) {
		p := play(t, 1)
		p.hire()
		p.idle(0)
		p.tell(0, held(0, 1)[0], fail)
		p.idle(0)
		p.tell(0, held(0, 2)[0], pass)
		p.want("counts", plan.Counts{Selected: 1, Passed: 1, Flaky: 1, Retried: 1, WorkersRunning: 1}, p.Counts())
	})
	t.Run("a lost attempt is none of those that failed", func(t *testing.T) {
		p := play(t, 1)
		p.hire()
		p.idle(0)
		p.end(0, plan.Evicted, held(0, 1)...)
		p.hire()
		p.want("its number is", gives(0, 2), p.idle(1))
		p.tell(1, held(0, 2)[0], fail)
		p.want("there is another", gives(0, 3), p.idle(1))
		p.tell(1, held(0, 3)[0], pass)
		p.want("counts", plan.Counts{Selected: 1, Passed: 1, Flaky: 1, Retried: 1, Interrupted: 1, WorkersRunning: 1, WorkersLost: 1}, p.Counts())
	})
	t.Run("a test that runs elsewhere is not queued for a failure told late", func(t *testing.T) {
		p := play(t, 1, func(set *plan.Settings) { set.MaxAttempts = 3 })
		p.hire()
		p.idle(0)
		p.now = p.now.Add(15 * time.Second)
		p.idle(0)
		p.now = p.now.Add(15 * time.Second)
		p.want("given anew, the first being lost", gives(0, 2), p.idle(0))
		p.tell(0, held(0, 1)[0], fail)
		p.want("attempt 2 runs still", nothing, p.Grant(0, plan.Ask{Running: 1}, p.now))
		p.tell(0, held(0, 2)[0], fail)
		p.want("attempt 3", gives(0, 3), p.idle(0))
	})
	t.Run("the row of an attempt that another leader recorded frees its worker", func(t *testing.T) {
		p := playFacts(t, given(1, nil, plan.Batch{}, plan.Batch{}))
		p.Announce(0, held(0, 1), p.now)
		p.Announce(1, nil, p.now)
		p.want("first told by a worker that does not hold it", plan.Accepted, p.tell(1, held(0, 1)[0], fail))
		p.want("then by the one that does", plan.Duplicate, p.tell(0, held(0, 1)[0], fail))
		p.want("it runs again there", gives(0, 2), p.idle(0))
	})
}

func TestRunningTestsAreCounted(t *testing.T) {
	p := play(t, 4, slots(2))
	p.hire()
	p.idle(0)
	p.want("none has begun", 0, p.Counts().Running)
	p.Started(0, held(0, 1, 1, 1), p.now)
	p.Started(0, held(0, 1), p.now)
	p.want("two have", 2, p.Counts().Running)
	p.tell(0, held(0, 1)[0], pass)
	p.want("one has ended", 1, p.Counts().Running)
	p.end(0, plan.Deleted, held(1, 1)...)
	p.want("the other is lost", 0, p.Counts().Running)
}

func TestAWorkerIsFedWhatItSaysItRuns(t *testing.T) {
	p := play(t, 4)
	p.hire()
	p.Started(1, held(0, 1), p.now)
	p.want("worker 0 gets another test", gives(1, 1), p.idle(0))
	p.Started(1, held(1, 1), p.now)
	p.tell(0, held(1, 1)[0], fail)
	p.want("whose it stays", gives(1, 2), p.idle(0))
}

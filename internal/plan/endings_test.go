package plan_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
)

func row(ordinal uint32, attempt uint16, o outcome.Outcome) outcome.Row {
	return outcome.Row{Ordinal: ordinal, Attempt: attempt, Outcome: o}
}

// batches are the ledgers of workers 0, 1, …, all of the default class.
func batches(all ...plan.Batch) []plan.Batch {
	for i := range all {
		all[i].Index = i
		if all[i].Class == "" {
			all[i].Class = plan.ClassDefault
		}
	}
	return all
}

func ended(cause plan.Cause, lost ...plan.Held) *plan.End {
	return &plan.End{Cause: cause, Message: "it was " + string(cause), Lost: lost}
}

// given are the facts of a run of n selected tests.
func given(n int, change func(*plan.Settings), all ...plan.Batch) plan.Facts {
	if change == nil {
		change = func(*plan.Settings) {}
	}
	return plan.Facts{Settings: usual(change), Tests: selected(n), Batches: batches(all...)}
}

const (
	pass = outcome.Passed
	fail = outcome.Failed
)

func TestEndings(t *testing.T) {
	type rows = []outcome.Row
	finished := func(r ...outcome.Row) plan.Batch { return plan.Batch{Rows: r, End: ended(plan.Finished)} }
	for name, c := range map[string]struct {
		facts plan.Facts
		after time.Duration
		want  *plan.Ending
	}{
		"a run with tests to run goes on": {
			facts: given(1, nil),
		},
		"a run goes on while a failed test has attempts left": {
			facts: given(1, nil, finished(row(0, 1, fail))),
		},
		"a run whose tests all passed has passed": {
			facts: given(2, nil, finished(row(0, 1, pass), row(1, 1, pass))),
			want:  &plan.Ending{Result: "Passed", Reason: "Passed", Message: "2 tests passed", Exit: 0},
		},
		"one test is told in the singular": {
			facts: given(1, nil, finished(row(0, 1, pass))),
			want:  &plan.Ending{Result: "Passed", Reason: "Passed", Message: "1 test passed", Exit: 0},
		},
		"flaky and skipped tests are told": {
			facts: given(3, nil, finished(row(0, 1, fail), row(0, 2, pass), row(1, 1, pass), row(2, 1, outcome.Skipped))),
			want:  &plan.Ending{Result: "Passed", Reason: "Passed", Message: "2 tests passed (1 flaky), 1 skipped", Exit: 0},
		},
		"a run with a test that failed to the last has failed": {
			facts: given(2, nil, finished(row(0, 1, fail), row(1, 1, pass)), finished(row(0, 2, fail))),
			want:  &plan.Ending{Result: "Failed", Reason: "TestsFailed", Message: "1 of 2 tests failed", Exit: 100},
		},
		"every bad outcome is a failure": {
			facts: given(3, func(set *plan.Settings) { set.MaxAttempts = 1 },
				finished(row(0, 1, outcome.TimedOut), row(1, 1, outcome.Crashed), row(2, 1, outcome.OOMKilled))),
			want: &plan.Ending{Result: "Failed", Reason: "TestsFailed", Message: "3 of 3 tests failed", Exit: 100},
		},
		"a run without any test fails": {
			facts: given(0, nil),
			want:  &plan.Ending{Result: "Failed", Reason: "NoTests", Message: "the binaries list no tests", Exit: 4},
		},
		"a run without a selected test fails": {
			facts: plan.Facts{Settings: usual(), Tests: make([]plan.Test, 3)},
			want:  &plan.Ending{Result: "Failed", Reason: "NoTests", Message: "no test is selected of 3 listed", Exit: 4},
		},
		"a run without a selected test passes if it is said to": {
			facts: plan.Facts{Settings: usual(func(set *plan.Settings) { set.NoTestsPass = true }), Tests: make([]plan.Test, 3)},
			want:  &plan.Ending{Result: "Passed", Reason: "NoTests", Message: "no test is selected of 3 listed", Exit: 0},
		},
		"a cancelled run is cancelled, whatever has failed": {
			facts: cancel(given(3, nil, finished(row(0, 1, fail), row(0, 2, fail), row(1, 1, pass)))),
			want: &plan.Ending{
				Result: "Cancelled", Reason: "Cancelled",
				Message: "cancelled: 1 of 3 tests failed, 1 of 3 tests has no verdict", Exit: 130,
			},
		},
		"a run that is cancelled when all is done is done": {
			facts: cancel(given(1, nil, finished(row(0, 1, pass)))),
			want:  &plan.Ending{Result: "Passed", Reason: "Passed", Message: "1 test passed", Exit: 0},
		},
		"a run goes on until its deadline": {
			facts: given(1, deadline(time.Minute)),
			after: time.Minute - 1,
		},
		"a run has failed at its deadline": {
			facts: given(3, deadline(time.Minute), finished(row(0, 1, pass))),
			after: time.Minute,
			want: &plan.Ending{
				Result: "Failed", Reason: "DeadlineExceeded",
				Message: "activeDeadlineSeconds have passed: 2 of 3 tests have no verdict", Exit: 100,
			},
		},
		"a test that is lost once more than infraRetries leaves the run in error": {
			facts: given(2, nil,
				plan.Batch{Rows: rows{row(0, 1, pass)}, End: ended(plan.Evicted, held(1, 1)...)},
				plan.Batch{Rows: rows{}, End: ended(plan.NodeLost, held(1, 2)...)}),
			want: &plan.Ending{
				Result: "Error", Reason: "Infrastructure",
				Message: "1 of 2 tests has no verdict: lost with their pods more than 1 time (infraRetries)", Exit: 120,
			},
		},
		"a test that is lost as often as infraRetries runs again": {
			facts: given(2, nil, plan.Batch{Rows: rows{row(0, 1, pass)}, End: ended(plan.Evicted, held(1, 1)...)}),
		},
		"the tests that were not lost too often go on": {
			facts: given(3, nil,
				plan.Batch{Rows: rows{row(0, 1, pass)}, End: ended(plan.Evicted, held(1, 1)...)},
				plan.Batch{Rows: rows{}, End: ended(plan.NodeLost, held(1, 2)...)}),
		},
		"a failed test is more important than one without a verdict": {
			facts: given(3, func(set *plan.Settings) { set.MaxAttempts = 1 },
				plan.Batch{Rows: rows{row(0, 1, fail), row(2, 1, pass)}, End: ended(plan.Evicted, held(1, 1)...)},
				plan.Batch{End: ended(plan.NodeLost, held(1, 2)...)}),
			want: &plan.Ending{
				Result: "Failed", Reason: "TestsFailed", Exit: 100,
				Message: "1 of 3 tests failed, 1 of 3 tests has no verdict: lost with their pods more than 1 time (infraRetries)",
			},
		},
		"workers that come to nothing, one after the other, leave the run in error": {
			facts: given(2, nil, plan.Batch{End: ended(plan.Died)}, plan.Batch{End: ended(plan.StartFailed)}),
			want: &plan.Ending{
				Result: "Error", Reason: "Infrastructure", Exit: 120,
				Message: "2 of 2 tests have no verdict: 2 workers in a row ended without one, the last with: it was StartFailed",
			},
		},
		"workers that are drained at once, with a node, are one": {
			facts: given(9, nil, plan.Batch{End: ended(plan.Evicted)}, plan.Batch{End: ended(plan.Evicted)},
				plan.Batch{End: ended(plan.Finished)}),
		},
		"workers whose first tests all want too much memory are one: these tests run alone": {
			facts: given(9, nil, plan.Batch{End: ended(plan.OOMKilled, held(0, 1)...)},
				plan.Batch{End: ended(plan.OOMKilled, held(1, 1)...)}),
		},
		"workers that are taken away round by round leave the run in error": {
			facts: given(9, nil, plan.Batch{End: ended(plan.Evicted)}, plan.Batch{End: ended(plan.Evicted)},
				plan.Batch{End: ended(plan.NodeLost)}),
			want: &plan.Ending{
				Result: "Error", Reason: "Infrastructure", Exit: 120,
				Message: "9 of 9 tests have no verdict: 3 workers in a row ended without one, the last with: it was NodeLost",
			},
		},
		"a worker with a verdict between them saves the run": {
			facts: given(2, nil, plan.Batch{End: ended(plan.Died)},
				plan.Batch{Rows: rows{row(0, 1, pass)}, End: ended(plan.Died)}, plan.Batch{End: ended(plan.Died)}),
		},
		"a worker that found nothing to do is no failure": {
			facts: given(2, nil, plan.Batch{End: ended(plan.Died)}, finished()),
		},
		"workers come to nothing while another is at work: the run goes on": {
			facts: given(2, nil, plan.Batch{}, plan.Batch{End: ended(plan.Died)}, plan.Batch{End: ended(plan.Died)}),
		},
		"a suspect that kills its pods has only itself to blame": {
			facts: given(2, func(set *plan.Settings) { set.InfraRetries = 2 },
				plan.Batch{Rows: rows{row(0, 1, fail)}, End: ended(plan.Died, held(1, 1)...)},
				plan.Batch{Class: plan.ClassAlone, Tests: []uint32{1}, End: ended(plan.Died, held(1, 2)...)},
				plan.Batch{Class: plan.ClassAlone, Tests: []uint32{1}, End: ended(plan.Died, held(1, 3)...)}),
		},
		"where all tests run alone, different ones that die with their pods are a broken infrastructure": {
			facts: given(3, func(set *plan.Settings) { set.Alone = true },
				plan.Batch{Class: plan.ClassAlone, Tests: []uint32{0}, End: ended(plan.Died, held(0, 1)...)},
				plan.Batch{Class: plan.ClassAlone, Tests: []uint32{1}, End: ended(plan.Died, held(1, 1)...)}),
			want: &plan.Ending{
				Result: "Error", Reason: "Infrastructure", Exit: 120,
				Message: "3 of 3 tests have no verdict: 2 workers in a row ended without one, the last with: it was Died",
			},
		},
		"where all tests run alone, one that dies again and again is not": {
			facts: given(3, func(set *plan.Settings) { set.Alone = true },
				plan.Batch{Class: plan.ClassAlone, Tests: []uint32{0}, End: ended(plan.Died, held(0, 1)...)},
				plan.Batch{Class: plan.ClassAlone, Tests: []uint32{0}, End: ended(plan.Died, held(0, 2)...)}),
		},
		"a suspended run does not end": {
			facts: plan.Facts{Settings: usual(), Tests: selected(1), Suspend: true},
			after: 24 * time.Hour,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := plan.New(c.facts, epoch)
			now := epoch.Add(c.after)
			if diff := cmp.Diff(c.want, s.Next(now).Ending); diff != "" {
				t.Error(diff)
			}
			if diff := cmp.Diff(c.want, s.Next(now.Add(time.Nanosecond)).Ending); c.want != nil && diff != "" {
				t.Errorf("a pass later:\n%s", diff)
			}
		})
	}
}

func cancel(f plan.Facts) plan.Facts {
	f.Cancel = true
	return f
}

func deadline(after time.Duration) func(*plan.Settings) {
	return func(set *plan.Settings) { set.Deadline = epoch.Add(after) }
}

func TestAnEndStopsAllWorkersAndTakesNothingInAnyMore(t *testing.T) {
	p := play(t, 2)
	p.hire()
	h := p.idle(0).Attempts[0]
	p.Cancel(false)
	step := p.next()
	p.want("workers to stop", []int{0, 1}, step.Stop)
	p.want("a late row", plan.Duplicate, p.tell(0, h, pass))
	p.want("a worker that asks", plan.Grant{Drain: true, Stop: plan.StopTerminate}, p.idle(1))
	p.want("the end", step.Ending, p.next().Ending)
	p.want("unfinished tests", []uint32{0, 1}, p.Unfinished())
	p.want("counts", plan.Counts{Selected: 2, Pending: 2, WorkersRunning: 2}, p.Counts())
}

func TestNothingStarts(t *testing.T) {
	unschedulable := plan.Pod{Blocked: "Unschedulable", Message: "0/3 nodes are available: 3 Insufficient cpu.", Since: epoch}
	blocked := &plan.Blocked{Reason: "Unschedulable", Message: "0/3 nodes are available: 3 Insufficient cpu."}
	ending := func(why string) *plan.Ending {
		return &plan.Ending{
			Result: "Error", Reason: "StartTimeout", Exit: 120,
			Message: "4 of 4 tests have no verdict: no pod has started for 1m0s: " + why,
		}
	}
	t.Run("pods that stay blocked end the run after startTimeout, with the cause", func(t *testing.T) {
		p := play(t, 4)
		p.make()
		p.Seen(0, plan.Pod{Since: epoch.Add(time.Second)}, p.now)
		p.Seen(1, unschedulable, p.now)
		p.want("step", plan.Step{Blocked: blocked, Again: epoch.Add(time.Minute)}, p.next())
		p.now = epoch.Add(time.Minute)
		p.want("end", ending(blocked.Message), p.next().Ending)
	})
	t.Run("a worker at work keeps the run alive, and the time counts from its end", func(t *testing.T) {
		p := play(t, 4)
		p.make()
		p.Seen(1, unschedulable, p.now)
		p.Announce(0, nil, p.now)
		p.now = epoch.Add(time.Hour)
		p.want("step", plan.Step{}, p.next())
		p.end(0, plan.Finished)
		p.want("again", p.now.Add(time.Minute), p.next().Again)
		p.now = p.now.Add(time.Minute)
		p.want("end", ending(blocked.Message), p.next().Ending)
	})
	t.Run("pods that cannot be made end the run, too", func(t *testing.T) {
		p := play(t, 4)
		p.next()
		quota := plan.Blocked{Reason: "QuotaExceeded", Message: "exceeded quota: pods=2"}
		p.CreateFailed(quota, p.now)
		p.want("step", plan.Step{Blocked: &quota, Again: epoch.Add(5 * time.Second)}, p.next())
		p.now = epoch.Add(30 * time.Second)
		p.CreateFailed(quota, p.now)
		p.now = epoch.Add(time.Minute)
		p.want("end", ending(quota.Message), p.next().Ending)
	})
	t.Run("a pod that runs but never says a word has not started", func(t *testing.T) {
		p := play(t, 4)
		p.make()
		for _, i := range []int{0, 1} {
			p.Seen(i, plan.Pod{Running: true, Since: epoch.Add(-time.Hour)}, p.now)
		}
		p.want("step", plan.Step{Again: epoch.Add(15 * time.Second)}, p.next())
		p.now = epoch.Add(15 * time.Second)
		p.want("step", plan.Step{Again: epoch.Add(time.Minute), Blocked: &plan.Blocked{
			Reason:  "PodNotStarting",
			Message: "pods run, but podtest's reporter in them does not reach the collector",
		}}, p.next())
		p.now = epoch.Add(time.Minute)
		p.want("end", ending("pods run, but podtest's reporter in them does not reach the collector"), p.next().Ending)
	})
	t.Run("a suspended run waits for nothing, and waits anew when it goes on", func(t *testing.T) {
		p := play(t, 4)
		p.make()
		p.Seen(0, unschedulable, p.now)
		p.Suspend(true)
		p.now = epoch.Add(time.Hour)
		p.want("step", plan.Step{}, p.next())
		p.Suspend(false)
		p.want("again", p.now.Add(time.Minute), p.next().Again)
		p.now = p.now.Add(time.Minute)
		p.want("end", ending(blocked.Message), p.next().Ending)
	})
	t.Run("the age of a pod counts over a takeover while none has ever run", func(t *testing.T) {
		p := playFacts(t, given(4, nil, plan.Batch{}))
		p.now = epoch.Add(time.Minute)
		p.Seen(0, unschedulable, p.now)
		p.want("end", ending(blocked.Message), p.next().Ending)
	})
	t.Run("a worker that comes too late changes nothing", func(t *testing.T) {
		p := play(t, 4)
		p.make()
		p.now = epoch.Add(time.Minute)
		p.want("end", ending("nothing says why"), p.next().Ending)
		p.Announce(0, nil, p.now)
		p.want("end", ending("nothing says why"), p.next().Ending)
		p.want("worker", drain, p.idle(0))
	})
	t.Run("no startTimeout is no end", func(t *testing.T) {
		p := play(t, 4, func(set *plan.Settings) { set.StartTimeout = 0 })
		p.make()
		p.Seen(0, unschedulable, p.now)
		p.now = epoch.Add(24 * time.Hour)
		p.want("step", plan.Step{Blocked: blocked}, p.next())
	})
}

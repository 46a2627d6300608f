package plan_test

import (
	"testing"

	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
)

func TestLostWorkers(t *testing.T) {
	t.Run("what a lost worker held goes to the next one, ahead of what was never tried", func(t *testing.T) {
		p := play(t, 50, slots(2), parallelism(1))
		p.hire()
		p.want("lease", gives(0, 1, 1, 1, 2, 1, 3, 1), p.idle(0))
		p.Started(0, held(0, 1), p.now)
		p.end(0, plan.Evicted, held(0, 1)...)
		p.want("start", []plan.Start{{Index: 1, Class: plan.ClassDefault}}, p.hire())
		p.want("lease", gives(0, 2, 1, 2, 2, 2, 3, 2), p.idle(1))
	})
	t.Run("only what was running is charged", func(t *testing.T) {
		p := play(t, 2, slots(2), parallelism(1), func(set *plan.Settings) { set.InfraRetries = 0 })
		p.hire()
		p.idle(0)
		p.tell(0, held(1, 1)[0], fail)
		p.idle(0)
		p.end(0, plan.Evicted, held(0, 1)...)
		p.want("unfinished", []uint32{0, 1}, p.Unfinished())
		p.hire()
		p.want("test 0 had its one try", gives(1, 3), p.idle(1))
		p.tell(1, held(1, 3)[0], pass)
		p.want("end", "Infrastructure", p.next().Ending.Reason)
		p.want("unfinished", []uint32{0}, p.Unfinished())
	})
	t.Run("an attempt whose row came in time was not lost", func(t *testing.T) {
		p := play(t, 1)
		p.hire()
		p.idle(0)
		p.tell(0, held(0, 1)[0], fail)
		p.end(0, plan.Evicted, held(0, 1)...)
		p.want("interrupted", 0, p.Counts().Interrupted)
	})
	t.Run("an attempt whose row comes after the end was not lost either", func(t *testing.T) {
		p := play(t, 2, func(set *plan.Settings) { set.InfraRetries = 0 })
		p.hire()
		p.idle(0)
		p.end(0, plan.Died, held(0, 1)...)
		p.tell(0, held(0, 1)[0], fail)
		p.want("interrupted", 0, p.Counts().Interrupted)
		p.want("it runs again", held(0, 2)[0], p.idle(1).Attempts[0])
	})
	t.Run("an attempt told lost by two workers is lost once", func(t *testing.T) {
		p := play(t, 2)
		p.hire()
		p.idle(0)
		p.tell(1, p.idle(1).Attempts[0], pass)
		p.end(0, plan.Evicted, held(0, 1, 0, 1)...)
		p.end(1, plan.NodeLost, held(0, 1)...)
		p.want("interrupted", 1, p.Counts().Interrupted)
		p.want("it may run again", common(2), p.next().Start)
	})
	t.Run("a worker that ends twice ends once", func(t *testing.T) {
		p := play(t, 1)
		p.hire()
		p.idle(0)
		p.end(0, plan.Evicted, held(0, 1)...)
		p.end(0, plan.Evicted, held(0, 1)...)
		p.want("counts", plan.Counts{Selected: 1, Pending: 1, Interrupted: 1, WorkersLost: 1}, p.Counts())
	})
	t.Run("nonsense among what was lost is left out", func(t *testing.T) {
		p := play(t, 1)
		p.hire()
		p.end(0, plan.Evicted, held(7, 1, 0, 0, 0, 5000)...)
		p.want("interrupted", 0, p.Counts().Interrupted)
	})
}

func TestSuspectsRunAlone(t *testing.T) {
	begin := func(t *testing.T, cause plan.Cause) *player {
		p := play(t, 9, slots(2), parallelism(1), func(set *plan.Settings) { set.InfraRetries = 2 })
		p.hire()
		p.idle(0)
		p.end(0, cause, held(0, 1, 1, 1)...)
		return p
	}
	lone := func(index int, ordinal uint32) []plan.Start {
		return []plan.Start{{Index: index, Class: plan.ClassAlone, Tests: []uint32{ordinal}}}
	}
	for _, cause := range []plan.Cause{plan.OOMKilled, plan.Died} {
		t.Run("after "+string(cause)+" what was running runs alone next, one by one", func(t *testing.T) {
			p := begin(t, cause)
			p.want("first", lone(1, 0), p.hire())
			p.want("its test, and no other", gives(0, 2), p.idle(1))
			p.tell(1, held(0, 2)[0], pass)
			p.want("it is done", drain, p.idle(1))
			p.end(1, plan.Finished)
			p.want("second", lone(2, 1), p.hire())
			p.idle(2)
			p.tell(2, held(1, 2)[0], pass)
			p.end(2, plan.Finished)
			p.want("then the others", []plan.Start{{Index: 3, Class: plan.ClassDefault}}, p.hire())
		})
	}
	for _, cause := range []plan.Cause{plan.Evicted, plan.Deleted, plan.NodeLost, plan.StartFailed} {
		t.Run("after "+string(cause)+" nobody is suspected", func(t *testing.T) {
			p := begin(t, cause)
			p.want("next", []plan.Start{{Index: 1, Class: plan.ClassDefault}}, p.next().Start)
		})
	}
	t.Run("a suspect that kills its own pod for memory is the guilty one", func(t *testing.T) {
		p := begin(t, plan.OOMKilled)
		p.hire()
		p.idle(1)
		end := plan.End{Cause: plan.OOMKilled, Lost: held(0, 2)}
		want := outcome.Row{Ordinal: 0, Attempt: 2, Outcome: outcome.OOMKilled, Reason: outcome.KilledItsPod}
		p.want("judged", []outcome.Row{want}, p.Judge(1, end))
		p.want("accepted", plan.Accepted, p.Report(1, want, p.now))
		p.Ended(1, end, p.now)
		p.want("it has another attempt, behind the other suspect", lone(2, 1), p.hire())
		p.idle(2)
		p.tell(2, held(1, 2)[0], pass)
		p.end(2, plan.Finished)
		p.want("alone", lone(3, 0), p.hire())
		p.idle(3)
		p.end(3, plan.OOMKilled, held(0, 3)...)
		p.want("verdict", outcome.OOMKilled, verdict(p, 0).Outcome)
		p.want("the other is innocent", pass, verdict(p, 1).Outcome)
	})
	t.Run("a suspect that kills its own pod in another way is lost again, until that is too often", func(t *testing.T) {
		p := begin(t, plan.Died)
		for _, want := range [][]plan.Start{lone(1, 0), lone(2, 1), lone(3, 0), lone(4, 1)} {
			starts := p.hire()
			p.want("alone", want, starts)
			g := p.idle(starts[0].Index)
			p.end(starts[0].Index, plan.Died, g.Attempts...)
		}
		p.want("the others go on", []plan.Start{{Index: 5, Class: plan.ClassDefault}}, p.hire())
		p.want("with what is left", held(2, 2, 3, 1), p.idle(5).Attempts[:2])
	})
	t.Run("a suspect that fails alone is tried again in the same pod", func(t *testing.T) {
		p := begin(t, plan.Died)
		p.hire()
		p.idle(1)
		p.tell(1, held(0, 2)[0], fail)
		p.want("again", gives(0, 3), p.idle(1))
	})
	t.Run("a worker that waits for nothing but suspects makes room for them", func(t *testing.T) {
		p := play(t, 2)
		p.hire()
		p.idle(0)
		p.idle(1)
		p.Resize(1)
		p.end(0, plan.Died, held(0, 1)...)
		p.tell(1, held(1, 1)[0], pass)
		p.want("no room", []plan.Start(nil), p.next().Start)
		p.want("room is made", drain, p.idle(1))
		p.end(1, plan.Finished)
		p.want("room", lone(2, 0), p.next().Start)
	})
}

func TestJudge(t *testing.T) {
	lone := plan.Batch{Class: plan.ClassAlone, Tests: []uint32{0}}
	verdict := []outcome.Row{{Ordinal: 0, Attempt: 1, Outcome: outcome.OOMKilled, Reason: outcome.KilledItsPod}}
	for name, c := range map[string]struct {
		batch plan.Batch
		end   plan.End
		want  []outcome.Row
	}{
		"alone, killed for memory, the test was running": {lone, plan.End{Cause: plan.OOMKilled, Lost: held(0, 1)}, verdict},
		"it was not running":                             {lone, plan.End{Cause: plan.OOMKilled}, nil},
		"another test is said to have been":              {lone, plan.End{Cause: plan.OOMKilled, Lost: held(1, 1)}, nil},
		"the attempt cannot be":                          {lone, plan.End{Cause: plan.OOMKilled, Lost: held(0, 0)}, nil},
		"killed for another reason":                      {lone, plan.End{Cause: plan.Died, Lost: held(0, 1)}, nil},
		"not alone":                                      {plan.Batch{}, plan.End{Cause: plan.OOMKilled, Lost: held(0, 1)}, nil},
		"it had told its outcome": {
			plan.Batch{Class: plan.ClassAlone, Tests: []uint32{0}, Rows: []outcome.Row{row(0, 1, fail)}},
			plan.End{Cause: plan.OOMKilled, Lost: held(0, 1)},
			nil,
		},
		"it has its verdict": {
			plan.Batch{Class: plan.ClassAlone, Tests: []uint32{0}, Rows: []outcome.Row{row(0, 1, pass)}},
			plan.End{Cause: plan.OOMKilled, Lost: held(0, 2)},
			nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			p := playFacts(t, given(2, nil, c.batch))
			p.want("verdicts", c.want, p.Judge(0, c.end))
			p.Ended(0, c.end, p.now)
			p.want("of a worker that has ended", []outcome.Row(nil), p.Judge(0, c.end))
		})
	}
}

func TestIsolationPodIsAWorkerATest(t *testing.T) {
	p := play(t, 3, alone, slots(4))
	p.want("as many as may be", []plan.Start{
		{Index: 0, Class: plan.ClassAlone, Tests: []uint32{0}},
		{Index: 1, Class: plan.ClassAlone, Tests: []uint32{1}},
	}, p.hire())
	p.want("its test", gives(0, 1), p.idle(0))
	p.tell(0, held(0, 1)[0], fail)
	p.want("again in the same pod", gives(0, 2), p.idle(0))
	p.tell(0, held(0, 2)[0], pass)
	p.want("no other", drain, p.idle(0))
	p.want("it is there still", []plan.Start(nil), p.next().Start)
	p.end(0, plan.Finished)
	p.want("the last", []plan.Start{{Index: 2, Class: plan.ClassAlone, Tests: []uint32{2}}}, p.hire())
	p.idle(1)
	p.end(1, plan.Evicted, held(1, 1)...)
	p.want("a lost one again", []plan.Start{{Index: 3, Class: plan.ClassAlone, Tests: []uint32{1}}}, p.hire())
	p.want("attempt", gives(1, 2), p.idle(3))
}

package plan_test

import (
	"testing"
	"time"

	"github.com/podtest/podtest/internal/plan"
)

// common are workers of the default class.
func common(indices ...int) []plan.Start {
	var starts []plan.Start
	for _, i := range indices {
		starts = append(starts, plan.Start{Index: i, Class: plan.ClassDefault})
	}
	return starts
}

func TestWorkersToStart(t *testing.T) {
	for name, c := range map[string]struct {
		facts plan.Facts
		want  []plan.Start
	}{
		"as many as may be": {given(9, parallelism(3)), common(0, 1, 2)},
		"no more than there are tests for, a slot each": {
			given(9, func(set *plan.Settings) { set.Parallelism, set.Slots = 9, 4 }), common(0, 1, 2),
		},
		"the next ones, after those that were": {given(9, nil, plan.Batch{End: ended(plan.Deleted)}), common(1, 2)},
		"suspects first": {
			given(9, nil, plan.Batch{End: ended(plan.Died, held(3, 1)...)}),
			[]plan.Start{{Index: 1, Class: plan.ClassAlone, Tests: []uint32{3}}, {Index: 2, Class: plan.ClassDefault}},
		},
		"none while the run is suspended": {plan.Facts{Settings: usual(), Tests: selected(9), Suspend: true}, nil},
		"none when all places are taken":  {given(9, nil, plan.Batch{}, plan.Batch{}), nil},
		"settings without numbers are taken for the least that works": {
			plan.Facts{Tests: selected(2)}, common(0),
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := plan.New(c.facts, epoch)
			p := &player{s, t, epoch}
			p.want("start", c.want, p.next().Start)
			p.want("asked again", c.want, p.next().Start)
		})
	}
}

func TestAStartIsAskedForInTheSameWordsUntilItIsThere(t *testing.T) {
	p := play(t, 3, alone)
	lone := func(index int, ordinal uint32) plan.Start {
		return plan.Start{Index: index, Class: plan.ClassAlone, Tests: []uint32{ordinal}}
	}
	p.want("at first", []plan.Start{lone(0, 0), lone(1, 1)}, p.next().Start)
	p.Added(1, p.now)
	p.want("one is there", []plan.Start{lone(0, 0)}, p.next().Start)
	p.Resize(1)
	p.want("there is no room for the other", []plan.Start(nil), p.next().Start)
	p.Resize(3)
	p.want("there is", []plan.Start{lone(0, 0), lone(2, 2)}, p.next().Start)
	p.tell(1, held(0, 1)[0], pass)
	p.want("its test is done: it is not needed", []plan.Start{lone(2, 2)}, p.next().Start)
	p.Added(0, p.now)
	p.want("though it was made", drain, p.idle(0))
}

func TestNoMoreWorkersThanThereIsWorkFor(t *testing.T) {
	t.Run("slots that are free, or about to be, take from the queue first", func(t *testing.T) {
		p := play(t, 6, slots(2), parallelism(4))
		p.want("start", common(0, 1, 2), p.make())
		p.want("they are on their way", []plan.Start(nil), p.next().Start)
		p.Announce(0, nil, p.now)
		p.idle(0)
		p.want("they are at work, or about to be", []plan.Start(nil), p.next().Start)
		p.end(0, plan.Deleted)
		p.want("two tests are left over", common(3), p.next().Start)
	})
	t.Run("a loss makes a new worker, if the others have gone home", func(t *testing.T) {
		p := play(t, 2)
		p.hire()
		p.idle(0)
		p.idle(1)
		p.tell(0, held(0, 1)[0], pass)
		p.want("nothing waits", drain, p.idle(0))
		p.end(0, plan.Finished)
		p.end(1, plan.Evicted, held(1, 1)...)
		p.want("start", common(2), p.next().Start)
	})
	t.Run("a worker that has not asked for a minute is not counted on", func(t *testing.T) {
		p := play(t, 2)
		p.hire()
		p.idle(0)
		p.end(1, plan.Deleted)
		p.want("worker 0 is at work", common(2), p.next().Start)
		p.tell(0, held(0, 1)[0], pass)
		p.want("worker 0 is free", plan.Step{Again: epoch.Add(time.Minute)}, p.next())
		p.now = epoch.Add(time.Minute)
		p.want("but says nothing", plan.Step{Start: common(2)}, p.next())
	})
	t.Run("a worker of which there are too many is not counted on", func(t *testing.T) {
		p := play(t, 9)
		p.hire()
		p.Resize(1)
		p.Resize(2)
		p.want("both stay", []plan.Start(nil), p.next().Start)
	})
}

func TestWorkersThatCannotBeMadeAreTriedOneByOne(t *testing.T) {
	p := play(t, 9, parallelism(3))
	p.want("start", common(0, 1, 2), p.next().Start)
	p.CreateFailed(plan.Blocked{Reason: "QuotaExceeded", Message: "pods=0"}, p.now)
	p.want("a pause", plan.Step{
		Blocked: &plan.Blocked{Reason: "QuotaExceeded", Message: "pods=0"},
		Again:   epoch.Add(5 * time.Second),
	}, p.next())
	p.now = epoch.Add(5 * time.Second)
	p.want("one", common(0), p.next().Start)
	p.Added(0, p.now)
	p.want("it works: all", common(1, 2), p.next().Start)
	p.CreateFailed(plan.Blocked{Reason: "QuotaExceeded", Message: "pods=1"}, p.now)
	p.Announce(0, nil, p.now)
	p.want("nothing is blocked while somebody works", (*plan.Blocked)(nil), p.next().Blocked)
	p.end(0, plan.Deleted)
	p.want("one has ended: there may be room", common(1), p.next().Start)
}

func TestWorkersThatComeToNothingAreTriedOneByOneWhileOthersWork(t *testing.T) {
	p := play(t, 50, parallelism(4))
	p.hire()
	p.idle(0)
	for _, i := range []int{1, 2} {
		p.end(i, plan.StartFailed)
	}
	p.want("a pause", plan.Step{Again: epoch.Add(30 * time.Second)}, p.next())
	p.now = epoch.Add(30 * time.Second)
	p.want("one", common(4), p.next().Start)
	p.Added(4, p.now)
	p.want("until it has said a word", []plan.Start(nil), p.next().Start)
	p.Announce(4, nil, p.now)
	p.want("another, since the row is not there yet", common(5), p.next().Start)
	p.tell(4, p.idle(4).Attempts[0], pass)
	p.want("it works: all", common(5), p.next().Start)
}

func TestCountsOfWorkers(t *testing.T) {
	p := play(t, 50, parallelism(4))
	p.want("asked for", 0, len(p.Unfinished())-50)
	p.make()
	p.Announce(0, nil, p.now)
	p.Announce(1, nil, p.now)
	p.Announce(2, nil, p.now)
	p.end(1, plan.Finished)
	p.end(2, plan.NodeLost)
	p.want("counts", plan.Counts{
		Selected: 50, Pending: 50,
		WorkersStarting: 1, WorkersRunning: 1, WorkersFinished: 1, WorkersLost: 1,
	}, p.Counts())
}

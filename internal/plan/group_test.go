package plan_test

import (
	"testing"
	"time"

	"github.com/podtest/podtest/internal/plan"
)

// policed are n tests of one binary that have policies in turn.
func policed(n int, f plan.Facts, change ...func(*plan.Settings)) plan.Facts {
	f.Settings = usual(change...)
	f.Tests = selected(n)
	for i := range f.Tests {
		f.Tests[i].Policy = int32(i % len(f.Policies))
	}
	return f
}

func TestGroups(t *testing.T) {
	one := []plan.Group{{Max: 1}}
	t.Run("of a group no more is held than may be, over all workers", func(t *testing.T) {
		p := playFacts(t, policed(4, plan.Facts{Groups: one, Policies: []plan.Policy{{Group: 1}, {}}}))
		p.hire()
		p.want("worker 1", gives(0, 1), p.idle(1))
		p.want("worker 0", gives(1, 1), p.idle(0))
		p.tell(0, held(1, 1)[0], pass)
		p.want("worker 0 again", gives(3, 1), p.idle(0))
		p.tell(0, held(3, 1)[0], pass)
		p.want("worker 0 waits", nothing, p.idle(0))
		p.TakeRouse()
		p.tell(1, held(0, 1)[0], pass)
		p.want("it is to be asked anew", true, p.TakeRouse())
		p.want("worker 0 at last", gives(2, 1), p.idle(0))
	})
	t.Run("what is in no group goes on meanwhile", func(t *testing.T) {
		p := playFacts(t, policed(6, plan.Facts{Groups: one, Policies: []plan.Policy{{Group: 1}, {}}}, slots(3), parallelism(1)))
		p.hire()
		p.want("one of the group", gives(0, 1, 1, 1, 3, 1), p.idle(0))
	})
	t.Run("a weight above the limit is taken for the limit", func(t *testing.T) {
		p := playFacts(t, policed(2, plan.Facts{Groups: []plan.Group{{Max: 2}}, Policies: []plan.Policy{{Group: 1, Weight: 9}}}, slots(9)))
		p.hire()
		p.want("one", gives(0, 1), p.idle(0))
	})
	t.Run("a heavy member waits for few lighter ones only", func(t *testing.T) {
		f := policed(90, plan.Facts{Groups: []plan.Group{{Max: 2}}, Policies: []plan.Policy{{Group: 1}, {Group: 1, Weight: 2}}}, slots(4), parallelism(1))
		f.Tests = f.Tests[:60]
		for i := range f.Tests {
			f.Tests[i].Policy = int32(ifSo(i == 1))
		}
		p := playFacts(t, f)
		p.hire()
		running := p.idle(0).Attempts
		for n := 0; ; n++ {
			if n > 14 {
				t.Fatal("it was overtaken too often")
			}
			if len(running) > 0 && running[len(running)-1].Ordinal == 1 {
				break
			}
			p.tell(0, running[0], pass)
			running = append(running[1:], p.Grant(0, plan.Ask{Running: len(running) - 1}, p.now).Attempts...)
		}
	})
	t.Run("an exclusive group and all else take turns", func(t *testing.T) {
		p := playFacts(t, policed(4, plan.Facts{
			Groups: []plan.Group{{Max: 9, Exclusive: true}}, Policies: []plan.Policy{{}, {Group: 1}},
		}, slots(2)))
		p.hire()
		p.want("all else", gives(0, 1, 2, 1), p.idle(0))
		p.want("the group waits", nothing, p.idle(1))
		p.tell(0, held(0, 1)[0], pass)
		p.want("still", nothing, p.idle(1))
		p.tell(0, held(2, 1)[0], pass)
		p.want("its turn", gives(1, 1, 3, 1), p.idle(1))
	})
	t.Run("an exclusive group of a higher priority comes as soon as what is held has ended", func(t *testing.T) {
		f := policed(4, plan.Facts{
			Groups:   []plan.Group{{Max: 9, Exclusive: true}},
			Policies: []plan.Policy{{}, {Group: 1, Priority: 1}},
		}, parallelism(1))
		p := playFacts(t, f)
		p.hire()
		p.want("first", gives(1, 1), p.idle(0))
		p.tell(0, held(1, 1)[0], pass)
		p.want("second", gives(3, 1), p.idle(0))
		p.tell(0, held(3, 1)[0], pass)
		p.want("then all else", gives(0, 1), p.idle(0))
	})
	t.Run("two exclusive groups never run together", func(t *testing.T) {
		p := playFacts(t, policed(4, plan.Facts{
			Groups: []plan.Group{{Max: 9, Exclusive: true}, {Max: 9, Exclusive: true}}, Policies: []plan.Policy{{Group: 1}, {Group: 2}},
		}, slots(2)))
		p.hire()
		p.want("the first", gives(0, 1, 2, 1), p.idle(0))
		p.want("the second waits", nothing, p.idle(1))
		p.tell(0, held(0, 1)[0], pass)
		p.tell(0, held(2, 1)[0], pass)
		p.want("its turn", gives(1, 1, 3, 1), p.idle(1))
	})
	t.Run("lone workers are made for as many of a group as may be held", func(t *testing.T) {
		p := playFacts(t, policed(3, plan.Facts{Groups: one, Policies: []plan.Policy{{Group: 1, Alone: true}}}, parallelism(3)))
		p.hire()
		p.idle(0)
		p.want("no more", []plan.Start(nil), p.next().Start)
	})
}

func ifSo(is bool) int {
	if is {
		return 1
	}
	return 0
}

func TestWeights(t *testing.T) {
	heavy := plan.Facts{Policies: []plan.Policy{{}, {Weight: 2}}}
	t.Run("a test takes as many slots as it weighs, and no heavy one is fetched in advance", func(t *testing.T) {
		p := playFacts(t, policed(6, heavy, slots(3), parallelism(1)))
		p.hire()
		p.want("three slots", gives(0, 1, 1, 1), p.Grant(0, plan.Ask{}, p.now))
		p.want("none is free", nothing, p.Grant(0, plan.Ask{Running: 2, Load: 3}, p.now))
	})
	t.Run("a weight above the slots is taken for all slots", func(t *testing.T) {
		p := playFacts(t, policed(2, plan.Facts{Policies: []plan.Policy{{Weight: 9}}}, slots(2), parallelism(1)))
		p.hire()
		p.want("one", gives(0, 1), p.idle(0))
		p.want("no room", nothing, p.Grant(0, plan.Ask{Running: 1, Load: 2}, p.now))
	})
	t.Run("lighter tests overtake a heavy one a few times only", func(t *testing.T) {
		f := policed(90, heavy, slots(2), parallelism(1))
		for i := range f.Tests {
			f.Tests[i].Policy = int32(ifSo(i == 1))
		}
		p := playFacts(t, f)
		p.hire()
		running := p.idle(0).Attempts
		for n := 0; running[0].Ordinal != 1; n++ {
			if n > 30 {
				t.Fatal("it was overtaken too often")
			}
			p.tell(0, running[0], pass)
			running = running[1:]
			begun := min(2, len(running))
			a := plan.Ask{Queued: len(running) - begun, Running: begun, Load: len(running)}
			running = append(running, p.Grant(0, a, p.now).Attempts...)
			if len(running) == 0 {
				t.Fatal("it is free, and gets nothing")
			}
		}
	})
}

func TestPrioritiesAndClasses(t *testing.T) {
	t.Run("a higher priority comes first, canonical order within", func(t *testing.T) {
		p := playFacts(t, policed(4, plan.Facts{Policies: []plan.Policy{{}, {Priority: 5}}}, slots(4), parallelism(1)))
		p.hire()
		p.want("order", gives(1, 1, 3, 1, 0, 1, 2, 1), p.idle(0))
	})
	classes := []string{"default", "big", "huge"}
	three := plan.Facts{Classes: classes, Policies: []plan.Policy{{}, {Class: 1, Priority: 1}, {Class: 2}}}
	t.Run("room is shared among classes, the highest priority first", func(t *testing.T) {
		p := playFacts(t, policed(9, three, parallelism(3)))
		p.want("start", []plan.Start{
			{Index: 0, Class: "big"}, {Index: 1, Class: "big"}, {Index: 2, Class: "big"},
		}, p.hire())
		p.want("of its class", gives(1, 1), p.idle(0))
	})
	t.Run("one worker at a time does all classes", func(t *testing.T) {
		p := playFacts(t, policed(6, three, parallelism(1)))
		for range 3 {
			starts := p.hire()
			p.want("one", 1, len(starts))
			for range 2 {
				p.tell(starts[0].Index, p.idle(starts[0].Index).Attempts[0], pass)
			}
			p.want("nothing is left of its class", drain, p.idle(starts[0].Index))
			p.end(starts[0].Index, plan.Finished)
		}
		p.want("end", "Passed", p.next().Ending.Reason)
	})
	t.Run("a lone worker of another class has that class's shape", func(t *testing.T) {
		p := playFacts(t, policed(1, plan.Facts{Classes: classes, Policies: []plan.Policy{{Class: 1, Alone: true}}}))
		p.want("start", []plan.Start{{Index: 0, Class: "big", Tests: []uint32{0}}}, p.next().Start)
	})
}

func TestSlotNumbers(t *testing.T) {
	numbers := func(g plan.Grant) [][2]int32 {
		var all [][2]int32
		for _, h := range g.Attempts {
			all = append(all, [2]int32{h.Slot, h.GroupSlot})
		}
		return all
	}
	p := playFacts(t, policed(6, plan.Facts{Groups: []plan.Group{{Max: 9}}, Policies: []plan.Policy{{}, {Group: 1}}}, slots(2)))
	p.hire()
	p.want("the smallest that are free", [][2]int32{{0, -1}, {1, 0}}, numbers(p.idle(0)))
	p.want("of the run, not of the worker", [][2]int32{{2, -1}, {3, 1}}, numbers(p.idle(1)))
	p.tell(0, held(1, 1)[0], pass)
	p.want("free again", [][2]int32{{1, -1}}, numbers(p.Grant(0, plan.Ask{Running: 1}, p.now)))

	q := playFacts(t, given(4, slots(2), plan.Batch{}, plan.Batch{}))
	q.Announce(1, []plan.Held{{Ordinal: 1, Attempt: 1, Started: true, Slot: 2, GroupSlot: -1}}, q.now)
	q.Announce(0, []plan.Held{{Ordinal: 0, Attempt: 1, Started: true, Slot: 0, GroupSlot: -1}}, q.now)
	q.want("what a worker has told is taken", [][2]int32{{1, -1}}, numbers(q.Grant(0, plan.Ask{Running: 1}, q.now)))
	q.now = q.now.Add(time.Second)
	q.want("and passed over", [][2]int32{{3, -1}}, numbers(q.Grant(1, plan.Ask{Running: 1}, q.now)))
}

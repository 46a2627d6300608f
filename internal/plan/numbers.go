package plan

import "container/heap"

// numbers gives the smallest number that nobody has.
type numbers struct {
	free intHeap // below next, given back; some may be in use again
	next int32   // none from here on was ever given
	used map[int32]bool
}

func (n *numbers) take() int32 {
	for len(n.free) > 0 {
		if i := heap.Pop(&n.free).(int32); !n.used[i] {
			return n.use(i)
		}
	}
	for n.used[n.next] {
		n.next++
	}
	n.next++
	return n.use(n.next - 1)
}

func (n *numbers) use(i int32) int32 {
	if n.used == nil {
		n.used = map[int32]bool{}
	}
	n.used[i] = true
	return i
}

// takeBack takes a number that somebody says to have; -1 if it is no such number or another has it.
func (n *numbers) takeBack(i int32) int32 {
	if i < 0 || n.used[i] {
		return -1
	}
	return n.use(i)
}

func (n *numbers) giveBack(i int32) {
	if i < 0 {
		return
	}
	delete(n.used, i)
	if i < n.next {
		heap.Push(&n.free, i)
	}
}

// slots are the numbers of a held attempt, in the run and in its group.
type slots struct{ run, group int32 }

// number gives a held attempt its numbers: new ones, or those that it says it has.
func (s *State) number(h *Held, told bool) {
	g := s.group(s.policy(h.Ordinal).Group)
	switch {
	case told:
		h.Slot = s.numbers.takeBack(h.Slot)
		if g == nil {
			h.GroupSlot = -1
		} else {
			h.GroupSlot = g.numbers.takeBack(h.GroupSlot)
		}
	case g == nil:
		h.Slot, h.GroupSlot = s.numbers.take(), -1
	default:
		h.Slot, h.GroupSlot = s.numbers.take(), g.numbers.take()
	}
	s.slotsOf[h.Ordinal] = slots{h.Slot, h.GroupSlot}
}

func (s *State) unnumber(ordinal uint32) {
	n := s.slotsOf[ordinal]
	delete(s.slotsOf, ordinal)
	s.numbers.giveBack(n.run)
	if g := s.group(s.policy(ordinal).Group); g != nil {
		g.numbers.giveBack(n.group)
	}
}

type intHeap []int32

func (h intHeap) Len() int           { return len(h) }
func (h intHeap) Less(i, j int) bool { return h[i] < h[j] }
func (h intHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *intHeap) Push(i any)        { *h = append(*h, i.(int32)) }

func (h *intHeap) Pop() any {
	i := (*h)[len(*h)-1]
	*h = (*h)[:len(*h)-1]
	return i
}

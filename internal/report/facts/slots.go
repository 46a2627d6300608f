package facts

import (
	"cmp"
	"slices"
	"time"
)

// place is an attempt of a test: indexes into Run.Tests and Test.Attempts.
type place struct{ test, attempt int }

func (r *Run) at(p place) *Attempt { return &r.Tests[p.test].Attempts[p.attempt] }

// pack gives each attempt a slot of its pod: the lowest one that is free when it starts. The ledger does not tell
// slots, and needs not: attempts that overlap ran in different ones.
func (r *Run) pack() {
	byPod := make([][]place, len(r.Pods))
	for i := range r.Tests {
		for j := range r.Tests[i].Attempts {
			a := &r.Tests[i].Attempts[j]
			if a.Pod < 0 {
				continue
			}
			pod := &r.Pods[a.Pod]
			pod.Tests++
			if !a.Good() && a.Outcome != Running {
				pod.Failed++
			}
			if !a.Start.IsZero() {
				byPod[a.Pod] = append(byPod[a.Pod], place{i, j})
			}
		}
	}
	for pod, places := range byPod {
		r.Pods[pod].Slots = r.packPod(places)
	}
}

func (r *Run) packPod(places []place) (slots int) {
	slices.SortFunc(places, func(a, b place) int {
		return cmp.Or(r.at(a).Start.Compare(r.at(b).Start), cmp.Compare(a.test, b.test), cmp.Compare(a.attempt, b.attempt))
	})
	var free []time.Time // by slot
	for _, p := range places {
		a := r.at(p)
		a.Slot = slices.IndexFunc(free, func(t time.Time) bool { return !t.After(a.Start) })
		if a.Slot < 0 {
			a.Slot = len(free)
			free = append(free, time.Time{})
		}
		free[a.Slot] = a.End()
	}
	return len(free)
}

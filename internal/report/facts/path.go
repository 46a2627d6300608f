package facts

import (
	"cmp"
	"slices"
	"time"
)

// Kind is what a run was busy with.
type Kind string

// What a run can be busy with, in the order in which it is.
const (
	Listing Kind = "listing" // the tests were not known yet
	Waiting Kind = "waiting" // for a pod to be made
	Node    Kind = "node"    // a pod waited for a node
	Image   Kind = "image"   // a pod pulled its images and started
	Worker  Kind = "worker"  // a pod got its first work
	Testing Kind = "tests"
	Between Kind = "between" // between two tests: a retry's delay, no work at hand
	Closing Kind = "closing" // after the last test
)

// Kinds are all of them.
var Kinds = []Kind{Listing, Waiting, Node, Image, Worker, Testing, Between, Closing}

// Segment is a part of what determined a run's length.
type Segment struct {
	Kind          Kind
	From, To      time.Time
	Pod           int // index into Run.Pods; -1: none
	Test, Attempt int // indexes, of Testing
}

// Length is how long it took.
func (s *Segment) Length() time.Duration { return s.To.Sub(s.From) }

// path is the critical path: back from the attempt that ended last, each time to what had to end before.
func (r *Run) path() []Segment {
	chain := r.chain()
	if len(chain) == 0 {
		return r.before(nil, r.End, -1)
	}
	first := r.at(chain[0])
	path := r.before(nil, first.Start, first.Pod)
	now := first.Start
	for _, p := range chain {
		a := r.at(p)
		path = extend(path, Segment{Kind: Between, From: now, To: a.Start, Pod: a.Pod})
		path = extend(path, Segment{
			Kind: Testing, From: later(now, a.Start), To: a.End(), Pod: a.Pod, Test: p.test, Attempt: p.attempt,
		})
		now = later(now, a.End())
	}
	return extend(path, Segment{Kind: Closing, From: now, To: r.End, Pod: -1})
}

// before is what happened until the first test of the path started, in that pod.
func (r *Run) before(path []Segment, until time.Time, pod int) []Segment {
	marks := []struct {
		kind Kind
		end  time.Time
	}{{Listing, r.Listed}, {Worker, until}}
	if pod >= 0 {
		p := &r.Pods[pod]
		marks = slices.Insert(marks, 1, []struct {
			kind Kind
			end  time.Time
		}{{Waiting, p.Created}, {Node, p.Scheduled}, {Image, p.Started}}...)
	} else {
		marks[1].kind = r.afterListing(until)
	}
	now := r.Start
	for _, m := range marks {
		if m.end.After(until) {
			m.end = until
		}
		path = extend(path, Segment{Kind: m.kind, From: now, To: m.end, Pod: pod})
		now = later(now, m.end)
	}
	return path
}

// afterListing is what a run was busy with until a moment before which no pod of it did anything that is known.
func (r *Run) afterListing(until time.Time) Kind {
	switch {
	case r.Listed.IsZero():
		return Listing
	case r.Over && until.Equal(r.End):
		return Closing
	}
	return Waiting
}

// chain are the attempts of the path, the first one first.
func (r *Run) chain() []place {
	bySlot := map[[2]int][]place{}
	var last place
	found := false
	for i := range r.Tests {
		for j := range r.Tests[i].Attempts {
			a := r.at(place{i, j})
			if a.Start.IsZero() {
				continue
			}
			if a.Pod >= 0 {
				bySlot[[2]int{a.Pod, a.Slot}] = append(bySlot[[2]int{a.Pod, a.Slot}], place{i, j})
			}
			if !found || a.End().After(r.at(last).End()) {
				last, found = place{i, j}, true
			}
		}
	}
	if !found {
		return nil
	}
	before := map[place]place{}
	for _, places := range bySlot {
		slices.SortFunc(places, func(a, b place) int { return r.at(a).Start.Compare(r.at(b).Start) })
		for i := 1; i < len(places); i++ {
			before[places[i]] = places[i-1]
		}
	}
	chain := []place{last}
	for {
		p, ok := r.previous(chain[len(chain)-1], before)
		if !ok {
			slices.Reverse(chain)
			return chain
		}
		chain = append(chain, p)
	}
}

// previous is what an attempt had to wait for: the one before it in its slot, or its test's own attempt before it,
// whichever ended later.
func (r *Run) previous(p place, inSlot map[place]place) (place, bool) {
	best, found := inSlot[p]
	if p.attempt == 0 {
		return best, found
	}
	own := place{p.test, p.attempt - 1}
	a := r.at(own)
	if a.Start.IsZero() || !a.Start.Before(r.at(p).Start) || a.End().After(r.at(p).Start) {
		return best, found
	}
	if !found || a.End().After(r.at(best).End()) {
		return own, true
	}
	return best, true
}

func extend(path []Segment, s Segment) []Segment {
	if s.To.After(s.From) {
		return append(path, s)
	}
	return path
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func sortByLength(segments []Segment) {
	slices.SortStableFunc(segments, func(a, b Segment) int { return cmp.Compare(b.Length(), a.Length()) })
}

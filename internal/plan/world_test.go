package plan_test

import (
	"math/rand/v2"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
)

// script is what a test does when it is run, which the planner never sees.
type script struct {
	Fails    int // so many of its first runs fail
	Good     outcome.Outcome
	Kills    plan.Cause // what it does to its pod, or ""
	KillRuns int        // in so many of its first runs
	Takes    time.Duration
}

// running is an attempt at work in a pod.
type running struct {
	plan.Held
	until time.Time
}

// pod is a worker as it really is.
type pod struct {
	start   plan.Start
	made    time.Time
	blocked bool
	up      bool
	hello   bool // has spoken to the leader of today
	drained bool
	queued  []plan.Held
	running []running
	outbox  []outcome.Row // not acknowledged
	sent    int           // of them, to the leader of today
	started int           // attempts in its life
	end     *plan.End     // how it really ended
}

// world is a cluster with a run in it, on a clock of its own.
type world struct {
	t       *rapid.T
	now     time.Time
	set     plan.Settings
	tests   []plan.Test
	scripts []script
	runs    []int // of each test, so far

	pods     map[int]*pod
	batches  map[int]*plan.Batch // the ledgers: all that is durable
	produced map[outcome.Row]bool
	verdicts map[uint32]outcome.Row // durable ones

	dice            *rand.Rand
	odds            [mishaps]int // in percent
	suspend, cancel bool
	force           bool
	started         time.Time // when the first test was handed out, as it is stored
	classes         []string
	policies        []plan.Policy
	groups          []plan.Group
	endsFirst       bool // the collector tells ends before the last rows
	calm            bool // nothing goes wrong any more
	orderly         bool // no message is ever lost, and pods are quick to speak to a new leader
	lead            *leader
	ending          *plan.Ending
}

// mishap is something that may go wrong, in each run as often as is drawn for it.
type mishap int

const (
	podStartsLate mishap = iota
	podIsSilent
	reportIsLate
	reportTwice
	reporterRestarts
	deadSpeak
	leaseLost
	lossUnnoticed
	lastWordsLost
	creationFails
	creationUnknown
	nothingWritten
	leaderDiesClosing
	podDies
	podSticks
	leaderDies
	specChanges
	mishaps // how many there are
)

func (w *world) goes(wrong mishap) bool { return !w.calm && w.dice.IntN(100) < w.odds[wrong] }

func pick[T any](w *world, from []T) T { return from[w.dice.IntN(len(from))] }

func (w *world) indices() []int {
	var all []int
	for i := range w.pods {
		all = append(all, i)
	}
	slices.Sort(all)
	return all
}

func (w *world) alive() int {
	n := 0
	for i := range w.pods {
		if w.batches[i].End == nil {
			n++
		}
	}
	return n
}

// bare is what identifies a row.
func bare(r outcome.Row) outcome.Row {
	return outcome.Row{Ordinal: r.Ordinal, Attempt: r.Attempt, Outcome: r.Outcome, Reason: r.Reason, Code: r.Code}
}

func (p *pod) slots(w *world) int {
	if len(p.start.Tests) > 0 {
		return 1
	}
	return w.set.Slots
}

// work lets a pod go on until now: tests end, others begin, some kill it.
func (w *world) work(p *pod) {
	if !p.up || p.end != nil {
		return
	}
	for i := 0; i < len(p.running); {
		r := p.running[i]
		if r.until.After(w.now) {
			i++
			continue
		}
		if cause := w.kills(r.Ordinal); cause != "" {
			w.kill(p, cause)
			return
		}
		p.running = slices.Delete(p.running, i, i+1)
		row := w.run(r)
		w.produced[bare(row)] = true
		p.outbox = append(p.outbox, row)
	}
	for len(p.queued) > 0 && w.load(p, p.running)+w.cost(p, p.queued[0]) <= p.slots(w) {
		h := p.queued[0]
		p.queued = p.queued[1:]
		h.Started = true
		p.started++
		p.running = append(p.running, running{h, w.now.Add(w.scripts[h.Ordinal].Takes)})
	}
	if p.drained && len(p.running)+len(p.queued)+len(p.outbox) == 0 {
		p.end = &plan.End{Cause: plan.Finished}
	}
}

// cost is how many slots an attempt takes in a pod.
func (w *world) cost(p *pod, h plan.Held) int { return min(w.policy(h.Ordinal).Weight, p.slots(w)) }

func (w *world) load(p *pod, all []running) int {
	n := 0
	for _, r := range all {
		n += w.cost(p, r.Held)
	}
	return n
}

func (w *world) policy(ordinal uint32) plan.Policy {
	if len(w.policies) == 0 {
		return plan.Policy{Alone: w.set.Alone, Weight: 1, MaxAttempts: w.set.MaxAttempts}
	}
	return w.policies[w.tests[ordinal].Policy]
}

// checkGroups holds what pods have against the limits. Where messages are lost more may be held than anybody knows.
func (w *world) checkGroups() {
	if !w.orderly {
		return
	}
	held, all := make([]int, len(w.groups)), 0
	counts := make([]int, len(w.groups))
	for _, p := range w.pods {
		if p.end != nil {
			continue
		}
		for _, h := range append(slices.Clone(p.queued), heldBy(p.running)...) {
			if _, decided := w.lead.state.Verdict(h.Ordinal); decided {
				continue // by the late row of an earlier attempt
			}
			all++
			if g := w.policy(h.Ordinal).Group; g > 0 {
				held[g-1] += min(w.policy(h.Ordinal).Weight, w.groups[g-1].Max)
				counts[g-1]++
			}
		}
	}
	for i, g := range w.groups {
		if held[i] > g.Max || g.Exclusive && counts[i] > 0 && counts[i] < all {
			w.t.Fatalf("group %d of %+v has %d (%d of %d)", i, g, held[i], counts[i], all)
		}
	}
}

func heldBy(all []running) []plan.Held {
	var helds []plan.Held
	for _, r := range all {
		helds = append(helds, r.Held)
	}
	return helds
}

func (w *world) kills(ordinal uint32) plan.Cause {
	c := w.scripts[ordinal]
	if c.Kills != "" && w.runs[ordinal] < c.KillRuns {
		w.runs[ordinal]++
		return c.Kills
	}
	return ""
}

func (w *world) run(r running) outcome.Row {
	c := w.scripts[r.Ordinal]
	row := outcome.Row{Ordinal: r.Ordinal, Attempt: r.Attempt, Outcome: c.Good, Duration: uint64(c.Takes.Microseconds())}
	if w.runs[r.Ordinal] < c.Fails {
		row.Outcome, row.Reason, row.Code = outcome.Failed, outcome.ExitCode, 1
	}
	w.runs[r.Ordinal]++
	return row
}

// kill ends a pod. What ran in it is lost; the reporter may know less than that.
func (w *world) kill(p *pod, cause plan.Cause) {
	if p.end != nil {
		return
	}
	p.end = &plan.End{Cause: cause, Message: string(cause) + " by the simulation"}
	for _, r := range p.running {
		if !w.goes(lossUnnoticed) {
			p.end.Lost = append(p.end.Lost, r.Held)
		}
	}
}

// holds is what a reporter announces.
func (p *pod) holds() []plan.Held {
	all := slices.Clone(p.queued)
	for _, r := range p.running {
		all = append(all, r.Held)
	}
	for _, row := range p.outbox {
		all = append(all, plan.Held{Ordinal: row.Ordinal, Attempt: row.Attempt, Started: true})
	}
	return all
}

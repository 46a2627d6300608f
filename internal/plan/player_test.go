package plan_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
)

// player plays controllers, collector and workers for a State, on a clock that stands still unless told.
type player struct {
	*plan.State
	t   *testing.T
	now time.Time
}

// usual are settings of which a test says only what it is about.
func usual(change ...func(*plan.Settings)) plan.Settings {
	set := plan.Settings{
		Parallelism:  2,
		Slots:        1,
		MaxTests:     100,
		MaxAttempts:  2,
		InfraRetries: 1,
		StartTimeout: time.Minute,
	}
	for _, c := range change {
		c(&set)
	}
	return set
}

// selected are n tests of one binary.
func selected(n int) []plan.Test {
	tests := make([]plan.Test, n)
	for i := range tests {
		tests[i].Selected = true
	}
	return tests
}

// play is a run of n tests that has just begun.
func play(t *testing.T, n int, change ...func(*plan.Settings)) *player {
	t.Helper()
	return playFacts(t, plan.Facts{Settings: usual(change...), Tests: selected(n)})
}

func playFacts(t *testing.T, f plan.Facts) *player {
	t.Helper()
	return &player{plan.New(f, epoch), t, epoch}
}

// hire makes all workers that Next asks for, and lets them say their first word.
func (p *player) hire() []plan.Start {
	starts := p.make()
	for _, s := range starts {
		p.Announce(s.Index, nil, p.now)
	}
	return starts
}

// make makes all workers that Next asks for.
func (p *player) make() []plan.Start {
	starts := p.next().Start
	for _, s := range starts {
		p.Added(s.Index, p.now)
	}
	return starts
}

func (p *player) next() plan.Step {
	p.t.Helper()
	if err := p.Broken(); err != nil {
		p.t.Fatal(err)
	}
	return p.Next(p.now)
}

// idle lets a worker that holds nothing ask for work.
func (p *player) idle(index int) plan.Grant { return p.Grant(index, plan.Ask{}, p.now) }

// tell reports that an attempt ended so, after three seconds: such tests are not fetched in advance.
func (p *player) tell(index int, h plan.Held, o outcome.Outcome) plan.Accept {
	return p.Report(index, outcome.Row{Ordinal: h.Ordinal, Attempt: h.Attempt, Outcome: o, Duration: 3_000_000}, p.now)
}

// end ends a worker in which such attempts were running.
func (p *player) end(index int, cause plan.Cause, lost ...plan.Held) {
	e := plan.End{Cause: cause, Message: "it was " + string(cause), Lost: lost}
	for _, row := range p.Judge(index, e) {
		p.Report(index, row, p.now)
	}
	p.Ended(index, e, p.now)
}

// slotless: few tests are about slots.
var slotless = cmpopts.IgnoreFields(plan.Held{}, "Slot", "GroupSlot")

func (p *player) want(what string, want, got any) {
	p.t.Helper()
	if diff := cmp.Diff(want, got, slotless); diff != "" {
		p.t.Errorf("%s:\n%s", what, diff)
	}
}

// held are attempts as pairs of ordinal and attempt.
func held(pairs ...int) []plan.Held {
	var all []plan.Held
	for i := 0; i < len(pairs); i += 2 {
		all = append(all, plan.Held{Ordinal: uint32(pairs[i]), Attempt: uint16(pairs[i+1])})
	}
	return all
}

func gives(pairs ...int) plan.Grant { return plan.Grant{Attempts: held(pairs...)} }

var (
	drain   = plan.Grant{Drain: true}
	nothing = plan.Grant{}
)

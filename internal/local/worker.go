package local

import (
	"fmt"
	"time"

	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/settings"
	"github.com/podtest/podtest/internal/wire"
)

// worker is a runner that runs tests.
type worker struct {
	index  int
	runner *runner
	ledger *ledger
	slots  int
	held   map[report.Try]*holding

	queued, running, load int // of held

	ready    bool   // it has been told its configuration
	stopped  string // how it was told to end what runs
	drained  bool
	patience *time.Timer // once dismissed
	bye      bool
}

// holding is an attempt that a worker was given and has not ended.
type holding struct {
	load  int
	began time.Time // zero: not yet
}

// event is something that a worker has told, or its end.
type event struct {
	worker *worker
	line   wire.ToReporter
	ready  bool
	gone   bool
	err    error // with gone: how it ended, if not well
}

// dismissPatience is how long a runner that is told Done may take: it gives tests ten seconds at most.
const dismissPatience = 15 * time.Second

// start makes the worker that is asked for.
func (p *play) start(s plan.Start) error {
	r, err := startRunner(p.o.Runner, p.environ)
	if err != nil {
		return err
	}
	w := &worker{index: s.Index, runner: r, slots: max(1, p.o.Slots), held: map[report.Try]*holding{}}
	class := settings.Class{Name: plan.ClassDefault}
	w.ledger = newLedger(manifest.Batch(p.run, s.Index, class, s.Tests), p.host, p.o.Now())
	p.workers[s.Index] = w
	p.ledgers = append(p.ledgers, w.ledger)
	p.state.Added(s.Index, p.o.Now())
	go p.hear(w, manifest.AgentConfig(p.run, manifest.AgentRuns))
	return nil
}

// hear passes on what a worker tells, and last that it is gone.
func (p *play) hear(w *worker, c wire.Config) {
	err := w.runner.greet(c)
	if err == nil {
		p.events <- event{worker: w, ready: true}
	}
	for err == nil {
		var m wire.ToReporter
		if err = w.runner.from.Receive(&m); err == nil {
			p.events <- event{worker: w, line: m}
		}
	}
	p.events <- event{worker: w, gone: true, err: w.runner.end()}
}

// take takes in an event.
func (p *play) take(e event) {
	now := p.o.Now()
	w, m := e.worker, e.line
	switch {
	case e.gone:
		p.gone(w, e.err)
	case e.ready:
		w.ready = true
	case m.Started != nil:
		if h := w.held[tryOf(m.Started.Ordinal, m.Started.Attempt)]; h != nil && h.began.IsZero() {
			h.began = now
			w.queued--
			w.running++
			if !p.over {
				p.state.Started(w.index, []plan.Held{{
					Ordinal: m.Started.Ordinal, Attempt: m.Started.Attempt, Started: true, Slot: -1, GroupSlot: -1,
				}}, now)
			}
		}
	case m.Result != nil:
		p.result(w, *m.Result)
	case m.Bye != nil:
		w.bye = true
	}
}

func tryOf(ordinal uint32, attempt uint16) report.Try {
	return report.Try{Ordinal: ordinal, Attempt: attempt}
}

// result records a row. What comes after the end changes nothing.
func (p *play) result(w *worker, r wire.Result) {
	try := tryOf(r.Row.Ordinal, r.Row.Attempt)
	h := w.held[try]
	if h == nil || h.began.IsZero() {
		return
	}
	delete(w.held, try)
	w.running--
	w.load -= h.load
	if own := w.runner.peak(); r.Row.PeakRSS <= own+own/16 { // the kernel counts in batches
		r.Row.PeakRSS = 0 // less than what podtest itself takes: nobody knows
	}
	if p.over || p.state.Report(w.index, r.Row, p.o.Now()) != plan.Accepted {
		return
	}
	w.ledger.add(r.Row, r.Excerpt)
	if r.Output != nil {
		p.outputs.add(*r.Output)
		p.see(p.follower.Outputs([]wire.Output{*r.Output}, p.o.Now()))
	}
}

// grant gives a worker what it may have now, and says when asking again may help.
func (p *play) grant(w *worker) time.Time {
	if !w.ready {
		return time.Time{}
	}
	g := p.state.Grant(w.index, plan.Ask{Queued: w.queued, Running: w.running, Load: w.load}, p.o.Now())
	switch {
	case w.drained:
		if g.Stop != "" {
			w.stop(g.Stop)
		}
		return g.Again
	case len(g.Attempts) == 0 && !g.Drain:
		return g.Again
	}
	lease := manifest.Lease(p.cat, p.set, p.told, g)
	for _, a := range lease.Attempts {
		h := &holding{load: lease.SettingsOf(a).Load(w.slots)}
		w.held[tryOf(a.Ordinal, a.Attempt)] = h
		w.queued++
		w.load += h.load
	}
	w.drained, w.stopped = g.Drain, g.Stop
	_ = w.runner.send(wire.ToRunner{Lease: &lease}) // if it cannot be told, it is gone, and that is told
	return g.Again
}

// stop has the worker end what runs, if it was not told so before.
func (w *worker) stop(how string) {
	if w.stopped == how || w.stopped == plan.StopKill {
		return
	}
	w.stopped = how
	_ = w.runner.send(wire.ToRunner{Lease: &wire.Lease{Drain: true, Stop: how}})
}

// gone takes in a worker's end.
func (p *play) gone(w *worker, err error) {
	delete(p.workers, w.index)
	if w.patience != nil {
		w.patience.Stop()
	}
	if len(p.workers) == 0 {
		p.o.Family.Sweep() // of a runner that died, tests may be left
	}
	end := plan.End{Cause: plan.Finished}
	if !w.bye || err != nil {
		end = plan.End{Cause: plan.Died, Message: fmt.Sprintf("the runner died: %v", err), Lost: w.lost()}
	}
	if p.over {
		end.Cause = plan.RunEnded
	} else {
		p.state.Ended(w.index, end, p.o.Now())
	}
	w.ledger.close(end, p.o.Now())
}

// lost are the attempts that were running.
func (w *worker) lost() []plan.Held {
	var lost []plan.Held
	for try, h := range w.held {
		if !h.began.IsZero() {
			lost = append(lost, plan.Held{Ordinal: try.Ordinal, Attempt: try.Attempt, Started: true})
		}
	}
	return lost
}

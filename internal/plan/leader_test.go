package plan_test

import (
	"slices"
	"strings"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
)

// leader is a manager: collector and reconciler around a State. What it knows beyond the ledgers dies with it.
type leader struct {
	state     *plan.State
	dirty     map[int][]outcome.Row // accepted, not durable yet
	discarded map[int]int
	verdicts  map[uint32]outcome.Row // as told by this leader
}

func (w *world) takeover() {
	w.t.Logf("another leader takes over")
	w.lead = &leader{
		state:     plan.New(w.facts(), w.now),
		dirty:     map[int][]outcome.Row{},
		discarded: map[int]int{},
		verdicts:  map[uint32]outcome.Row{},
	}
	for i, b := range w.batches {
		if w.pods[i] == nil { // made without anybody knowing: now somebody does
			w.pods[i] = &pod{start: plan.Start{Index: b.Index, Class: b.Class, Tests: b.Tests}, made: w.now}
		}
	}
	for _, p := range w.pods {
		p.hello, p.sent = false, 0
	}
	for o := range uint32(len(w.tests)) {
		want, decided := w.durable(o)
		if old, was := w.verdicts[o]; was && (!decided || want != old) {
			w.t.Fatalf("the durable verdict of test %d was %+v and is %+v", o, old, want)
		}
		if decided {
			w.verdicts[o] = want
		}
		if got, ok := w.lead.state.Verdict(o); ok != decided || got != want {
			w.t.Fatalf("the verdict of test %d is %+v, %t; after a takeover it is %+v, %t", o, want, decided, got, ok)
		}
	}
	if w.orderly {
		for _, i := range w.indices() {
			w.contact(w.pods[i])
		}
	}
}

// durable is what the ledgers say of a test.
func (w *world) durable(ordinal uint32) (final outcome.Row, decided bool) {
	var rows []outcome.Row
	for _, b := range w.batches {
		for _, r := range b.Rows {
			if r.Ordinal == ordinal {
				rows = append(rows, r)
			}
		}
	}
	final, decided, _ = outcome.Fold(rows, outcome.Rule{MaxAttempts: w.policy(ordinal).MaxAttempts, FlakyFails: w.policy(ordinal).FlakyFails})
	return final, decided
}

func (w *world) facts() plan.Facts {
	f := plan.Facts{
		Settings: w.set, Tests: w.tests, Suspend: w.suspend, Cancel: w.cancel, Force: w.force,
		Classes: w.classes, Policies: w.policies, Groups: w.groups, TestsStarted: w.started,
	}
	for _, b := range w.batches {
		f.Batches = append(f.Batches, *b)
	}
	slices.SortFunc(f.Batches, func(a, b plan.Batch) int { return b.Index - a.Index }) // any order will do
	return f
}

// flush makes what has been accepted durable, and acknowledges it.
func (w *world) flush() {
	for _, i := range w.indices() {
		w.write(i)
		p := w.pods[i]
		p.outbox = p.outbox[p.sent:]
		p.sent = 0
	}
}

func (w *world) write(index int) {
	b := w.batches[index]
	b.Rows = append(b.Rows, w.lead.dirty[index]...)
	b.Discarded += w.lead.discarded[index]
	delete(w.lead.dirty, index)
	delete(w.lead.discarded, index)
}

func (w *world) report(index int, row outcome.Row) {
	got := w.lead.state.Report(index, row, w.now)
	w.t.Logf("worker %d reports attempt %d of test %d: %s; accept %d", index, row.Attempt, row.Ordinal, row.Outcome, got)
	switch got {
	case plan.Accepted:
		w.lead.dirty[index] = append(w.lead.dirty[index], row)
	case plan.Duplicate:
		w.lead.discarded[index]++
	default:
		w.t.Fatalf("row %+v of worker %d: %v", row, index, got)
	}
	for o := range uint32(len(w.tests)) {
		v, ok := w.lead.state.Verdict(o)
		if old, had := w.lead.verdicts[o]; had && (!ok || v != old) {
			w.t.Fatalf("the verdict of test %d was %+v and is %+v", o, old, v)
		}
		if ok {
			w.lead.verdicts[o] = v
		}
	}
}

// contact is a round of a pod's reporter: greet, tell what runs and what has ended, ask for work.
func (w *world) contact(p *pod) {
	if !p.up || p.end != nil || w.ending != nil {
		return
	}
	index := p.start.Index
	if !p.hello {
		w.t.Logf("worker %d announces %v", index, p.holds())
		w.lead.state.Announce(index, p.holds(), w.now)
		p.hello = true
	}
	var began []plan.Held
	for _, r := range p.running {
		began = append(began, r.Held)
	}
	w.lead.state.Started(index, began, w.now)
	for p.sent < len(p.outbox) && !w.goes(reportIsLate) {
		w.report(index, p.outbox[p.sent])
		if w.goes(reportTwice) {
			w.report(index, p.outbox[p.sent])
		}
		p.sent++
	}
	if !p.drained || w.dice.IntN(2) == 0 {
		w.ask(p)
	}
	if p.drained && len(p.running)+len(p.queued)+len(p.outbox) == 0 {
		w.lead.state.Sealed(index, w.now)
	}
}

// speakFromTheGrave is what a pod does that is taken for dead but is not. The collector takes no rows of it.
func (w *world) speakFromTheGrave(p *pod) {
	index := p.start.Index
	w.lead.state.Seen(index, plan.Pod{Running: true}, w.now)
	w.lead.state.Announce(index, p.end.Lost, w.now)
	w.lead.state.Started(index, p.end.Lost, w.now)
	w.lead.state.Added(index, w.now)
	w.lead.state.Ended(index, plan.End{Cause: plan.Died, Lost: p.end.Lost}, w.now)
	if g := w.lead.state.Grant(index, plan.Ask{}, w.now); !g.Drain {
		w.t.Fatalf("worker %d has ended and is granted %+v", index, g)
	}
}

func (w *world) ask(p *pod) {
	queued, atWork := len(p.queued), len(p.running)
	g := w.lead.state.Grant(p.start.Index, plan.Ask{Queued: queued, Running: atWork, Load: w.load(p, p.running) + w.queuedLoad(p)}, w.now)
	w.t.Logf("worker %d with %d queued, %d running is granted %+v", p.start.Index, queued, atWork, g)
	w.checkGrant(p, g)
	if !w.orderly && w.goes(leaseLost) {
		return
	}
	p.queued = append(p.queued, g.Attempts...)
	if g.Drain {
		p.drained, p.queued = true, nil
	}
	if g.Stop != "" {
		p.running = nil
	}
	w.checkGroups()
}

func (w *world) queuedLoad(p *pod) int {
	n := 0
	for _, h := range p.queued {
		n += w.cost(p, h)
	}
	return n
}

func (w *world) checkGrant(p *pod, g plan.Grant) {
	if len(g.Attempts) > 0 && (len(p.queued) >= p.slots(w) || g.Drain || w.suspend || w.cancel) {
		w.t.Fatalf("worker %d holds %d in its queue and is granted %+v", p.start.Index, len(p.queued), g)
	}
	for _, h := range g.Attempts {
		if v, ok := w.lead.state.Verdict(h.Ordinal); ok || !w.tests[h.Ordinal].Selected {
			w.t.Fatalf("worker %d is granted %+v, which has the verdict %+v", p.start.Index, h, v)
		}
		if alone := len(p.start.Tests) > 0; alone && !slices.Contains(p.start.Tests, h.Ordinal) || !alone && w.policy(h.Ordinal).Alone {
			w.t.Fatalf("worker %d of class %s is granted %+v", p.start.Index, p.start.Class, h)
		}
		if class := w.classOf(p); class >= 0 && class != w.policy(h.Ordinal).Class {
			w.t.Fatalf("worker %d of class %s is granted %+v", p.start.Index, p.start.Class, h)
		}
		for _, other := range w.pods {
			if w.orderly && other.end == nil && slices.ContainsFunc(other.holds(), func(o plan.Held) bool { return o.Ordinal == h.Ordinal }) {
				if !slices.ContainsFunc(other.outbox, func(r outcome.Row) bool { return r.Ordinal == h.Ordinal }) {
					w.t.Fatalf("worker %d is granted %+v, which worker %d has", p.start.Index, h, other.start.Index)
				}
			}
		}
	}
}

// reconcile is a pass of the controllers: observe, decide, record, act.
func (w *world) reconcile() {
	for _, i := range w.indices() {
		p := w.pods[i]
		switch {
		case p.end == nil:
			w.lead.state.Seen(i, p.seen(), w.now)
		case w.batches[i].End == nil && !w.close(p):
			return // the next leader begins with a pass of its own
		}
	}
	step := w.lead.state.Next(w.now)
	w.started = w.lead.state.TestsStarted()
	w.t.Logf("at %s: %+v", w.now.Sub(epoch), step)
	w.checkStep(step)
	if step.Ending != nil {
		w.flush()
		w.ending = step.Ending
		return
	}
	for _, s := range step.Start {
		w.start(s)
	}
}

func (p *pod) seen() plan.Pod {
	seen := plan.Pod{Running: p.up, Since: p.made}
	if p.blocked && !p.up {
		seen.Blocked, seen.Message = "Unschedulable", "0/1 nodes are available"
	}
	return seen
}

func (w *world) start(s plan.Start) {
	if b := w.batches[s.Index]; b != nil {
		if diff := cmp.Diff(plan.Start{Index: b.Index, Class: b.Class, Tests: b.Tests}, s); diff != "" {
			w.t.Fatalf("worker %d was asked for in other words:\n%s", s.Index, diff)
		}
	} else if w.goes(creationFails) {
		w.lead.state.CreateFailed(plan.Blocked{Reason: "QuotaExceeded", Message: "exceeded quota"}, w.now)
		return
	}
	w.batches[s.Index] = &plan.Batch{Index: s.Index, Class: s.Class, Tests: s.Tests}
	if w.goes(creationUnknown) {
		return
	}
	w.pods[s.Index] = &pod{start: s, made: w.now}
	w.lead.state.Added(s.Index, w.now)
}

// close records how a pod ended, in one write with what came another way. It is false if the leader did not live to
// know.
func (w *world) close(p *pod) bool {
	index := p.start.Index
	judged := w.lead.state.Judge(index, *p.end)
	if w.endsFirst {
		w.lead.state.Ended(index, *p.end, w.now)
	}
	for _, row := range p.outbox[p.sent:] {
		if !w.goes(lastWordsLost) {
			w.report(index, row)
		}
	}
	for _, row := range judged {
		w.produced[bare(row)] = true
		w.report(index, row)
	}
	w.t.Logf("worker %d is closed: %+v", index, *p.end)
	w.write(index)
	w.batches[index].End = p.end
	if w.goes(leaderDiesClosing) {
		w.takeover()
		return false
	}
	w.lead.state.Ended(index, *p.end, w.now)
	return true
}

func (w *world) checkStep(step plan.Step) {
	if err := w.lead.state.Broken(); err != nil {
		w.t.Fatal(err)
	}
	if n := w.alive(); len(step.Start) > 0 && n+len(step.Start) > w.set.Parallelism {
		w.t.Fatalf("%d workers are alive and %d are asked for; %d may be", n, len(step.Start), w.set.Parallelism)
	}
	before := w.now.Add(24 * time.Hour)
	if !step.Again.IsZero() {
		before = step.Again.Add(-1)
	}
	if step.Ending == nil {
		later := w.lead.state.Next(before)
		if diff := cmp.Diff(step, later); diff != "" {
			w.t.Fatalf("nothing has happened, it is not yet time to look again, but:\n%s", diff)
		}
	}
	if !w.calm || w.dice.IntN(10) == 0 {
		w.compare(step)
	}
}

// ghosts are batches that were made without the leader being told.
func (w *world) ghosts() int {
	n := 0
	for i := range w.batches {
		if w.pods[i] == nil {
			n++
		}
	}
	return n
}

// compare holds the State against one that is made of the facts.
func (w *world) compare(step plan.Step) {
	if w.ghosts() > 0 {
		return // what nobody knows
	}
	w.flush()
	fresh := plan.New(w.facts(), w.now)
	for _, i := range w.indices() {
		p := w.pods[i]
		if p.end != nil && w.batches[i].End != nil {
			continue
		}
		fresh.Seen(i, p.seen(), w.now)
		if p.hello {
			fresh.Announce(i, p.holds(), w.now)
		}
	}
	if err := fresh.Broken(); err != nil {
		w.t.Fatal(err)
	}
	ending := fresh.Next(w.now).Ending
	if (ending == nil) != (step.Ending == nil) && (early(step.Ending) || early(ending)) {
		return // what runs, and how long it has been waited for, each leader knows for itself
	}
	a, b := w.lead.state.Counts(), fresh.Counts()
	a.Running, b.Running = 0, 0
	a.WorkersStarting, b.WorkersStarting = a.WorkersStarting+a.WorkersRunning, b.WorkersStarting+b.WorkersRunning
	a.WorkersRunning, b.WorkersRunning = 0, 0
	if diff := cmp.Diff(a, b); diff != "" {
		w.t.Fatalf("counts of the live State and of one made anew:\n%s", diff)
	}
	if diff := cmp.Diff(w.lead.state.Unfinished(), fresh.Unfinished()); diff != "" {
		w.t.Fatalf("unfinished tests of the live State and of one made anew:\n%s", diff)
	}
	for o := range uint32(len(w.tests)) {
		a, _ := w.lead.state.Verdict(o)
		b, _ := fresh.Verdict(o)
		if a != b {
			w.t.Fatalf("verdict of test %d: %+v; made anew: %+v", o, a, b)
		}
	}
	if startTimeout(ending) || startTimeout(step.Ending) {
		return // how long nobody has been at work, each leader knows for itself
	}
	if diff := cmp.Diff(step.Ending, ending); diff != "" {
		w.t.Fatalf("ending of the live State and of one made anew:\n%s", diff)
	}
}

func early(e *plan.Ending) bool {
	return e != nil && slices.Contains([]string{"Cancelled", "FailFast", "GlobalTimeout"}, e.Reason)
}

func startTimeout(e *plan.Ending) bool {
	return e != nil && strings.Contains(e.Message, "no pod has started")
}

// classOf is the class of a pod; that of a suspect is not always told by its name.
func (w *world) classOf(p *pod) int {
	if len(w.classes) == 0 {
		return -1
	}
	if p.start.Class == plan.ClassAlone {
		return 0
	}
	return slices.Index(w.classes, p.start.Class)
}

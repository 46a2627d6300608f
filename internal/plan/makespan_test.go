package plan_test

import (
	"container/heap"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
)

// What things take in the simulation of makespans, as in performance.md.
const (
	podStart    = 2 * time.Second
	pull        = 2 * time.Millisecond   // a request for work and its answer
	reportBatch = 100 * time.Millisecond // reports wait so long for company
)

// workload is how long tests take, unknown to the planner.
type workload struct {
	tests, workers, slots int
	mean                  time.Duration
	cv                    float64 // standard deviation / mean, lognormal
	binaries              int     // between which most of the variance is; 1: all tests are of one binary
}

// draw makes the tests of a workload. Of two or more binaries, tests of one differ by a fifth or so.
func (l workload) draw(seed uint64) ([]plan.Test, []time.Duration) {
	dice := rand.New(rand.NewPCG(seed, 0))
	tests, takes := make([]plan.Test, l.tests), make([]time.Duration, l.tests)
	sigma := math.Sqrt(math.Log(1 + l.cv*l.cv))
	within := sigma
	means := make([]float64, l.binaries)
	if l.binaries > 1 {
		within = 0.2
	}
	for i := range means {
		means[i] = 1
		if l.binaries > 1 {
			means[i] = math.Exp(sigma*dice.NormFloat64() - sigma*sigma/2)
		}
	}
	for i := range tests {
		b := i * l.binaries / l.tests
		tests[i] = plan.Test{Binary: int32(b), Selected: true}
		takes[i] = time.Duration(float64(l.mean) * means[b] * math.Exp(within*dice.NormFloat64()-within*within/2))
	}
	return tests, takes
}

// bound is the least time that the tests can take: nobody starts before a pod has started.
func (l workload) bound(takes []time.Duration) time.Duration {
	var sum, longest time.Duration
	for _, d := range takes {
		sum += d
		longest = max(longest, d)
	}
	return max(sum/time.Duration(l.workers*l.slots), longest) + podStart
}

// moment is something that happens at a time of the simulation.
type moment struct {
	at  time.Duration
	seq int
	do  func()
}

type moments []moment

func (m moments) Len() int { return len(m) }
func (m moments) Less(i, j int) bool {
	return m[i].at < m[j].at || m[i].at == m[j].at && m[i].seq < m[j].seq
}
func (m moments) Swap(i, j int) { m[i], m[j] = m[j], m[i] }
func (m *moments) Push(x any)   { *m = append(*m, x.(moment)) }
func (m *moments) Pop() any {
	last := (*m)[len(*m)-1]
	*m = (*m)[:len(*m)-1]
	return last
}

// race is a run where nothing goes wrong, on a clock of its own.
type race struct {
	state   *plan.State
	set     plan.Settings
	takes   []time.Duration
	now     time.Duration
	agenda  moments
	seq     int
	waiting []*runner // asked, and were given nothing
	pulls   int
	pods    int
	end     *plan.Ending
}

// runner is a worker of a race.
type runner struct {
	index, slots    int
	queued          []plan.Held
	running         int
	asks, drained   bool
	reports         []outcome.Row
	reportScheduled bool
}

func (r *race) clock() time.Time { return epoch.Add(r.now) }

func (r *race) after(d time.Duration, do func()) {
	r.seq++
	heap.Push(&r.agenda, moment{r.now + d, r.seq, do})
}

// run is how long the run took, from its creation to the last verdict.
func (r *race) run() time.Duration {
	r.next()
	for r.end == nil && len(r.agenda) > 0 {
		m := heap.Pop(&r.agenda).(moment)
		r.now = m.at
		m.do()
	}
	return r.now
}

func (r *race) next() {
	step := r.state.Next(r.clock())
	r.end = step.Ending
	for _, s := range step.Start {
		r.pods++
		r.state.Added(s.Index, r.clock())
		w := &runner{index: s.Index, slots: r.set.Slots}
		if len(s.Tests) > 0 {
			w.slots = 1
		}
		r.after(podStart, func() {
			r.state.Seen(w.index, plan.Pod{Running: true, Since: r.clock()}, r.clock())
			r.state.Announce(w.index, nil, r.clock())
			r.work(w)
		})
	}
}

// work starts what can be started, and asks for more in time.
func (r *race) work(w *runner) {
	for w.running < w.slots && len(w.queued) > 0 {
		h := w.queued[0]
		w.queued = w.queued[1:]
		w.running++
		r.after(r.takes[h.Ordinal], func() { r.done(w, h) })
	}
	if len(w.queued) < w.slots && !w.asks && !w.drained {
		w.asks = true
		r.after(pull/2, func() { r.answer(w) })
	}
	if w.drained && w.running == 0 && len(w.reports) == 0 {
		w.drained = false // once
		r.after(0, func() {
			r.state.Ended(w.index, plan.End{Cause: plan.Finished}, r.clock())
			r.next()
		})
	}
}

func (r *race) answer(w *runner) {
	g := r.state.Grant(w.index, plan.Ask{Queued: len(w.queued), Running: w.running}, r.clock())
	if len(g.Attempts) == 0 && !g.Drain {
		r.waiting = append(r.waiting, w)
		return
	}
	r.pulls++
	r.after(pull/2, func() {
		w.asks = false
		w.queued = append(w.queued, g.Attempts...)
		w.drained = g.Drain
		if g.Drain {
			w.asks = true // never again
		}
		r.work(w)
	})
}

func (r *race) done(w *runner, h plan.Held) {
	w.running--
	takes := uint64(r.takes[h.Ordinal].Microseconds())
	w.reports = append(w.reports, outcome.Row{Ordinal: h.Ordinal, Attempt: h.Attempt, Outcome: outcome.Passed, Duration: takes})
	if !w.reportScheduled {
		w.reportScheduled = true
		r.after(reportBatch, func() { r.report(w) })
	}
	r.work(w)
}

func (r *race) report(w *runner) {
	for _, row := range w.reports {
		r.state.Report(w.index, row, r.clock())
	}
	w.reports, w.reportScheduled = nil, false
	waiting := r.waiting
	r.waiting = nil
	for _, other := range waiting {
		r.answer(other)
	}
	r.work(w)
	if c := r.state.Counts(); c.Pending == 0 {
		r.next()
	}
}

// ratio is the makespan of a workload against the least possible, and how many leases and pods it took.
func (l workload) ratio(seed uint64, change func(*plan.Settings)) (ratio float64, pulls, pods int) {
	tests, takes := l.draw(seed)
	set := plan.Settings{Parallelism: l.workers, Slots: l.slots, MaxTests: 10_000, MaxAttempts: 1, InfraRetries: 3}
	if change != nil {
		change(&set)
	}
	r := &race{state: plan.New(plan.Facts{Settings: set, Tests: tests}, epoch), set: set, takes: takes}
	took := r.run()
	return float64(took) / float64(l.bound(takes)), r.pulls, r.pods
}

// Bounds are of the mean of five runs. To compare: what performance.md has for workers that pull one test at a time in
// list order is 1.02, 1.09 and 1.25 for the first three; with durations known in advance 1.003.
func TestMakespans(t *testing.T) {
	thousand := workload{tests: 1000, workers: 10, slots: 1, mean: time.Second}
	short := workload{tests: 10_000, workers: 16, slots: 1, mean: 50 * time.Millisecond}
	wide := workload{tests: 1000, workers: 4, slots: 4, mean: time.Second}
	with := func(l workload, cv float64, binaries int) workload {
		l.cv, l.binaries = cv, binaries
		return l
	}
	alone := func(set *plan.Settings) { set.Alone = true }
	short100 := func(set *plan.Settings) { set.MaxTests = 100 }
	for name, c := range map[string]struct {
		load   workload
		change func(*plan.Settings)
		want   float64
	}{
		"1,000 tests of one binary, cv 0.7":                  {with(thousand, 0.7, 1), nil, 1.02},
		"1,000 tests of one binary, cv 2":                    {with(thousand, 2, 1), nil, 1.07},
		"1,000 tests of one binary, cv 4":                    {with(thousand, 4, 1), nil, 1.25},
		"1,000 tests of 20 binaries, cv 0.7":                 {with(thousand, 0.7, 20), nil, 1.01},
		"1,000 tests of 20 binaries, cv 2":                   {with(thousand, 2, 20), nil, 1.01},
		"1,000 tests of 20 binaries, cv 4":                   {with(thousand, 4, 20), nil, 1.01},
		"1,000 tests of 20 binaries, cv 2, 4 slots a worker": {with(wide, 2, 20), nil, 1.01},
		"10,000 short tests of one binary, cv 0.7":           {with(short, 0.7, 1), nil, 1.01},
		"10,000 short tests of one binary, cv 2":             {with(short, 2, 1), nil, 1.03},
		"10,000 short tests of one binary, cv 4":             {with(short, 4, 1), nil, 1.10},
		"10,000 short tests of 20 binaries, cv 2":            {with(short, 2, 20), nil, 1.01},
		"10,000 short tests of 20 binaries, cv 4":            {with(short, 4, 20), nil, 1.02},
		"1,000 tests, a pod each, cv 0.7":                    {with(thousand, 0.7, 1), alone, 3.15},
		"1,000 tests of 20 binaries, workers last 100, cv 2": {with(thousand, 2, 20), short100, 1.05},
	} {
		t.Run(name, func(t *testing.T) {
			const seeds = 5
			var sum, worst float64
			var pulls, pods int
			for seed := range uint64(seeds) {
				ratio, n, p := c.load.ratio(seed, c.change)
				sum, worst, pulls, pods = sum+ratio, max(worst, ratio), pulls+n, pods+p
			}
			got := sum / seeds
			t.Logf("mean %.3f, worst %.3f; %d leases, %d pods", got, worst, pulls/seeds, pods/seeds)
			if got > c.want {
				t.Errorf("the run takes %.3f of the least possible, want at most %.2f", got, c.want)
			}
		})
	}
}

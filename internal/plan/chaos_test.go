package plan_test

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
)

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

func newWorld(t *rapid.T) *world {
	n := rapid.IntRange(1, 20).Draw(t, "tests")
	w := &world{
		t:         t,
		now:       epoch,
		set:       anySettings().Draw(t, "settings"),
		runs:      make([]int, n),
		pods:      map[int]*pod{},
		batches:   map[int]*plan.Batch{},
		produced:  map[outcome.Row]bool{},
		verdicts:  map[uint32]outcome.Row{},
		orderly:   rapid.Bool().Draw(t, "orderly"),
		endsFirst: rapid.Bool().Draw(t, "endsFirst"),
		dice:      rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0)),
	}
	for i := range w.odds {
		w.odds[i] = rapid.SampledFrom([]int{0, 0, 0, 5, 20, 50}).Draw(t, "odds")
	}
	w.drawPolicies()
	for range n {
		w.tests = append(w.tests, plan.Test{
			Policy:   int32(rapid.IntRange(0, max(0, len(w.policies)-1)).Draw(t, "policy")),
			Binary:   int32(rapid.IntRange(0, 3).Draw(t, "binary")),
			Selected: rapid.IntRange(0, 9).Draw(t, "not selected") < 9,
		})
		w.scripts = append(w.scripts, anyScript().Draw(t, "script"))
	}
	w.takeover()
	return w
}

// drawPolicies draws classes, groups and policies: often none.
func (w *world) drawPolicies() {
	if rapid.IntRange(0, 3).Draw(w.t, "plain") == 0 {
		return
	}
	w.classes = []string{"default", "big", "huge"}[:rapid.IntRange(1, 3).Draw(w.t, "classes")]
	for range rapid.IntRange(0, 3).Draw(w.t, "groups") {
		w.groups = append(w.groups, plan.Group{
			Max:       rapid.IntRange(1, 4).Draw(w.t, "max"),
			Exclusive: rapid.IntRange(0, 3).Draw(w.t, "exclusive") == 0,
		})
	}
	for range rapid.IntRange(1, 5).Draw(w.t, "policies") {
		w.policies = append(w.policies, plan.Policy{
			Class:       rapid.IntRange(0, len(w.classes)-1).Draw(w.t, "class"),
			Alone:       rapid.IntRange(0, 5).Draw(w.t, "alone") == 0,
			Group:       rapid.IntRange(0, len(w.groups)).Draw(w.t, "group"),
			Weight:      rapid.IntRange(1, 4).Draw(w.t, "weight"),
			Priority:    rapid.IntRange(-1, 1).Draw(w.t, "priority"),
			MaxAttempts: rapid.IntRange(1, 3).Draw(w.t, "attempts"),
			Backoff:     rapid.SampledFrom(backoffs).Draw(w.t, "backoff"),
			RetryAlone:  rapid.IntRange(0, 5).Draw(w.t, "retryAlone") == 0,
			FlakyFails:  rapid.IntRange(0, 3).Draw(w.t, "flakyFails") == 0,
		})
	}
}

var backoffs = []plan.Backoff{
	{},
	{},
	{Delay: time.Second},
	{Delay: 20 * time.Second, Jitter: true},
	{Delay: 5 * time.Second, MaxDelay: 15 * time.Second, Exponential: true, Jitter: true},
}

func anySettings() *rapid.Generator[plan.Settings] {
	return rapid.Custom(func(t *rapid.T) plan.Settings {
		set := plan.Settings{
			Parallelism:  rapid.IntRange(1, 4).Draw(t, "parallelism"),
			Slots:        rapid.IntRange(1, 3).Draw(t, "slots"),
			MaxTests:     rapid.SampledFrom([]int{1, 2, 5, 100}).Draw(t, "maxTests"),
			Alone:        rapid.IntRange(0, 3).Draw(t, "alone") == 0,
			MaxAttempts:  rapid.IntRange(1, 3).Draw(t, "maxAttempts"),
			InfraRetries: rapid.IntRange(0, 3).Draw(t, "infraRetries"),
			StartTimeout: rapid.SampledFrom([]time.Duration{time.Minute, time.Hour}).Draw(t, "startTimeout"),

			MaxFail:       rapid.SampledFrom([]int{0, 0, 1, 3}).Draw(t, "maxFail"),
			FailImmediate: rapid.Bool().Draw(t, "failImmediate"),
			GlobalTimeout: rapid.SampledFrom([]time.Duration{0, 0, 0, 5 * time.Minute}).Draw(t, "globalTimeout"),
			Seed:          1,
		}
		if rapid.IntRange(0, 5).Draw(t, "deadline") == 0 {
			set.Deadline = epoch.Add(10 * time.Minute)
		}
		return set
	})
}

func anyScript() *rapid.Generator[script] {
	return rapid.Custom(func(t *rapid.T) script {
		c := script{
			Fails: rapid.SampledFrom([]int{0, 0, 0, 0, 0, 1, 2, 100}).Draw(t, "fails"),
			Good:  rapid.SampledFrom([]outcome.Outcome{outcome.Passed, outcome.Passed, outcome.Skipped}).Draw(t, "good"),
			Takes: rapid.SampledFrom([]time.Duration{time.Millisecond, time.Second, time.Minute}).Draw(t, "takes"),
		}
		if rapid.IntRange(0, 9).Draw(t, "kills") == 0 {
			c.Kills = rapid.SampledFrom([]plan.Cause{plan.OOMKilled, plan.Died}).Draw(t, "cause")
			c.KillRuns = rapid.SampledFrom([]int{1, 2, 100}).Draw(t, "killRuns")
		}
		return c
	})
}

var causes = []plan.Cause{plan.OOMKilled, plan.Evicted, plan.Deleted, plan.NodeLost, plan.StartFailed, plan.Died}

// aRound is what goes on most of the time, and what goes wrong meanwhile.
func (w *world) aRound() {
	for _, i := range w.indices() {
		w.aTurn(w.pods[i])
	}
	w.now = w.now.Add(pick(w, []time.Duration{0, time.Millisecond, time.Second, 5 * time.Second, time.Minute}))
	if !w.goes(nothingWritten) {
		w.flush()
	}
	if w.goes(leaderDies) {
		w.takeover()
	}
	if w.goes(specChanges) {
		w.theUserChangesTheSpec()
	}
	w.reconcile()
}

func (w *world) aTurn(p *pod) {
	if w.batches[p.start.Index].End != nil && w.goes(deadSpeak) {
		w.speakFromTheGrave(p)
	}
	p.blocked = w.goes(podSticks)
	p.hello = p.hello && !w.goes(reporterRestarts)
	p.up = p.up || !p.blocked && !w.goes(podStartsLate)
	w.work(p)
	if !w.goes(podIsSilent) {
		w.contact(p)
	}
	w.work(p)
	if w.goes(podDies) {
		w.kill(p, pick(w, causes))
	}
}

func (w *world) theUserChangesTheSpec() {
	switch w.dice.IntN(10) {
	case 0:
		w.cancel = true
		w.force = w.dice.IntN(3) == 0
		w.lead.state.Cancel(w.force)
	case 1, 2, 3, 4:
		w.suspend = !w.suspend
		w.lead.state.Suspend(w.suspend)
	default:
		w.set.Parallelism = 1 + w.dice.IntN(4)
		w.lead.state.Resize(w.set.Parallelism)
	}
}

// heal lets nothing more go wrong, but for what the tests themselves do, and expects the end.
func (w *world) heal() {
	w.calm = true
	if w.suspend {
		w.suspend = false
		w.lead.state.Suspend(false)
	}
	for round := 0; w.ending == nil; round++ {
		if round > 10_000 {
			w.t.Fatalf("the run does not end: %+v, next %+v", w.lead.state.Counts(), w.lead.state.Next(w.now))
		}
		w.reconcile()
		for _, i := range w.indices() {
			p := w.pods[i]
			p.up = true
			w.work(p)
			w.contact(p)
			w.work(p)
		}
		w.flush()
		w.now = w.now.Add(time.Second)
	}
}

// More of it: go test -run Whatever -rapid.checks=100000 ./internal/plan
func TestWhateverHappensARunEndsWithEverythingAccountedFor(t *testing.T) {
	for part := range 4 {
		t.Run(strconv.Itoa(part), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, aRun)
		})
	}
}

func FuzzRun(f *testing.F) { f.Fuzz(rapid.MakeFuzz(aRun)) }

func aRun(t *rapid.T) {
	w := newWorld(t)
	for range rapid.IntRange(0, 40).Draw(t, "rounds") {
		if w.ending == nil {
			w.aRound()
		}
	}
	w.heal()
	w.judge()
}

// judge holds the end against the ledgers, and these against what really ran.
func (w *world) judge() {
	state := w.lead.state
	facts := outcome.Facts{
		Tests:    len(w.tests),
		Selected: func(o uint32) bool { return w.tests[o].Selected },
		Rule:     state.Rule, Cut: state.Cut(),
		Verdict:    state.Verdict,
		Unfinished: state.Unfinished(),
		Told:       state.Tally(),
		Passed:     w.ending.Result == "Passed",
	}
	type attempt struct {
		ordinal uint32
		attempt uint16
	}
	seen := map[attempt]bool{}
	for i, b := range w.batches {
		facts.Ledgers = append(facts.Ledgers, b.Rows)
		for _, r := range b.Rows {
			if !w.produced[bare(r)] {
				w.t.Errorf("ledger %d tells of %+v, which never was", i, r)
			}
			if a := (attempt{r.Ordinal, r.Attempt}); seen[a] {
				w.t.Errorf("%+v is told twice", a)
			} else {
				seen[a] = true
			}
		}
	}
	for _, err := range outcome.Check(facts) {
		w.t.Error(err)
	}
	for i, p := range w.pods {
		if p.started > w.set.MaxTests {
			w.t.Errorf("worker %d started %d attempts, the most is %d", i, p.started, w.set.MaxTests)
		}
	}
	w.judgeEnding(state.Counts())
}

func (w *world) judgeEnding(c plan.Counts) {
	e := w.ending
	bad := c.Failed + c.TimedOut + c.Crashed + c.OOMKilled
	if c.Selected != c.Passed+c.Skipped+bad+c.Pending {
		w.t.Errorf("the counts do not add up: %+v", c)
	}
	want := w.endings(c, bad)
	got := strings.Join([]string{e.Result, e.Reason, strconv.Itoa(int(e.Exit))}, " ")
	if !slices.Contains(want, got) {
		w.t.Errorf("the end is %q, want one of %q; counts %+v", got, want, c)
	}
}

// endings are those that such counts may lead to.
func (w *world) endings(c plan.Counts, bad int) []string {
	switch {
	case c.Selected == 0:
		return []string{"Failed NoTests 4"}
	case c.Pending == 0 && bad == 0:
		return []string{"Passed Passed 0"}
	}
	var want []string
	if w.cancel {
		want = append(want, "Cancelled Cancelled 130")
	}
	if w.set.MaxFail > 0 && bad >= w.set.MaxFail {
		want = append(want, "Failed FailFast 100")
	}
	if w.set.GlobalTimeout > 0 {
		want = append(want, "Failed GlobalTimeout 100")
	}
	if !w.set.Deadline.IsZero() {
		want = append(want, "Failed DeadlineExceeded 100")
	}
	if bad > 0 {
		return append(want, "Failed TestsFailed 100")
	}
	return append(want, "Error Infrastructure 120", "Error StartTimeout 120")
}

package report

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/settings"
)

// Follower turns what is seen of a run, in whatever order and however often, into its events.
type Follower struct {
	// Command is how podtest was called, for the commands that it shows: "podtest", "kubectl podtest".
	Command string

	run   *v1alpha1.TestRun
	book  *Book
	noted string
	ended map[string]bool // workers whose bad end was told
	early map[string]*v1alpha1.TestBatch
	done  int64
}

// Run takes in the run as it is now.
func (f *Follower) Run(run *v1alpha1.TestRun, now time.Time) []Event {
	var events []Event
	if f.run == nil {
		spec := run.Spec.Template.Spec
		image := ""
		if len(spec.Containers) > 0 {
			image = spec.Containers[v1alpha1.TestContainer(&spec)].Image
		}
		events = append(events, Begun{Namespace: Line(run.Namespace), Name: Line(run.Name), Image: Line(image)})
	}
	f.run = run
	if note, ok := f.note(now); ok {
		events = append(events, note)
	}
	return events
}

// note says why the run waits, once for each reason.
func (f *Follower) note(now time.Time) (Note, bool) {
	c := meta.FindStatusCondition(f.run.Status.Conditions, v1alpha1.ConditionReconciling)
	if c == nil || f.Complete() || c.Reason == v1alpha1.ReasonRunning {
		return Note{}, false
	}
	saying := c.Reason + " " + c.Message
	if saying == f.noted {
		return Note{}, false
	}
	f.noted = saying
	word := "PENDING"
	switch c.Reason {
	case v1alpha1.ReasonListing:
		word = "Listing"
	case v1alpha1.ReasonSuspended:
		word = "SUSPENDED"
	}
	return Note{Word: word, Elapsed: f.elapsed(now), Text: Block(strings.TrimPrefix(c.Message, "waiting: "))}, true
}

// patience is how long a run may be without anyone looking at it.
const patience = 10 * time.Second

// Neglected says, once, that nobody looks at the run.
func (f *Follower) Neglected(now time.Time) (Note, bool) {
	if len(f.run.Status.Conditions) > 0 || f.noted != "" || f.elapsed(now) < patience {
		return Note{}, false
	}
	f.noted = "neglected"
	text := "nobody has looked at the run yet: is podtest installed, and does its manager run?"
	return Note{Word: "PENDING", Elapsed: f.elapsed(now), Text: Line(text)}, true
}

// WantsCatalog is true once the tests are known to the operator and not to us.
func (f *Follower) WantsCatalog() bool {
	return f.book == nil && f.run != nil && f.run.Status.Catalog != nil
}

// Catalog takes in the tests.
func (f *Follower) Catalog(cat *catalog.Catalog, set *settings.Resolved, now time.Time) ([]Event, error) {
	f.book = NewBook(cat, set)
	var selected int64
	f.book.Selected(func(uint32, Entry, bool) { selected++ })
	all := int64(len(set.Tests))
	events := []Event{Listed{
		Tests: all, Binaries: int64(len(cat.Binaries)), Selected: selected, NotSelected: all - selected,
	}}
	waiting := slices.SortedFunc(maps.Values(f.early), func(a, b *v1alpha1.TestBatch) int {
		return cmp.Compare(a.Spec.Index, b.Spec.Index)
	})
	f.early = nil
	for _, b := range waiting {
		more, err := f.Batch(b, now)
		if err != nil {
			return events, err
		}
		events = append(events, more...)
	}
	return events, nil
}

// Batch takes in a batch of the run as it is now.
func (f *Follower) Batch(batch *v1alpha1.TestBatch, now time.Time) ([]Event, error) {
	if f.run == nil || batch.Spec.Run.UID != f.run.UID {
		return nil, nil
	}
	if f.book == nil {
		if f.early == nil {
			f.early = map[string]*v1alpha1.TestBatch{}
		}
		f.early[batch.Name] = batch
		return nil, nil
	}
	entries, err := f.book.Read(batch)
	if err != nil {
		return nil, err
	}
	events := make([]Event, 0, len(entries))
	for _, e := range entries {
		if e.Decided {
			f.done++
		}
		events = append(events, f.attempt(e))
	}
	if note, ok := f.badEnd(batch, now); ok {
		events = append(events, note)
	}
	return events, nil
}

func (f *Follower) attempt(e Entry) Attempt {
	test := f.book.Test(e.Row.Ordinal)
	excerpt := e.Excerpt
	if excerpt == "" {
		excerpt = Why(e.Row)
	}
	return Attempt{
		Test: test, Row: e.Row, Allowed: f.book.Rule(e.Row.Ordinal).MaxAttempts,
		Final: e.Decided, Done: f.done, Of: f.run.Status.Tests.Selected,
		Pod: Line(e.Pod), Excerpt: Block(excerpt), Show: f.book.Settings(e.Row.Ordinal).FailureOutput,
		Command: f.command("logs", test.String()),
	}
}

// badEnds are the words for workers that ended early.
var badEnds = map[string]string{
	v1alpha1.CauseOOMKilled: "POD OOM", v1alpha1.CauseEvicted: "EVICTED", v1alpha1.CauseDeleted: "POD DELETED",
	v1alpha1.CauseNodeLost: "NODE LOST", v1alpha1.CauseStartFailed: "NOT STARTED", v1alpha1.CauseDied: "POD DIED",
}

func (f *Follower) badEnd(batch *v1alpha1.TestBatch, now time.Time) (Note, bool) {
	end := batch.Status.End
	if end == nil || badEnds[end.Cause] == "" || f.ended[batch.Name] {
		return Note{}, false
	}
	if f.ended == nil {
		f.ended = map[string]bool{}
	}
	f.ended[batch.Name] = true
	text := fmt.Sprintf("%s: %s", batch.Name, end.Message)
	if n := len(end.Lost); n > 0 {
		text += fmt.Sprintf(" (%s interrupted)", count(int64(n), "test"))
	}
	return Note{Word: badEnds[end.Cause], Elapsed: f.elapsed(now), Text: Block(text)}, true
}

// Progress is where the run stands.
func (f *Follower) Progress(now time.Time) Progress {
	word := "Running"
	switch {
	case f.book == nil:
		word = "Listing"
	case f.run.Spec.Suspend:
		word = "Suspended"
	}
	return Progress{Word: word, Elapsed: f.elapsed(now), Tests: f.counts()}
}

// counts are our own where verdicts are concerned, for status is up to a second behind what has been printed.
func (f *Follower) counts() v1alpha1.TestCounts {
	if f.book == nil {
		return v1alpha1.TestCounts{}
	}
	c, t := f.run.Status.Tests, f.book.Tally
	c.Passed, c.Failed, c.Flaky, c.TimedOut = int64(t.Passed), int64(t.Failed), int64(t.Flaky), int64(t.TimedOut)
	c.Crashed, c.OOMKilled, c.Skipped = int64(t.Crashed), int64(t.OOMKilled), int64(t.Skipped)
	c.Running = min(c.Running, c.Selected-done(c))
	return c
}

// Complete is true once the run as last seen is at its end.
func (f *Follower) Complete() bool {
	return f.run != nil && meta.IsStatusConditionTrue(f.run.Status.Conditions, v1alpha1.ConditionComplete)
}

// Ended is the last word on a run that is complete, after its batches were taken in once more.
func (f *Follower) Ended(now time.Time) Ended {
	st := f.run.Status
	e := Ended{
		Result: string(st.Result), Elapsed: f.elapsed(now), Tests: st.Tests, Command: f.command("results"),
	}
	if st.ExitCode != nil {
		e.ExitCode = *st.ExitCode
	}
	if c := meta.FindStatusCondition(st.Conditions, v1alpha1.ConditionComplete); c != nil {
		e.Message = Block(c.Message)
	}
	if f.book == nil {
		return e
	}
	f.book.Cut()
	e.Slow, e.Leaky, e.Workers = int64(f.book.Slow), int64(f.book.Leaky), int64(f.book.Batches())
	f.book.Selected(func(_ uint32, entry Entry, decided bool) {
		if decided && (!entry.Row.Outcome.Good() || entry.Flaky) {
			e.Repeated = append(e.Repeated, f.attempt(entry))
		}
	})
	return e
}

func (f *Follower) elapsed(now time.Time) time.Duration {
	st := f.run.Status
	if took, err := time.ParseDuration(st.Duration); err == nil && st.CompletionTime != nil {
		return took
	}
	since := f.run.CreationTimestamp.Time
	if st.StartTime != nil {
		since = st.StartTime.Time
	}
	if since.IsZero() {
		return 0
	}
	return max(0, now.Sub(since))
}

// command is a podtest command about the run, to be copied.
func (f *Follower) command(verb string, args ...string) Text {
	words := []string{f.Command, verb, "--namespace", f.run.Namespace, f.run.Name}
	for _, a := range args {
		words = append(words, Quote(a))
	}
	return Line(strings.Join(words, " "))
}

// Trouble says that the cluster cannot be reached for the moment.
func (f *Follower) Trouble(err error, now time.Time) Note {
	return Note{Word: "OFFLINE", Elapsed: f.elapsed(now), Text: Block(err.Error() + "; trying again")}
}

// Incomplete says that not all that belongs to the run could be read.
func (f *Follower) Incomplete(err error, now time.Time) Note {
	return Note{Word: "INCOMPLETE", Elapsed: f.elapsed(now), Text: Block("not all details could be read: " + err.Error())}
}

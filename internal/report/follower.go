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
	"github.com/podtest/podtest/internal/wire"
)

// Follower turns what is seen of a run, in whatever order and however often, into its events.
type Follower struct {
	// Command is how podtest was called, for the commands that it shows: "podtest", "kubectl podtest".
	Command string
	// FailureOutput and SuccessOutput stand above what the run says; they decide what output is waited for.
	FailureOutput, SuccessOutput v1alpha1.OutputPolicy
	// Skipped: tests that are not selected are told too, one by one.
	Skipped bool

	run      *v1alpha1.TestRun
	book     *Book
	noted    string
	draining bool            // and that was told
	ended    map[string]bool // workers whose bad end was told
	early    map[string]*v1alpha1.TestBatch
	waiting  waiting
	periods  map[Try]int64    // slow periods that were told of
	numbers  map[uint32]int64 // of tests that failed or are flaky: which one to get its verdict
	done     int64
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
		events = append(events, Begun{Namespace: run.Namespace, Name: run.Name, UID: string(run.UID), Image: image})
	}
	f.run = run
	if note, ok := f.note(now); ok {
		events = append(events, note)
	}
	if e, ok := f.cancelling(now); ok {
		events = append(events, e)
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
	text := unicoded(strings.TrimPrefix(c.Message, "waiting: "))
	return Note{Word: word, Reason: c.Reason, Elapsed: f.elapsed(now), Text: text}, true
}

// WantsCatalog is true once the tests are known to the operator and not to us.
func (f *Follower) WantsCatalog() bool {
	return f.book == nil && f.run != nil && f.run.Status.Catalog != nil
}

// Catalog takes in the tests.
func (f *Follower) Catalog(cat *catalog.Catalog, set *settings.Resolved, now time.Time) ([]Event, error) {
	f.book = NewBook(cat, set)
	events := f.listed(cat, set)
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

func (f *Follower) listed(cat *catalog.Catalog, set *settings.Resolved) []Event {
	var selected int64
	f.book.Selected(func(uint32, Entry, bool) { selected++ })
	all := int64(len(set.Tests))
	e := Listed{Tests: all, Binaries: int64(len(cat.Binaries)), Selected: selected, NotSelected: all - selected}
	if f.run.Spec.Mode != v1alpha1.ModeList {
		e.Workers, e.Slots = int64(f.run.Spec.Parallelism), int64(f.run.Spec.Worker.Slots)
	}
	events := []Event{Event(nil)}
	f.book.LeftOut(func(ordinal uint32, why settings.Reason) {
		if e.LeftOut == nil {
			e.LeftOut = map[string]int64{}
		}
		e.LeftOut[notSelected[why]]++
		if f.Skipped {
			events = append(events, Skipped{Test: f.book.name(ordinal), By: notSelected[why]})
		}
	})
	events[0] = e
	return events
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
	for _, e := range entries {
		f.waiting.add(held{Entry: e, printed: f.printed(e), until: now.Add(outputPatience)})
	}
	events := f.release(now)
	if note, ok := f.badEnd(batch, now); ok {
		events = append(events, note)
	}
	return events, nil
}

// attempt is an entry as an event, with what the attempt printed if that is known.
func (f *Follower) attempt(e Entry, printed *wire.Output) Attempt {
	ordinal := e.Row.Ordinal
	test := f.book.name(ordinal)
	a := Attempt{
		Test: test, Row: e.Row, Allowed: f.book.Rule(ordinal).MaxAttempts, Final: e.Decided,
		Done: f.done, Of: f.run.Status.Tests.Selected, Pod: e.Pod, Node: e.Node,
	}
	set := f.book.Settings(ordinal)
	a.Show = set.SuccessOutput
	if e.Row.Outcome.Good() {
		a.Output = outputOf(printed)
		return a
	}
	a.Show = set.FailureOutput
	a.Why, a.Excerpt, _ = strings.Cut(unicoded(e.Excerpt), "\n")
	a.Why = cmp.Or(a.Why, Why(e.Row))
	if a.Output = outputOf(printed); a.Output != nil {
		a.Excerpt = ""
	}
	full := test.Binary + " " + test.Name
	a.Logs, a.Repro = f.command("logs", full), f.command("repro", full)
	return a
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
	return Note{
		Word: badEnds[end.Cause], Reason: end.Cause, Batch: batch.Name, Elapsed: f.elapsed(now), Text: unicoded(text),
	}, true
}

// Complete is true once the run as last seen is at its end.
func (f *Follower) Complete() bool {
	return f.run != nil && Completed(f.run) != nil
}

// Ended is the last word on a run that is complete, after its batches were taken in once more.
func (f *Follower) Ended(now time.Time) Ended {
	st := f.run.Status
	e := Ended{Result: string(st.Result), Elapsed: f.elapsed(now), Tests: st.Tests, Results: f.command("results")}
	if st.ExitCode != nil {
		e.ExitCode = *st.ExitCode
	}
	if c := Completed(f.run); c != nil {
		e.Reason, e.Message = c.Reason, unicoded(c.Message)
	}
	if f.book == nil {
		return e
	}
	if t := st.Tests; t.NotRun > 0 {
		e.Rerun = f.command("rerun")
	} else if t.Failed+t.TimedOut+t.Crashed+t.OOMKilled > 0 {
		e.Rerun = f.command("rerun") + " --failed"
	}
	f.book.Cut()
	e.Slow, e.Leaky, e.Workers = int64(f.book.Slow), int64(f.book.Leaky), int64(f.book.Batches())
	f.book.Selected(func(ordinal uint32, entry Entry, decided bool) {
		if decided && (!entry.Row.Outcome.Good() || entry.Flaky) {
			a := f.attempt(entry, nil)
			a.Done = cmp.Or(f.numbers[ordinal], f.done)
			e.Repeated = append(e.Repeated, a)
		}
	})
	return e
}

func (f *Follower) elapsed(now time.Time) Micros {
	st := f.run.Status
	if took, err := time.ParseDuration(st.Duration); err == nil && st.CompletionTime != nil {
		return micros(took)
	}
	since := f.run.CreationTimestamp.Time
	if st.StartTime != nil {
		since = st.StartTime.Time
	}
	if since.IsZero() {
		return 0
	}
	return max(0, micros(now.Sub(since)))
}

// command is a podtest command about the run, to be copied.
func (f *Follower) command(verb string, args ...string) string {
	words := []string{f.Command, verb, "--namespace", f.run.Namespace, f.run.Name}
	for _, a := range args {
		words = append(words, Quote(a))
	}
	return strings.Join(words, " ")
}

// Recovered says that it can be reached again.
func (f *Follower) Recovered(now time.Time) Note {
	return Note{Word: "ONLINE", Elapsed: f.elapsed(now), Text: "the cluster answers again"}
}

// Trouble says that the cluster cannot be reached for the moment.
func (f *Follower) Trouble(err error, now time.Time) Note {
	return Note{Word: "OFFLINE", Elapsed: f.elapsed(now), Text: unicoded(err.Error()) + "; trying again"}
}

// Incomplete says that not all that belongs to the run could be read.
func (f *Follower) Incomplete(err error, now time.Time) Note {
	text := "not all details could be read: " + unicoded(err.Error())
	return Note{Word: "INCOMPLETE", Elapsed: f.elapsed(now), Text: text}
}

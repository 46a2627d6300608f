// Package chronicle puts in order of time what happened to a run: Kubernetes' events about it and what belongs to it,
// the ends of its workers, and the changes of its conditions. Whatever is seen may be seen again.
package chronicle

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/outcome"
)

// Entry is something that happened, once or several times. Its texts are not neutralised: they are data.
type Entry struct {
	Time    time.Time `json:"time"` // of the last time
	Warning bool      `json:"warning,omitempty"`
	Kind    string    `json:"kind"` // of the object
	Object  string    `json:"object"`
	Reason  string    `json:"reason"`
	Message string    `json:"message"`
	Count   int32     `json:"count"`
}

// key tells entries apart: what is alike but for its time is one.
type key struct{ kind, object, reason, message string }

// known is an entry and what makes up its count.
type known struct {
	Entry
	counts map[types.UID]int32 // by event
	fresh  bool
	number int // in which it was first seen
}

// Chronicle is of one run.
type Chronicle struct {
	run     *v1alpha1.TestRun
	uids    map[types.UID]bool
	entries map[key]*known
	workers *regexp.Regexp
}

// New begins the chronicle of a run.
func New(run *v1alpha1.TestRun) *Chronicle {
	c := &Chronicle{
		uids: map[types.UID]bool{run.UID: true}, entries: map[key]*known{},
		workers: regexp.MustCompile("^" + regexp.QuoteMeta(run.Name) + `-w[0-9]{5,}$`),
	}
	c.run = &v1alpha1.TestRun{}
	c.Run(run, time.Time{})
	return c
}

// Complete reports whether the run has ended, as far as was seen.
func (c *Chronicle) Complete() bool { return c.run.Status.CompletionTime != nil }

// told are the conditions that tell something which no other does, and the status in which each is bad news.
var told = map[string]metav1.ConditionStatus{
	v1alpha1.ConditionAccepted: metav1.ConditionFalse, v1alpha1.ConditionListed: metav1.ConditionFalse,
	v1alpha1.ConditionSucceeded: metav1.ConditionFalse, v1alpha1.ConditionWarning: metav1.ConditionTrue,
	v1alpha1.ConditionReconciling: "", v1alpha1.ConditionSuspended: "",
}

// idle are the conditions that say nothing but that they do not hold.
func idle(t metav1.Condition) bool {
	switch t.Type {
	case v1alpha1.ConditionSucceeded:
		return t.Status == metav1.ConditionUnknown
	case v1alpha1.ConditionReconciling, v1alpha1.ConditionSuspended, v1alpha1.ConditionWarning:
		return t.Status != metav1.ConditionTrue
	}
	return false
}

// Run takes in the run as it is now. A condition that has got another reason did so now: its own time is that of its
// status.
func (c *Chronicle) Run(run *v1alpha1.TestRun, now time.Time) {
	was := c.run
	c.run = run
	for _, t := range run.Status.Conditions {
		bad, tells := told[t.Type]
		if !tells || idle(t) {
			continue
		}
		at := t.LastTransitionTime.Time
		if old := meta.FindStatusCondition(was.Status.Conditions, t.Type); old != nil && old.Status == t.Status {
			at = now
		}
		text := fmt.Sprintf("%s is %s", t.Type, t.Status)
		if t.Message != "" {
			text += ": " + t.Message
		}
		c.add("", 1, Entry{
			Time: at, Kind: "TestRun", Object: run.Name, Reason: t.Reason, Message: text,
			Warning: t.Status == bad && t.Reason != v1alpha1.ReasonWaiting,
		})
	}
}

// Batch takes in a batch as it is now: how its worker ended.
func (c *Chronicle) Batch(b *v1alpha1.TestBatch) {
	if b.Spec.Run.UID != c.run.UID {
		return
	}
	c.uids[b.UID] = true
	if p := b.Status.Pod; p != nil {
		c.uids[p.UID] = true
	}
	end := b.Status.End
	if end == nil {
		return
	}
	e := Entry{Time: ended(b), Kind: "TestBatch", Object: b.Name}
	e.Reason, e.Message = end.Cause, fmt.Sprintf("the worker ended after %d attempts", b.Status.Attempts)
	if b.Status.Attempts == 1 {
		e.Message = "the worker ended after 1 attempt"
	}
	if end.Message != "" {
		e.Message += ": " + end.Message
	}
	if n := len(end.Lost); n > 0 {
		e.Message += fmt.Sprintf(" (%d running)", n)
	}
	e.Warning = end.Cause != v1alpha1.CauseFinished && end.Cause != v1alpha1.CauseRunEnded
	c.add("", 1, e)
}

// ended is when a worker did, else when its last test did, else when the batch was made.
func ended(b *v1alpha1.TestBatch) time.Time {
	if p := b.Status.Pod; p != nil && p.FinishedTime != nil {
		return p.FinishedTime.Time
	}
	last := b.CreationTimestamp.Time
	rows, err := outcome.Decode(b.Status.Ledger)
	if err != nil {
		return last // podtest results tells of it
	}
	for _, r := range rows {
		if at := time.UnixMicro(r.Start + int64(r.Duration)); at.After(last) {
			last = at
		}
	}
	return last
}

// Event takes in an event of the run's namespace, if it is about the run or what belongs to it.
func (c *Chronicle) Event(e *eventsv1.Event) {
	at, count := when(e)
	if !c.concerns(e.Regarding) || at.Before(c.run.CreationTimestamp.Add(-time.Second)) {
		return // the latter is about another run of the same name
	}
	c.add(e.UID, count, Entry{
		Time: at, Warning: e.Type == corev1.EventTypeWarning, Kind: e.Regarding.Kind, Object: e.Regarding.Name,
		Reason: e.Reason, Message: e.Note,
	})
}

// when is when an event happened last, and how often it did. Older components fill in the older fields.
func when(e *eventsv1.Event) (time.Time, int32) {
	switch {
	case e.Series != nil:
		return e.Series.LastObservedTime.Time, e.Series.Count
	case !e.DeprecatedLastTimestamp.IsZero():
		return e.DeprecatedLastTimestamp.Time, max(1, e.DeprecatedCount)
	case !e.EventTime.IsZero():
		return e.EventTime.Time, 1
	}
	return e.CreationTimestamp.Time, 1
}

// concerns goes by UID where one is known; events about pods that are gone are known by their names.
func (c *Chronicle) concerns(o corev1.ObjectReference) bool {
	if c.uids[o.UID] && o.UID != "" {
		return true
	}
	switch o.Kind {
	case "TestRun":
		return o.UID == "" && o.Name == c.run.Name
	case "TestBatch":
		return c.workers.MatchString(o.Name)
	case "Job", "Pod":
		return c.workers.MatchString(o.Name) || slices.ContainsFunc(c.jobs(), func(job string) bool {
			return o.Name == job || o.Kind == "Pod" && strings.HasPrefix(o.Name, podsOf(job))
		})
	}
	return false
}

// jobs are the names of the Jobs of the run and of the pods of its services.
func (c *Chronicle) jobs() []string {
	names := []string{manifest.JobName(c.run.Name)}
	for _, f := range c.run.Status.Fixtures {
		for _, part := range []string{v1alpha1.PartSetup, v1alpha1.PartTeardown, v1alpha1.PartService} {
			names = append(names, manifest.FixtureName(c.run.Name, f.Name, part))
		}
	}
	return names
}

// longestJob is as much of its name as a Job gives its pods.
const longestJob = 57

func podsOf(job string) string { return job[:min(len(job), longestJob)] + "-" }

// add takes in an entry; of an event, with its UID, its count so far.
func (c *Chronicle) add(event types.UID, count int32, e Entry) {
	k := key{e.Kind, e.Object, e.Reason, e.Message}
	was := c.entries[k]
	if was == nil {
		was = &known{Entry: e, counts: map[types.UID]int32{}, number: len(c.entries)}
		was.Count = 0
		c.entries[k] = was
	}
	if was.counts[event] >= count {
		return
	}
	was.counts[event] = count
	was.Count = 0
	for _, n := range was.counts {
		was.Count += n
	}
	if e.Time.After(was.Time) {
		was.Time = e.Time
	}
	was.fresh = true
}

// Fresh are the entries that are new or have another count since the last call, in order of time.
func (c *Chronicle) Fresh() []Entry {
	var fresh []*known
	for _, e := range c.entries {
		if e.fresh {
			fresh = append(fresh, e)
			e.fresh = false
		}
	}
	slices.SortFunc(fresh, func(a, b *known) int {
		return cmp.Or(a.Time.Compare(b.Time), cmp.Compare(a.number, b.number))
	})
	entries := []Entry{}
	for _, e := range fresh {
		entries = append(entries, e.Entry)
	}
	return entries
}

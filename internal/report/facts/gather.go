package facts

import (
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/report"
)

// Of gathers the facts of a run. The command is how podtest was called.
func Of(in report.Input, command string) *Run {
	g := gathering{Input: in, pods: map[string]int{}}
	g.head()
	if g.run.Over {
		in.Book.Cut()
	}
	for i, w := range in.Book.Workers() {
		g.pods[w.Pod] = i
		g.run.Pods = append(g.run.Pods, Pod{
			Worker: w, Name: report.Line(w.Pod), Node: report.Line(w.Node), Class: report.Line(w.Class),
			Cause: report.Line(w.Cause), Message: report.Block(w.Message),
		})
	}
	in.Book.Selected(g.test)
	g.running()
	g.count()
	g.run.pack()
	g.run.Path = g.run.path()
	g.run.Settings = asked(&in.Run.Spec)
	g.run.Commands = commandsFor(in.Run, command)
	return &g.run
}

type gathering struct {
	report.Input
	run  Run
	pods map[string]int // by name: index into run.Pods
}

func (g *gathering) head() {
	from, r := g.Run, &g.run
	spec := from.Spec.Template.Spec
	if len(spec.Containers) > 0 {
		r.Image = report.Line(spec.Containers[v1alpha1.TestContainer(&spec)].Image)
	}
	r.Namespace, r.Name, r.UID = report.Line(from.Namespace), report.Line(from.Name), report.Line(string(from.UID))
	r.Verdict, r.ExitCode, r.Classes = GoesOn, from.Status.ExitCode, from.Status.Classes
	r.Start, r.End = from.CreationTimestamp.Time, g.Now
	if s := from.Status.StartTime; s != nil {
		r.Start = s.Time
	}
	if c := report.Completed(from); c != nil {
		r.Over, r.Verdict, r.Message = true, string(from.Status.Result), report.Block(c.Message)
		r.End = c.LastTransitionTime.Time
	}
	if c := from.Status.CompletionTime; c != nil {
		r.End = c.Time
	}
	if c := meta.FindStatusCondition(from.Status.Conditions, v1alpha1.ConditionListed); c != nil && c.Status == "True" {
		r.Listed = c.LastTransitionTime.Time
	}
	if c := meta.FindStatusCondition(from.Status.Conditions, v1alpha1.ConditionReconciling); c != nil && !r.Over {
		r.Message = report.Block(c.Message)
	}
	r.Notes = notes(from.Status.Conditions)
	for _, f := range from.Status.Fixtures {
		r.Fixtures = append(r.Fixtures, Note{
			Title: report.Line(f.Name + ": " + f.State), Text: report.Block(f.Message), Bad: f.State == "Failed",
		})
	}
}

// test takes in a test and its attempts.
func (g *gathering) test(ordinal uint32, final report.Entry, decided bool) {
	t := Test{Ordinal: ordinal, Test: g.Book.Test(ordinal), Outcome: report.Pending, Deciding: -1}
	for _, e := range g.Book.Attempts(ordinal) {
		if decided && e.Row.Attempt == final.Row.Attempt {
			t.Deciding = len(t.Attempts)
		}
		t.Attempts = append(t.Attempts, g.attempt(e))
	}
	switch {
	case decided:
		t.Outcome, t.Why = final.Row.Outcome.String(), report.Why(final.Row)
		t.Flaky, t.Slow, t.Leaky = final.Flaky, final.Row.Slow, final.Row.Leaky
	case g.run.Over:
		t.Outcome, t.Why = outcome.NotRun.String(), "it has no verdict, and the run is over"
	}
	g.run.Tests = append(g.run.Tests, t)
}

func (g *gathering) attempt(e report.Entry) Attempt {
	a := Attempt{
		Number: int(e.Row.Attempt), Outcome: e.Row.Outcome.String(), Why: report.Why(e.Row), Row: e.Row,
		Length: microseconds(e.Row.Duration), Pod: -1, Slot: -1,
	}
	if e.Row.Start != 0 {
		a.Start = time.UnixMicro(e.Row.Start)
	}
	if i, ok := g.pods[e.Pod]; ok {
		a.Pod = i
	}
	if a.Good() {
		return a // what passed tests printed would bury the rest
	}
	a.Excerpt = report.Block(e.Excerpt)
	if o, kept := g.Outputs[report.Try{Ordinal: e.Row.Ordinal, Attempt: e.Row.Attempt}]; kept {
		a.Streams = streams(o)
	}
	return a
}

// running adds the attempts that run.
func (g *gathering) running() {
	if g.run.Over {
		return
	}
	at := map[uint32]int{}
	for i := range g.run.Tests {
		at[g.run.Tests[i].Ordinal] = i
	}
	for _, now := range g.Run.Status.Running {
		i, ok := at[uint32(now.Ordinal)]
		if !ok || g.run.Tests[i].Outcome != report.Pending {
			continue
		}
		t := &g.run.Tests[i]
		if n := len(t.Attempts); n > 0 && t.Attempts[n-1].Number >= int(now.Attempt) {
			continue // it has ended since
		}
		a := Attempt{
			Number: int(now.Attempt), Outcome: Running, Start: now.StartTime.Time, Pod: -1, Slot: -1,
			Length: max(0, g.Now.Sub(now.StartTime.Time)),
		}
		if p, ok := g.pods[now.Pod]; ok {
			a.Pod = p
		}
		t.Outcome, t.Attempts = Running, append(t.Attempts, a)
	}
}

func (g *gathering) count() {
	c := Counts{
		Listed: int(g.Run.Status.Tests.Listed), Selected: len(g.run.Tests), Tally: g.Book.Tally,
		Decided: g.Book.Tally.Decided(), Slow: g.Book.Slow, Leaky: g.Book.Leaky,
	}
	if rest := c.Selected - c.Decided; g.run.Over {
		c.NotRun = rest
	} else {
		c.Pending = rest
	}
	g.run.Counts = c
}

// notes are the conditions that a reader should know of, besides the verdict's own.
func notes(conditions []metav1.Condition) []Note {
	var notes []Note
	for _, c := range conditions {
		bad := c.Type == v1alpha1.ConditionStalled
		told := bad || c.Type == v1alpha1.ConditionWarning || c.Type == v1alpha1.ConditionSuspended
		if !told || c.Status != "True" || (bad && c.Reason == v1alpha1.ReasonTestsFailed) {
			continue
		}
		notes = append(notes, Note{Title: report.Line(c.Type + ": " + c.Reason), Text: report.Block(c.Message), Bad: bad})
	}
	return notes
}

// asked is what the run was told, but for what nobody said.
func asked(spec *v1alpha1.TestRunSpec) []Setting {
	var all []Setting
	add := func(name string, value any) {
		if text := fmt.Sprint(value); text != "" && text != "0" {
			all = append(all, Setting{report.Line(name), report.Line(text)})
		}
	}
	add("filter", spec.Filter)
	add("default filter", spec.DefaultFilter)
	add("partition", spec.Partition)
	if spec.RunIgnored != v1alpha1.RunIgnoredDefault {
		add("ignored tests", spec.RunIgnored)
	}
	if spec.ProfileRef != nil {
		add("profile", spec.ProfileRef.Name)
	}
	if spec.Retries != nil {
		add("retries", spec.Retries.Count)
	}
	add("parallelism", spec.Parallelism)
	add("slots a pod", spec.Worker.Slots)
	return all
}

func microseconds(n uint64) time.Duration { return time.Duration(n) * time.Microsecond }

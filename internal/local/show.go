package local

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/report"
)

// begin tells that the run begins.
func (p *play) begin() {
	p.began = p.o.Now()
	at := metav1.NewTime(p.began)
	p.run.CreationTimestamp, p.run.Status.StartTime = at, &at
	p.condition(v1alpha1.ConditionReconciling, metav1.ConditionTrue, v1alpha1.ReasonListing,
		"the test binaries are asked for their tests")
	p.see(p.follower.Run(p.run, p.began))
}

func (p *play) condition(kind string, status metav1.ConditionStatus, reason, message string) {
	meta.SetStatusCondition(&p.run.Status.Conditions,
		metav1.Condition{Type: kind, Status: status, Reason: reason, Message: message})
}

// setListed notes that the tests are known.
func (p *play) setListed() {
	c := &p.run.Status.Tests
	c.Listed = int64(len(p.set.Tests))
	for _, t := range p.set.Tests {
		c.Selected += int64(one(t.Selected))
	}
	c.NotSelected, c.Pending = c.Listed-c.Selected, c.Selected
	p.run.Status.Catalog = &v1alpha1.CatalogRef{Digest: p.cat.Digest()}
	p.condition(v1alpha1.ConditionListed, metav1.ConditionTrue, v1alpha1.ReasonTestsListed,
		fmt.Sprintf("%d tests listed, %d selected", c.Listed, c.Selected))
	p.condition(v1alpha1.ConditionReconciling, metav1.ConditionTrue, v1alpha1.ReasonRunning, "tests are running")
	if len(p.set.Warnings) > 0 {
		p.condition(v1alpha1.ConditionWarning, metav1.ConditionTrue, v1alpha1.ReasonUnused,
			strings.Join(p.set.Warnings, "\n"))
	}
}

// listed tells of the tests.
func (p *play) listed() {
	now := p.o.Now()
	p.see(p.follower.Run(p.run, now))
	events, err := p.follower.Catalog(p.cat, p.set, now)
	p.broken = cmp.Or(p.broken, err)
	p.see(events)
}

func (p *play) noteStart(at time.Time) {
	if p.run.Status.TestsStartTime == nil {
		began := metav1.NewTime(at)
		p.run.Status.TestsStartTime = &began
	}
}

// show tells what is new.
func (p *play) show() {
	now := p.o.Now()
	p.fill()
	for _, l := range p.ledgers {
		if l.due(now) {
			p.showLedger(l, now)
		}
	}
	if now.Sub(p.shown) >= progressEvery {
		p.shown = now
		p.see(p.follower.Run(p.run, now))
		p.see(p.follower.Tick(now))
		p.tell(p.follower.Progress(now))
	}
}

func (p *play) showLedger(l *ledger, now time.Time) {
	l.dirty, l.shown = false, now
	for _, b := range l.written() {
		events, err := p.follower.Batch(b, now)
		p.broken = cmp.Or(p.broken, err)
		p.see(events)
	}
}

// fill copies the numbers of this moment.
func (p *play) fill() {
	manifest.SetCounts(&p.run.Status, p.state.Counts())
	p.run.Status.Running = p.runningNow()
}

// runningNow are the attempts that run, the longest first.
func (p *play) runningNow() []v1alpha1.RunningTest {
	var running []v1alpha1.RunningTest
	for _, w := range p.workers {
		for try, h := range w.held {
			if !h.began.IsZero() {
				running = append(running, v1alpha1.RunningTest{
					Ordinal: int64(try.Ordinal), Attempt: int32(try.Attempt), Test: p.cat.DisplayName(try.Ordinal), Pod: p.host,
					StartTime: metav1.NewMicroTime(h.began),
				})
			}
		}
	}
	slices.SortFunc(running, func(a, b v1alpha1.RunningTest) int {
		return cmp.Or(a.StartTime.Compare(b.StartTime.Time), cmp.Compare(a.Ordinal, b.Ordinal))
	})
	return running
}

// end notes the verdict.
func (p *play) end(e plan.Ending) {
	p.over = true
	now := metav1.NewTime(p.o.Now())
	st := &p.run.Status
	if p.state != nil {
		p.fill()
	}
	st.Result, st.ExitCode, st.CompletionTime, st.Running = v1alpha1.Result(e.Result), &e.Exit, &now, nil
	st.Duration = now.Sub(p.began).Round(time.Millisecond).String()
	st.Tests.NotRun += st.Tests.Pending
	st.Tests.Pending, st.Tests.Running = 0, 0
	succeeded := metav1.ConditionFalse
	if st.Result == v1alpha1.ResultPassed {
		succeeded = metav1.ConditionTrue
	}
	if st.Catalog == nil {
		p.condition(v1alpha1.ConditionListed, metav1.ConditionFalse, e.Reason, e.Message)
	}
	p.condition(v1alpha1.ConditionSucceeded, succeeded, e.Reason, e.Message)
	p.condition(v1alpha1.ConditionComplete, metav1.ConditionTrue, e.Reason, e.Message)
	meta.RemoveStatusCondition(&st.Conditions, v1alpha1.ConditionReconciling)
}

// finish tells the last word.
func (p *play) finish() {
	if p.run.Status.ExitCode == nil {
		return
	}
	now := p.o.Now()
	for _, l := range p.ledgers {
		p.showLedger(l, now)
	}
	p.see(p.follower.Run(p.run, now))
	p.see(p.follower.Late(now))
	p.tell(p.follower.Ended(now))
}

// book is what has become of the tests; nil if they are not known.
func (p *play) book() *report.Book {
	if p.set == nil {
		return nil
	}
	book := report.NewBook(p.cat, p.set)
	for _, l := range p.ledgers {
		for _, b := range l.written() {
			_, err := book.Read(b)
			p.broken = cmp.Or(p.broken, err)
		}
	}
	book.Cut()
	return book
}

func (p *play) see(events []report.Event) {
	for _, e := range events {
		p.tell(e)
	}
}

// tell has an event printed as it is meant here: there are no pods, no stored outputs, and nothing to look up later.
func (p *play) tell(e report.Event) {
	if p.broken != nil {
		return
	}
	switch is := e.(type) {
	case report.Begun:
		is.Image = ""
		e = is
	case report.Listed:
		is.Workers = 0
		e = is
	case report.Attempt:
		e = asHere(is)
	case report.Ended:
		is.Results, is.Rerun, is.Workers = "", "", 0
		for i := range is.Repeated {
			is.Repeated[i] = asHere(is.Repeated[i])
		}
		e = is
	}
	if p.broken = p.o.Print(e); p.broken != nil && p.state != nil && !p.over {
		p.state.Cancel(false)
	}
}

// asHere is an attempt without a pod, and without commands that ask a cluster.
func asHere(a report.Attempt) report.Attempt {
	a.Pod, a.Logs, a.Repro = "", "", ""
	return a
}

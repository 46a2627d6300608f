package collector_test

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/wire"
)

// begin tells that an attempt has begun, and lets a second go by.
func (p *reporter) begin(l *leader, a wire.Assignment) {
	p.t.Helper()
	p.held[[2]int{int(a.Ordinal), int(a.Attempt)}] = true
	p.say(wire.Message{Kind: wire.KindStarted, Started: []wire.Held{{Ordinal: a.Ordinal, Attempt: a.Attempt, Started: true}}})
	p.send(l, false)
	time.Sleep(time.Second)
}

func runningTest(name, pod string, ordinal int64, at time.Time) v1alpha1.RunningTest {
	return v1alpha1.RunningTest{Ordinal: ordinal, Attempt: 1, Test: "unit::a " + name, Pod: pod, StartTime: metav1.NewMicroTime(at)}
}

func TestTestsThatRunAreToldLongestFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 4, interceptor.Funcs{})
		b := w.batch(0)
		l := w.leader()
		defer l.stop()
		p := newReporter(t, b.Name)
		p.hello(l)
		if got := l.live.Running(); got != nil {
			t.Errorf("before a test was handed out %+v run", got)
		}
		at := time.Now()
		a := p.lease(l, 0, 0).Attempts
		if got := l.live.Running(); got != nil {
			t.Errorf("though none has begun %+v run", got)
		}
		p.begin(l, a[1])
		p.begin(l, a[0])
		want := []v1alpha1.RunningTest{
			runningTest("Test0001", b.Name, 1, at), runningTest("Test0000", b.Name, 0, at.Add(time.Second)),
		}
		if diff := cmp.Diff(want, l.live.Running()); diff != "" {
			t.Error(diff)
		}
		p.hello(l) // a reporter that says hello again has not begun anew
		if diff := cmp.Diff(want, l.live.Running()); diff != "" {
			t.Errorf("after another hello: %s", diff)
		}
		p.ended(a[1], outcome.Passed)
		p.send(l, false)
		if diff := cmp.Diff(want[1:], l.live.Running()); diff != "" {
			t.Errorf("after one has ended: %s", diff)
		}
		l.live.Freeze()
		if got := l.live.Running(); got != nil {
			t.Errorf("after the verdict %+v run", got)
		}
	})
}

func TestWhatALostWorkerRanDoesNotRunAnyMore(t *testing.T) {
	l, p, _ := busy(t)
	defer l.stop()
	if got := l.live.Running(); len(got) != 1 {
		t.Fatalf("%+v run", got)
	}
	batch, _, _ := strings.Cut(p.token, "/")
	closeBatch(t, l, batch, plan.End{Cause: plan.Deleted}, nil)
	if got := l.live.Running(); got != nil {
		t.Errorf("%+v run in a worker that is gone", got)
	}
}

func TestTheNextLeaderKnowsSinceWhenTestsRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 4, interceptor.Funcs{})
		b := w.batch(0)
		first := w.leader()
		defer first.stop()
		p := newReporter(t, b.Name)
		p.hello(first)
		at := time.Now()
		a := p.lease(first, 0, 0).Attempts
		p.begin(first, a[0])
		w.run.Status.Running = first.live.Running() // written; then another one begins
		p.begin(first, a[1])
		time.Sleep(time.Minute)
		second := w.leader()
		defer second.stop()
		p.hello(second)
		want := []v1alpha1.RunningTest{
			runningTest("Test0000", b.Name, 0, at), runningTest("Test0001", b.Name, 1, time.Now()),
		}
		if diff := cmp.Diff(want, second.live.Running()); diff != "" {
			t.Error(diff)
		}
	})
}

func TestOfManyTestsThatRunTheSixteenThatBeganFirstAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 40, interceptor.Funcs{})
		w.run.Spec.Parallelism = 20
		begun := 0
		var workers []*v1alpha1.TestBatch
		for i := range 20 {
			workers = append(workers, w.batch(i, int64(i)))
		}
		l := w.leader()
		defer l.stop()
		for _, b := range workers {
			p := newReporter(t, b.Name)
			p.hello(l)
			for _, a := range p.lease(l, 0, 0).Attempts {
				p.begin(l, a)
				begun++
			}
		}
		got := l.live.Running()
		if begun != 20 || len(got) != 16 {
			t.Fatalf("of %d tests that run %d are told", begun, len(got))
		}
		for i, r := range got {
			if r.Ordinal != int64(i) {
				t.Errorf("in place %d is %+v", i, r)
			}
		}
	})
}

package collector_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/wire"
)

func TestTheNextLeaderShowsTheSameFailures(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 120, interceptor.Funcs{})
		one, two := w.batch(0), w.batch(1)
		first := w.leader()
		defer first.stop()
		p, q := newReporter(t, one.Name), newReporter(t, two.Name)
		p.hello(first)
		q.hello(first)
		p.work(first, func(a wire.Assignment) bool { return a.Ordinal%2 == 0 })
		closeBatch(t, first, one.Name, plan.End{Cause: plan.Finished}, nil)
		second := w.leader()
		defer second.stop()
		want, got := first.live.Failures(), second.live.Failures()
		if len(want) != 50 || want[49].Test != "unit::a Test0098" {
			t.Errorf("%d failures, the last is %+v", len(want), want[len(want)-1])
		}
		if diff := cmp.Diff(want[:10], got[:10]); diff != "" {
			t.Errorf("failures: %s", diff)
		}
		for i := range want {
			if want[i].Test != got[i].Test || got[i].Pod != one.Name || got[i].Message == "" {
				t.Errorf("failure %d was %+v, and is %+v", i, want[i], got[i])
			}
		}
		if diff := cmp.Diff(first.live.Slowest(), second.live.Slowest()); diff != "" {
			t.Errorf("slowest: %s", diff)
		}
	})
}

func TestAFailureWithoutAWordIsExplained(t *testing.T) {
	w := newWorld(t, 1, interceptor.Funcs{})
	b := w.batch(0, 0)
	l := w.leader()
	p := newReporter(t, b.Name)
	p.hello(l)
	p.lease(l, 0, 0)
	rows := []outcome.Row{
		{Ordinal: 0, Attempt: 1, Outcome: outcome.Failed, Reason: outcome.ExitCode, Code: 3},
		{Ordinal: 0, Attempt: 2, Outcome: outcome.Crashed, Reason: outcome.Signal, Code: 11},
	}
	closeBatch(t, l, b.Name, plan.End{Cause: plan.Deleted}, rows)
	got := l.live.Failures()
	if len(got) != 1 || got[0].Message != "ended by signal 11" || got[0].Outcome != "crashed" || got[0].Attempts != 2 {
		t.Errorf("got %+v", got)
	}
	if d := time.Duration(0).String(); got[0].Duration != d {
		t.Errorf("took %s", got[0].Duration)
	}
}

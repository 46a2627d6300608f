package controllers_test

import (
	"context"
	"errors"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

// writesOf is how many writes a pass over the run sends.
func (w *world) writesOf(pass func()) int {
	sent := w.leader.writes.sent
	pass()
	return w.leader.writes.sent - sent
}

func TestWhileOnlyNumbersChangeTheStatusIsWrittenOnceASecond(t *testing.T) {
	w := newWorld(t, 20, interceptor.Funcs{})
	w.ends = func(a wire.Assignment) outcome.Outcome {
		if a.Ordinal >= 10 {
			return outcome.Failed
		}
		return outcome.Passed
	}
	w.underway()
	a := w.agentOf(0)
	a.hello()
	var has []wire.Assignment
	next := func() { // runs one more test
		if len(has) == 0 {
			lease, _ := a.lease()
			has = lease.Attempts
		}
		a.ran(has[0])
		has = has[1:]
		a.send(true)
	}
	w.pass(time.Second)
	next()
	w.passRun()
	if got := w.status().Tests.Passed; got != 1 {
		t.Fatalf("after a second the status tells %d", got)
	}

	next()
	w.pass(400 * time.Millisecond)
	n := w.writesOf(func() {
		if res := w.passRun(); res.RequeueAfter != 600*time.Millisecond {
			t.Errorf("what was put off is written after %v", res.RequeueAfter)
		}
	})
	if n > 0 || w.status().Tests.Passed != 1 {
		t.Errorf("within a second there are %d writes", n)
	}
	w.pass(600 * time.Millisecond)
	if n := w.writesOf(func() { w.passRun() }); n != 1 || w.status().Tests.Passed != 2 {
		t.Errorf("when it is due there are %d writes, and the status tells %+v", n, w.status().Tests)
	}

	for len(a.rows) < 11 {
		next()
	}
	if n := w.writesOf(func() { w.passRun() }); n != 1 || len(w.status().Failures) != 1 {
		t.Errorf("for the first failure there are %d writes, and the status tells %+v", n, w.status().Failures)
	}
	next()
	if n := w.writesOf(func() { w.passRun() }); n > 0 {
		t.Errorf("for the second failure there are %d writes", n)
	}
	w.suspend(true)
	if n := w.writesOf(func() { w.passRun() }); n != 1 || len(w.status().Failures) != 2 {
		t.Errorf("for another condition there are %d writes, and the status tells %+v", n, w.status().Failures)
	}
}

// A pass may see the run as it was before the last write: the event of that write is not waited for, since
// writes of the status bring no pass.
func TestAPassThatSawTheRunAsItWasIsMadeAgain(t *testing.T) {
	var stale *v1alpha1.TestRun
	fail := true
	w := newWorld(t, 1, interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
			if run, ok := obj.(*v1alpha1.TestRun); ok && stale != nil {
				stale.DeepCopyInto(run)
				return nil
			}
			return c.Get(ctx, key, obj, opts...)
		},
		Create: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
			if _, job := obj.(*batchv1.Job); job && fail {
				return errors.New("a webhook does not answer")
			}
			return c.Create(ctx, obj, opts...)
		},
	})
	first := w.stored()
	if _, err := w.tryRun(); err == nil {
		t.Fatal("that the job could not be made is no error")
	}
	stale, fail = first, false
	res, err := w.tryRun()
	if err != nil || res.RequeueAfter <= 0 {
		t.Errorf("a pass that changed nothing says look again after %v, error %v", res.RequeueAfter, err)
	}
	stale = nil
	w.settle()
	if got := w.verdict(); got.Result != v1alpha1.ResultPassed {
		t.Errorf("the run is %+v", got)
	}
}

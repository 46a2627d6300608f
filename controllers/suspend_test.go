package controllers_test

import (
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/podtest/podtest/api/v1alpha1"
)

func (w *world) suspend(on bool) {
	w.t.Helper()
	w.spec(func(s *v1alpha1.TestRunSpec) { s.Suspend = on })
}

// wantSuspended checks that the run says whether it is suspended, in all conditions that tell.
func (w *world) wantSuspended(want bool) {
	w.t.Helper()
	c := w.status().Conditions
	if got := meta.IsStatusConditionTrue(c, v1alpha1.ConditionSuspended); got != want {
		w.t.Errorf("suspended is %t: %+v", got, c)
	}
	if got := meta.FindStatusCondition(c, v1alpha1.ConditionReconciling).Reason == v1alpha1.ReasonSuspended; got != want {
		w.t.Errorf("reconciling is for suspension %t: %+v", got, c)
	}
}

func TestARunThatIsMadeSuspendedMakesNothingUntilItIsResumed(t *testing.T) {
	w := newWorld(t, 2, interceptor.Funcs{}, func(r *v1alpha1.TestRun) { r.Spec.Suspend = true })
	for range 3 {
		if res := w.passRun(); res.RequeueAfter != 0 {
			t.Errorf("it looks again after %v, and waits for its user only", res.RequeueAfter)
		}
		w.pass(time.Hour)
	}
	w.wantSuspended(true)
	if all := w.versions(); len(all) != 1 {
		t.Errorf("there is %v", all)
	}
	w.suspend(false)
	w.passRun()
	w.wantSuspended(false)
	w.settle()
	if got := w.verdict(); got.Result != v1alpha1.ResultPassed {
		t.Errorf("the run is %+v", got)
	}
}

func TestARunThatIsSuspendedOnItsWayEndsWhatRunsAndGoesOnLater(t *testing.T) {
	w := newWorld(t, 5, interceptor.Funcs{})
	w.underway()
	first := w.agentOf(0)
	first.hello()
	lease, _ := first.lease()
	w.suspend(true)
	w.passRun()
	w.wantSuspended(true)
	for _, x := range lease.Attempts {
		first.ran(x)
	}
	first.work() // it is told to drain
	if !first.sealed || len(first.rows) != len(lease.Attempts) {
		t.Errorf("the worker sealed: %t, and ran %d of %d", first.sealed, len(first.rows), len(lease.Attempts))
	}
	for range 3 {
		w.kubelet()
		w.passAll()
		w.pass(time.Hour)
	}
	if n := len(w.batches()); n != 1 {
		t.Errorf("%d workers were made", n)
	}
	if got := w.status().Tests; got.Passed != int64(len(lease.Attempts)) || got.Pending != 5-got.Passed {
		t.Errorf("counts are %+v", got)
	}
	w.suspend(false)
	w.settle()
	if got := w.verdict(); got.Result != v1alpha1.ResultPassed {
		t.Errorf("the run is %+v", got)
	}
	w.checkLedgers()
}

func TestParallelismMayChangeWhileTheRunGoesOn(t *testing.T) {
	w := newWorld(t, 8, interceptor.Funcs{})
	w.underway()
	if n := len(w.batches()); n != 1 {
		t.Fatalf("%d workers, and parallelism is 1", n)
	}
	parallelism := func(n int32) {
		w.spec(func(s *v1alpha1.TestRunSpec) { s.Parallelism = n })
		w.passAll()
		w.kubelet()
		w.passAll()
	}
	parallelism(3)
	if n := len(w.batches()); n != 3 {
		t.Fatalf("%d workers, and parallelism is 3", n)
	}
	parallelism(1)
	drained := 0
	for i := range 3 {
		a := w.agentOf(i)
		a.hello()
		if lease, _ := a.lease(); lease.Drain {
			drained++
			a.seal()
			a.work()
		} else {
			for _, x := range lease.Attempts {
				a.ran(x)
			}
		}
	}
	if drained != 2 {
		t.Errorf("%d workers were told to leave", drained)
	}
	w.kubelet()
	w.passAll()
	if n := len(w.batches()); n != 3 {
		t.Errorf("%d workers were made", n)
	}
	w.settle()
	if got := w.verdict(); got.Result != v1alpha1.ResultPassed {
		t.Errorf("the run is %+v", got)
	}
	w.checkLedgers()
}

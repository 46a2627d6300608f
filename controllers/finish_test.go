package controllers_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

// cause is how a worker ended, or "" while it has not.
func (w *world) cause(index int) string {
	w.t.Helper()
	if end := w.batch(index).Status.End; end != nil {
		return end.Cause
	}
	return ""
}

func TestAfterTheVerdictWorkersHaveTimeToSealAndThenGo(t *testing.T) {
	w := newWorld(t, 2, interceptor.Funcs{}, func(r *v1alpha1.TestRun) { r.Spec.Parallelism = 2 })
	w.tells()
	w.passAll()
	w.runs(w.pod(0))
	w.passAll()
	a := w.agentOf(0)
	a.hello()
	for len(a.rows) < 2 {
		lease, _ := a.lease()
		for _, x := range lease.Attempts {
			a.ran(x)
		}
		a.send(true)
	}
	w.passRun()
	if got := w.verdict(); got.Result != v1alpha1.ResultPassed {
		t.Fatalf("the run is %+v", got)
	}
	res, err := w.leader.batches.Reconcile(w.ctx, requestFor(w.batch(0)))
	if w.must(err); res.RequeueAfter <= 9*time.Second || res.RequeueAfter > 10*time.Second || !w.pod(0).DeletionTimestamp.IsZero() {
		t.Errorf("the worker that works is looked at again after %v", res.RequeueAfter)
	}
	w.passBatches()
	if w.pod(1) != nil {
		t.Error("the worker that waits is not deleted at once")
	}
	w.passAll()
	if got := w.cause(1); got != "RunEnded" {
		t.Errorf("the worker that never worked ended by %q", got)
	}
	verdictAt := w.stored().ResourceVersion
	a.work() // it is told to drain, and seals
	w.kubelet()
	w.passAll()
	if got := w.cause(0); got != "Finished" {
		t.Errorf("the worker that sealed ended by %q", got)
	}
	w.passAll()
	w.kubelet()
	if w.pod(0) != nil {
		t.Error("the pod of a worker that finished is still there")
	}
	if got := w.stored().ResourceVersion; got != verdictAt {
		t.Error("the run was written after its verdict")
	}
	w.passAll()
	w.wantRest()
}

func TestWhatChangesInTheSpecAfterTheEndIsObserved(t *testing.T) {
	w := newWorld(t, 1, interceptor.Funcs{})
	w.underway()
	w.settle()
	if got := w.verdict(); got.Result == "" || !w.complete() {
		t.Fatalf("the run is %+v", got)
	}
	w.spec(func(s *v1alpha1.TestRunSpec) { s.TTLSecondsAfterFinished = ptr.To[int32](86400) })
	w.passRun()
	run := w.stored()
	if run.Generation < 2 || run.Status.ObservedGeneration != run.Generation {
		t.Errorf("generation %d, observed %d", run.Generation, run.Status.ObservedGeneration)
	}
	w.wantRest()
}

func TestAWorkerThatDoesNotSealAfterTheVerdictIsDeleted(t *testing.T) {
	w := newWorld(t, 1, interceptor.Funcs{})
	w.underway()
	a := w.agentOf(0)
	a.hello()
	lease, _ := a.lease()
	a.ran(lease.Attempts[0])
	a.send(true)
	w.passAll()
	w.pass(10 * time.Second)
	w.passAll()
	if w.pod(0).DeletionTimestamp.IsZero() {
		t.Fatal("after ten seconds it still is there")
	}
	w.kubelet()
	w.passAll()
	if got := w.cause(0); got == "" {
		t.Error("its ledger is open")
	}
	for _, e := range w.events.told()[2:] {
		t.Errorf("after the verdict: %s", e)
	}
	w.checkLedgers()
	w.wantRest()
}

func TestACancelledRunStopsItsWorkersAtOnce(t *testing.T) {
	w := newWorld(t, 3, interceptor.Funcs{})
	w.ends = func(wire.Assignment) outcome.Outcome { return outcome.Failed }
	w.underway()
	a := w.agentOf(0)
	a.hello()
	lease, _ := a.lease()
	a.ran(lease.Attempts[0])
	a.send(false)
	lease, _ = a.lease()
	a.starts(lease.Attempts[0])
	a.send(false)
	w.spec(func(s *v1alpha1.TestRunSpec) { s.Cancel = true })
	w.passAll()
	if lease, _ = a.lease(); !lease.Drain || lease.Stop != wire.StopTerminate {
		t.Errorf("its worker is told %+v", lease)
	}
	w.pass(20 * time.Second) // it does not listen
	w.passAll()
	want := verdict{"Cancelled", 130, "Cancelled", "cancelled: 1 of 3 tests failed, 2 of 3 tests have no verdict"}
	if diff := cmp.Diff(want, w.verdict()); diff != "" {
		t.Error(diff)
	}
	wantTests := v1alpha1.TestCounts{Listed: 3, Selected: 3, Failed: 1, Unsuccessful: 1, NotRun: 2}
	if diff := cmp.Diff(wantTests, w.status().Tests); diff != "" {
		t.Error(diff)
	}
	if w.pod(0).DeletionTimestamp.IsZero() {
		t.Error("its worker goes on")
	}
	w.ended(w.pod(0), 143, lastWords(a))
	w.passAll()
	w.kubelet()
	w.passAll()
	w.checkLedgers()
	w.wantRest()
}

func TestTheDeadlineEndsARunThatIsUnderway(t *testing.T) {
	w := newWorld(t, 2, interceptor.Funcs{}, func(r *v1alpha1.TestRun) { r.Spec.ActiveDeadlineSeconds = ptr.To[int64](60) })
	w.underway()
	w.pass(59 * time.Second)
	if res := w.passRun(); res.RequeueAfter <= 0 || res.RequeueAfter > time.Second {
		t.Errorf("a second before the end it looks again after %v", res.RequeueAfter)
	}
	w.pass(time.Second)
	w.passRun()
	want := verdict{"Failed", 100, "DeadlineExceeded", "activeDeadlineSeconds have passed: 2 of 2 tests have no verdict"}
	if diff := cmp.Diff(want, w.verdict()); diff != "" {
		t.Error(diff)
	}
}

func TestARunIsDeletedWhenItsTimeToLiveIsOver(t *testing.T) {
	var asked []client.DeleteOptions
	w := newWorld(t, 1, interceptor.Funcs{
		Delete: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.DeleteOption) error {
			if _, run := obj.(*v1alpha1.TestRun); run {
				asked = append(asked, *(&client.DeleteOptions{}).ApplyOptions(opts))
			}
			return c.Delete(ctx, obj, opts...)
		},
	}, func(r *v1alpha1.TestRun) { r.Spec.TTLSecondsAfterFinished = ptr.To[int32](3600) })
	w.settle()
	uid, ended := w.stored().UID, w.status().CompletionTime.Time
	if res, want := w.passRun(), ended.Add(time.Hour).Sub(w.clock.Now()); res.RequeueAfter != want {
		t.Errorf("it looks again after %v, and %v is left", res.RequeueAfter, want)
	}
	w.clock.SetTime(ended.Add(time.Hour - time.Second))
	if w.passRun(); len(asked) > 0 {
		t.Error("it is deleted before its time")
	}
	w.spec(func(s *v1alpha1.TestRunSpec) { s.TTLSecondsAfterFinished = nil })
	w.pass(time.Second)
	if w.passRun(); len(asked) > 0 {
		t.Error("it is deleted though it may live for ever")
	}
	w.spec(func(s *v1alpha1.TestRunSpec) { s.TTLSecondsAfterFinished = ptr.To[int32](3600) })
	w.passRun()
	if len(asked) != 1 || asked[0].Preconditions == nil || *asked[0].Preconditions.UID != uid || *asked[0].PropagationPolicy != "Background" {
		t.Errorf("it is deleted with %+v", asked)
	}
	if err := w.api.Get(w.ctx, w.key(), &v1alpha1.TestRun{}); !apierrors.IsNotFound(err) {
		t.Errorf("reading it brings %v", err)
	}
	if n := w.writesOf(func() { w.passAll() }); n > 0 {
		t.Errorf("after that there are %d writes", n)
	}
}

func TestARunThatIsDeletedOnItsWayIsForgotten(t *testing.T) {
	for name, policy := range map[string]client.PropagationPolicy{
		"at once":                           "Background",
		"after all that belongs to it goes": "Foreground",
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 2, interceptor.Funcs{})
			w.underway()
			a := w.agentOf(0)
			a.hello()
			lease, _ := a.lease()
			a.ran(lease.Attempts[0])
			w.must(w.api.Delete(w.ctx, w.stored(), policy))
			if n := w.writesOf(func() { w.passAll(); w.passAll() }); n > 0 {
				t.Errorf("%d writes were sent", n)
			}
			if w.leader.runs.Get(w.run.UID) != nil {
				t.Error("the run is still served")
			}
			if code := a.send(true); code != 410 {
				t.Errorf("its worker is answered %d", code)
			}
			w.gone(w.pod(0))
			if n := w.writesOf(func() { w.passAll() }); n > 0 {
				t.Errorf("after its pod has gone %d writes were sent", n)
			}
		})
	}
}

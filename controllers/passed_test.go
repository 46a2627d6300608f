package controllers_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/records"
)

func condition(kind string, status metav1.ConditionStatus, reason, message string) metav1.Condition {
	return metav1.Condition{Type: kind, Status: status, Reason: reason, Message: message, ObservedGeneration: 1}
}

// wantOwner checks that an object goes with its owner, and is its owner's to control.
func wantOwner(t *testing.T, obj, owner client.Object) {
	t.Helper()
	if !metav1.IsControlledBy(obj, owner) {
		t.Errorf("the owners of %T %s are %v", obj, obj.GetName(), obj.GetOwnerReferences())
	}
}

func TestARunIsListedThenRunsThenHasPassed(t *testing.T) {
	w := newWorld(t, 3, interceptor.Funcs{})
	w.passAll()
	w.passAll()

	jobs := w.jobs()
	if len(jobs) != 1 || jobs[0].Name != manifest.JobName(w.run.Name) {
		t.Fatalf("%d jobs", len(jobs))
	}
	wantOwner(t, &jobs[0], w.run)
	listing := "the test binaries are asked for their tests"
	wantConditions := []metav1.Condition{
		condition("Accepted", "True", "Valid", "the spec can be acted upon"),
		condition("Listed", "False", "Waiting", listing),
		condition("Suspended", "False", "NotSuspended", ""),
		condition("Succeeded", "Unknown", "Listing", listing),
		condition("Complete", "False", "Listing", listing),
		condition("Reconciling", "True", "Listing", listing),
	}
	if diff := cmp.Diff(wantConditions, w.status().Conditions, timeless); diff != "" {
		t.Errorf("while it is listed: %s", diff)
	}

	w.control()
	w.kubelet()
	w.work() // tells the tests
	w.passRun()
	stored, err := records.LoadCatalog(w.ctx, w.api, w.stored())
	w.must(err)
	told, err := catalog.New(w.told)
	w.must(err)
	if diff := cmp.Diff(told, stored); diff != "" {
		t.Errorf("what is stored is not what was told: %s", diff)
	}
	for _, r := range w.records() {
		if len(r.OwnerReferences) != 1 || r.OwnerReferences[0].UID != w.run.UID {
			t.Errorf("the owners of record %s are %v", r.Name, r.OwnerReferences)
		}
	}
	wantListed := condition("Listed", "True", "TestsListed", "3 tests listed, 3 selected")
	if !slices.ContainsFunc(w.status().Conditions, func(c metav1.Condition) bool { return cmp.Equal(c, wantListed, timeless) }) {
		t.Errorf("after listing: %+v", w.status().Conditions)
	}

	w.passBatches()
	wantOwner(t, w.batch(0), w.run)
	wantOwner(t, w.pod(0), w.batch(0))
	if n := len(w.batches()); n != 1 {
		t.Errorf("%d workers, and parallelism is 1", n)
	}
	w.pass(90 * time.Second)
	w.settle()
	w.wantRest()

	got := w.status()
	want := v1alpha1.TestRunStatus{
		ObservedGeneration: 1, Result: v1alpha1.ResultPassed, ExitCode: new(int32(0)), Progress: "3/3",
		Tests:   v1alpha1.TestCounts{Listed: 3, Selected: 3, Passed: 3},
		Workers: v1alpha1.WorkerCounts{Finished: 1},
		Slowest: []v1alpha1.SlowTest{
			{Test: "unit::a Test0002", Duration: "3ms"},
			{Test: "unit::a Test0001", Duration: "2ms"},
			{Test: "unit::a Test0000", Duration: "1ms"},
		},
		Catalog: &v1alpha1.CatalogRef{Digest: told.Digest(), Records: 1},
		Conditions: []metav1.Condition{
			condition("Accepted", "True", "Valid", "the spec can be acted upon"),
			wantListed,
			condition("Suspended", "False", "NotSuspended", ""),
			condition("Succeeded", "True", "Passed", "3 tests passed"),
			condition("Complete", "True", "Passed", "3 tests passed"),
		},
	}
	if diff := cmp.Diff(want, got, timeless); diff != "" {
		t.Errorf("at the end: %s", diff)
	}
	if took := got.CompletionTime.Sub(got.StartTime.Time); took < 90*time.Second || got.Duration != took.String() {
		t.Errorf("it took %s, by its times %s", got.Duration, took)
	}
	wantEvents := []string{"Normal Listed: 3 tests listed, 3 selected", "Normal Passed: 3 tests passed"}
	if diff := cmp.Diff(wantEvents, w.events.told()); diff != "" {
		t.Errorf("events: %s", diff)
	}
	for what, n := range w.leader.writes.made {
		if n > 1 {
			t.Errorf("made %d times: %s", n, what)
		}
	}
	wantStatus := v1alpha1.TestBatchStatus{
		Attempts: 3, Acked: 7, Sealed: true, End: &v1alpha1.BatchEnd{Cause: v1alpha1.CauseFinished},
	}
	got0 := w.batch(0).Status
	got0.Ledger, got0.Pod = nil, nil
	if diff := cmp.Diff(wantStatus, got0); diff != "" {
		t.Errorf("the batch: %s", diff)
	}
	w.checkLedgers()
}

// wantRest checks that after the end more passes write nothing, nor do those of another leader.
func (w *world) wantRest() {
	w.t.Helper()
	was := w.versions()
	for _, passes := range []int{3, 1} {
		sent := w.leader.writes.sent
		for range passes {
			w.pass(time.Minute)
			w.passAll()
		}
		if sent != w.leader.writes.sent {
			w.t.Errorf("after the end %d writes are sent", w.leader.writes.sent-sent)
		}
		w.lead(interceptor.Funcs{})
	}
	if diff := cmp.Diff(was, w.versions()); diff != "" {
		w.t.Errorf("after the end something is written: %s", diff)
	}
}

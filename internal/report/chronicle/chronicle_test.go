package chronicle_test

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	eventsv1 "k8s.io/api/events/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/goldentest"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/report/chronicle"
)

var start = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

func at(seconds int) metav1.Time {
	return metav1.NewTime(start.Add(time.Duration(seconds) * time.Second))
}

func shop() *v1alpha1.TestRun {
	return &v1alpha1.TestRun{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ci", Name: "shop", UID: "u1", CreationTimestamp: at(0)},
		Status: v1alpha1.TestRunStatus{
			Fixtures: []v1alpha1.FixtureStatus{{Name: "db", State: "Ready"}},
			Conditions: []metav1.Condition{
				{Type: v1alpha1.ConditionAccepted, Status: "True", Reason: "Valid", LastTransitionTime: at(1)},
				{Type: v1alpha1.ConditionListed, Status: "False", Reason: "Waiting", Message: "the binaries are asked", LastTransitionTime: at(1)},
				{Type: v1alpha1.ConditionSucceeded, Status: "Unknown", Reason: "Running", LastTransitionTime: at(1)},
				{Type: v1alpha1.ConditionSuspended, Status: "False", Reason: "NotSuspended", LastTransitionTime: at(1)},
				{Type: v1alpha1.ConditionReconciling, Status: "True", Reason: "Listing", Message: "listing", LastTransitionTime: at(1)},
			},
		},
	}
}

func event(name, kind, object, uid, note string, second int) *eventsv1.Event {
	return &eventsv1.Event{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ci", Name: name, UID: types.UID("e-" + name)},
		Regarding:  corev1.ObjectReference{Kind: kind, Name: object, UID: types.UID(uid)},
		Reason:     "Told", Note: note, EventTime: metav1.NewMicroTime(at(second).Time), Type: corev1.EventTypeNormal,
	}
}

func batch(name string, change func(*v1alpha1.TestBatchStatus)) *v1alpha1.TestBatch {
	b := &v1alpha1.TestBatch{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "ci", Name: name, UID: types.UID(name), CreationTimestamp: at(3), Labels: map[string]string{v1alpha1.LabelRunUID: "u1"},
		},
		Spec: v1alpha1.TestBatchSpec{Run: v1alpha1.RunRef{Name: "shop", UID: "u1"}},
	}
	change(&b.Status)
	return b
}

func TestWhatConcernsARun(t *testing.T) {
	for name, c := range map[string]struct {
		e    *eventsv1.Event
		want bool
	}{
		"the run, by its uid":                  {event("a", "TestRun", "shop", "u1", "", 1), true},
		"a run of the same name before it":     {event("a", "TestRun", "shop", "u0", "", 1), false},
		"its listing Job":                      {event("a", "Job", "shop-list", "j", "", 1), true},
		"a pod of its listing Job":             {event("a", "Pod", "shop-list-x7k2q", "p", "", 1), true},
		"a worker":                             {event("a", "Pod", "shop-w00001", "p", "", 1), true},
		"a batch":                              {event("a", "TestBatch", "shop-w00001", "b", "", 1), true},
		"the pod of a fixture's service":       {event("a", "Pod", "shop-db-svc", "p", "", 1), true},
		"the Job of a fixture":                 {event("a", "Job", "shop-db-setup", "p", "", 1), true},
		"a pod of a fixture's Job":             {event("a", "Pod", "shop-db-teardown-abcde", "p", "", 1), true},
		"a pod with the uid of a worker's":     {event("a", "Pod", "renamed", "pod-uid", "", 1), true},
		"a worker of a run before it":          {event("a", "Pod", "shop-w00001", "p", "", -5), false},
		"another run whose name begins alike":  {event("a", "Pod", "shop-2-w00001", "p", "", 1), false},
		"another run that is called as a Job":  {event("a", "TestRun", "shop-list", "x", "", 1), false},
		"something else of the namespace":      {event("a", "Pod", "web-0", "p", "", 1), false},
		"a Deployment that is called as a pod": {event("a", "Deployment", "shop-w00001", "p", "", 1), false},
	} {
		t.Run(name, func(t *testing.T) {
			all := chronicle.New(shop())
			all.Batch(batch("shop-w00000", func(s *v1alpha1.TestBatchStatus) { s.Pod = &v1alpha1.BatchPod{UID: "pod-uid"} }))
			all.Fresh()
			all.Event(c.e)
			if got := len(all.Fresh()) == 1; got != c.want {
				t.Errorf("it is told: %t", got)
			}
		})
	}
}

func TestWhatHappenedIsToldInOrderOfTime(t *testing.T) {
	run := shop()
	run.Status.CompletionTime = new(at(60))
	run.Status.Conditions = append(run.Status.Conditions[:1], metav1.Condition{
		Type: v1alpha1.ConditionSucceeded, Status: "False", Reason: "TestsFailed", Message: "1 of 2 tests failed", LastTransitionTime: at(60),
	})
	all := chronicle.New(run)
	for i, e := range []*eventsv1.Event{
		event("b", "Pod", "shop-w00000", "p", "0/9 nodes\nfit \x1b[2J", 4), event("c", "Pod", "shop-w00000", "p", "0/9 nodes\nfit \x1b[2J", 9),
		event("d", "Pod", "shop-list-abcde", "q", "pulled", 2), event("e", "TestRun", "shop", "u1", "series", 5),
		event("f", "Job", "shop-list", "q", "old fields", 0),
	} {
		switch i {
		case 0:
			e.Type = corev1.EventTypeWarning
		case 3:
			e.Series = &eventsv1.EventSeries{Count: 7, LastObservedTime: metav1.NewMicroTime(at(30).Time)}
		case 4:
			e.EventTime, e.DeprecatedLastTimestamp, e.DeprecatedCount = metav1.MicroTime{}, at(3), 2
		}
		all.Event(e)
		all.Event(e) // again, as after a broken watch
	}
	all.Batch(batch("shop-w00000", func(s *v1alpha1.TestBatchStatus) {
		s.Pod, s.Attempts = &v1alpha1.BatchPod{Name: "shop-w00000", FinishedTime: new(at(40))}, 12
		s.End = &v1alpha1.BatchEnd{Cause: "Evicted", Message: "The node was low on memory.", Lost: make([]v1alpha1.LostAttempt, 2)}
	}))
	all.Batch(batch("shop-w00001", func(s *v1alpha1.TestBatchStatus) {
		s.Attempts, s.End = 1, &v1alpha1.BatchEnd{Cause: "Finished"}
		s.Ledger = outcome.Encode([]outcome.Row{{Attempt: 1, Outcome: outcome.Passed, Start: at(49).UnixMicro(), Duration: 1_000_000}})
	}))
	all.Batch(batch("shop-w00002", func(s *v1alpha1.TestBatchStatus) { s.Pod = &v1alpha1.BatchPod{} })) // works on
	entries := all.Fresh()
	var b bytes.Buffer
	if err := chronicle.Write(&b, entries, time.UTC); err != nil {
		t.Fatal(err)
	}
	if err := report.WriteJSONLines(&b, entries[:1]); err != nil {
		t.Fatal(err)
	}
	goldentest.Compare(t, filepath.Join("testdata", "events.txt"), b.Bytes())
	if again := all.Fresh(); len(again) > 0 {
		t.Errorf("told twice: %+v", again)
	}
}

func TestAConditionWithAnotherReasonChangedNow(t *testing.T) {
	run := shop()
	all := chronicle.New(run)
	all.Fresh()
	later := run.DeepCopy()
	later.Status.Conditions[4].Reason = "Unschedulable"
	all.Run(later, at(20).Time)
	all.Run(later, at(25).Time)
	got := all.Fresh()
	if len(got) != 1 || got[0].Reason != "Unschedulable" || !got[0].Time.Equal(at(20).Time) {
		t.Errorf("%+v", got)
	}
}

func cluster(t *testing.T, objects ...client.Object) client.WithWatch {
	t.Helper()
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{v1alpha1.AddToScheme, eventsv1.AddToScheme} {
		if err := add(s); err != nil {
			t.Fatal(err)
		}
	}
	return fake.NewClientBuilder().WithScheme(s).WithObjects(objects...).WithStatusSubresource(&v1alpha1.TestRun{}).
		WithIndex(&v1alpha1.TestRun{}, "metadata.name", func(o client.Object) []string { return []string{o.GetName()} }).Build()
}

func TestFollowUntilTheRunIsComplete(t *testing.T) {
	run := shop()
	all := chronicle.New(run)
	c := cluster(t, run, event("b", "Pod", "shop-w00000", "p", "read before", 4),
		batch("shop-w00000", func(s *v1alpha1.TestBatchStatus) { s.End = &v1alpha1.BatchEnd{Cause: "Finished"} }))
	if err := all.Read(t.Context(), c); err != nil {
		t.Fatal(err)
	}
	// Unlike a real cluster this one forgets what happens between a list and its watch.
	var watches sync.WaitGroup
	watches.Add(3)
	watched := interceptor.NewClient(c, interceptor.Funcs{
		Watch: func(ctx context.Context, to client.WithWatch, list client.ObjectList, opts ...client.ListOption) (watch.Interface, error) {
			defer watches.Done()
			return to.Watch(ctx, list, opts...)
		},
	})
	var told []string
	ended := false
	show := func(entries []chronicle.Entry) error {
		for _, e := range entries {
			told = append(told, e.Reason+" "+e.Message)
		}
		if ended || !slices.Contains(told, "Told followed") {
			return nil
		}
		ended = true
		now := run.DeepCopy()
		now.Status.CompletionTime = new(at(60))
		return c.Status().Update(t.Context(), now)
	}
	var happening sync.WaitGroup
	happening.Go(func() {
		watches.Wait()
		if err := c.Create(t.Context(), event("c", "Pod", "shop-w00000", "p", "followed", 9)); err != nil {
			t.Error(err)
		}
	})
	err := all.Follow(t.Context(), chronicle.Following{Client: watched, Now: func() time.Time { return at(9).Time }, Show: show})
	happening.Wait()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"Valid Accepted is True", "Waiting Listed is False: the binaries are asked", "Listing Reconciling is True: listing",
		"Finished the worker ended after 0 attempts", "Told read before", "Told followed",
	}
	if diff := cmp.Diff(want, told); diff != "" {
		t.Error(diff)
	}
}

func TestFollowEndsWithItsContextAndWithItsReader(t *testing.T) {
	run := shop()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	f := chronicle.Following{Client: cluster(t, run), Now: time.Now, Show: func([]chronicle.Entry) error { return nil }}
	if err := chronicle.New(run).Follow(ctx, f); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	f.Show = func([]chronicle.Entry) error { return errors.New("closed pipe") }
	if err := chronicle.New(run).Follow(t.Context(), f); err == nil || !strings.Contains(err.Error(), "closed pipe") {
		t.Error(err)
	}
}

package v1alpha1_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
)

// Flux, Argo CD and `kubectl wait`-like tools read a run by kstatus's rules.
func TestToolsReadARunByItsConditions(t *testing.T) {
	now := metav1.Now()
	is := func(kind string, value metav1.ConditionStatus) metav1.Condition {
		return metav1.Condition{Type: kind, Status: value, Reason: "Because", LastTransitionTime: now, ObservedGeneration: 1}
	}
	for name, test := range map[string]struct {
		status v1alpha1.TestRunStatus
		want   status.Status
	}{
		"a run that nobody has looked at": {v1alpha1.TestRunStatus{ObservedGeneration: -1}, status.InProgressStatus},
		"a run that goes on": {
			v1alpha1.TestRunStatus{ObservedGeneration: 1, Conditions: []metav1.Condition{
				is(v1alpha1.ConditionReconciling, metav1.ConditionTrue),
				is(v1alpha1.ConditionSucceeded, metav1.ConditionUnknown),
			}}, status.InProgressStatus,
		},
		"a run that has passed": {
			v1alpha1.TestRunStatus{ObservedGeneration: 1, Conditions: []metav1.Condition{
				is(v1alpha1.ConditionReconciling, metav1.ConditionFalse), is(v1alpha1.ConditionStalled, metav1.ConditionFalse),
				is(v1alpha1.ConditionSucceeded, metav1.ConditionTrue), is(v1alpha1.ConditionComplete, metav1.ConditionTrue),
			}}, status.CurrentStatus,
		},
		"a run that has failed": {
			v1alpha1.TestRunStatus{ObservedGeneration: 1, Conditions: []metav1.Condition{
				is(v1alpha1.ConditionReconciling, metav1.ConditionFalse), is(v1alpha1.ConditionStalled, metav1.ConditionTrue),
				is(v1alpha1.ConditionSucceeded, metav1.ConditionFalse), is(v1alpha1.ConditionComplete, metav1.ConditionTrue),
			}}, status.FailedStatus,
		},
	} {
		t.Run(name, func(t *testing.T) {
			run := smallestWith(t, `{metadata: {generation: 1}}`)
			fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&test.status)
			if err != nil {
				t.Fatal(err)
			}
			run.Object["status"] = fields
			wantStatus(t, run, test.want)
		})
	}
}

func TestANewRunReadsAsInProgress(t *testing.T) {
	c := apiServer(t)
	for name, patch := range map[string]string{
		"as applied":                   `{}`,
		"though a status came with it": `{status: {observedGeneration: 1, result: Passed}}`,
	} {
		t.Run(name, func(t *testing.T) {
			made := smallestWith(t, patch)
			create(t, made)
			read := smallestWith(t, `{}`)
			if err := c.Get(t.Context(), client.ObjectKeyFromObject(made), read); err != nil {
				t.Fatal(err)
			}
			for _, run := range []*unstructured.Unstructured{made, read} {
				observed, found, err := unstructured.NestedInt64(run.Object, "status", "observedGeneration")
				if observed != -1 || !found || err != nil {
					t.Errorf("status.observedGeneration = %d, %v, %v; want -1", observed, found, err)
				}
				wantStatus(t, run, status.InProgressStatus)
			}
		})
	}
}

func TestDefaults(t *testing.T) {
	run := smallestWith(t, `{}`)
	create(t, run)
	var got v1alpha1.TestRun
	if err := apiServer(t).Get(t.Context(), client.ObjectKeyFromObject(run), &got); err != nil {
		t.Fatal(err)
	}
	want := v1alpha1.TestRunSpec{
		Suites: got.Spec.Suites, Template: got.Spec.Template,
		RunIgnored: v1alpha1.RunIgnoredDefault, Mode: v1alpha1.ModeRun, NoTests: v1alpha1.NoTestsFail,
		Parallelism: 1, Worker: v1alpha1.Worker{Slots: 1, MaxTests: 10000}, InfraRetries: new(int32(3)),
		ListTimeout:  seconds(300),
		StartTimeout: seconds(300),
	}
	if diff := cmp.Diff(want, got.Spec); diff != "" {
		t.Errorf("spec (-want +got):\n%s", diff)
	}
}

// A full update from Go's types is refused for a template that was written without `resources: {}`, since the
// types write that down. A patch says only what changes.
func TestGoProgramsChangeARunByPatches(t *testing.T) {
	c := apiServer(t)
	made := smallestWith(t, `{spec: {listTimeout: 60s, slowTimeout: {period: 90s}, retries: {count: 1}}}`)
	create(t, made)
	var run v1alpha1.TestRun
	if err := c.Get(t.Context(), client.ObjectKeyFromObject(made), &run); err != nil {
		t.Fatal(err)
	}
	before := run.DeepCopy()
	run.Annotations = map[string]string{"seen": "yes"}
	run.Spec.Suspend = true
	if err := c.Patch(t.Context(), &run, client.MergeFrom(before)); err != nil {
		t.Errorf("refused: %v", err)
	}
}

func wantStatus(t *testing.T, run *unstructured.Unstructured, want status.Status) {
	t.Helper()
	got, err := status.Compute(run)
	if err != nil {
		t.Fatal(err)
	}
	if got.Status != want {
		t.Errorf("kstatus reads %s (%s); want %s", got.Status, got.Message, want)
	}
}

func seconds(n int) *metav1.Duration {
	return &metav1.Duration{Duration: time.Duration(n) * time.Second}
}

package controllers_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/settings"
)

// blind is a cache that does not show jobs and pods, as it may be for a moment after they were made.
func blind(on *bool) interceptor.Funcs {
	return interceptor.Funcs{
		Get: func(ctx context.Context, c client.WithWatch, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
			switch obj.(type) {
			case *batchv1.Job, *corev1.Pod:
				if *on {
					return apierrors.NewNotFound(schema.GroupResource{}, key.Name)
				}
			}
			return c.Get(ctx, key, obj, opts...)
		},
	}
}

func TestWhatExistsAlreadyAndIsOursIsTakenForMade(t *testing.T) {
	on := true
	w := newWorld(t, 2, blind(&on))
	w.leader.run.Live, w.leader.batches.Live = w.api, w.api
	for range 2 {
		w.passRun()
	}
	on = false
	w.tells()
	on = true
	for range 2 {
		w.passAll()
	}
	on = false
	w.settle()
	if got := w.verdict(); got.Result != v1alpha1.ResultPassed {
		t.Errorf("the run is %+v", got)
	}
	for what, n := range w.leader.writes.made {
		if n > 1 {
			t.Errorf("made %d times: %s", n, what)
		}
	}
	w.checkLedgers()
}

func foreignPod() *corev1.Pod {
	return &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "web", Image: "web:1"}}}}
}

func TestAJobOfAnotherIsNotTaken(t *testing.T) {
	w := newWorld(t, 1, interceptor.Funcs{})
	job := &batchv1.Job{Spec: batchv1.JobSpec{Template: corev1.PodTemplateSpec{Spec: foreignPod().Spec}}}
	job.Spec.Template.Spec.RestartPolicy = corev1.RestartPolicyNever
	w.inTheWay(job, manifest.JobName(w.run.Name))
	on := true
	w.lead(blind(&on))
	w.leader.run.Live = w.api
	w.waitsFor("Job smoke-list exists: it is not this run's")
}

// waitsFor makes a pass, after which the run says what it waits for and is looked at again.
func (w *world) waitsFor(what string) {
	w.t.Helper()
	res, err := w.tryRun()
	w.must(err)
	c := meta.FindStatusCondition(w.stored().Status.Conditions, v1alpha1.ConditionReconciling)
	if c == nil || !strings.Contains(c.Message, what) {
		w.t.Errorf("the run waits for %+v", c)
	}
	if res.RequeueAfter == 0 {
		w.t.Error("nobody looks again")
	}
}

func TestABatchOfAnotherIsNotTaken(t *testing.T) {
	w := newWorld(t, 1, interceptor.Funcs{})
	other := w.stored()
	other.UID = "another"
	w.must(w.api.Create(w.ctx, manifest.Batch(other, 0, settings.Class{Name: "default"}, nil)))
	w.tells()
	_, err := w.tryRun()
	w.must(err)
	w.waitsFor("TestBatch smoke-w00000 exists: it is not this run's")
	w.must(w.api.Delete(w.ctx, w.batch(0)))
	w.settle()
	if got := w.verdict(); got.Result != v1alpha1.ResultPassed {
		t.Errorf("after it is gone the run is %+v", got)
	}
}

func TestAPodOfAnotherIsLeftAloneAndAnotherWorkerDoesTheWork(t *testing.T) {
	w := newWorld(t, 1, interceptor.Funcs{})
	w.inTheWay(foreignPod(), w.worker(0).Name)
	w.tells()
	w.passAll()
	w.passAll()
	end := w.batch(0).Status.End
	want := v1alpha1.BatchEnd{Cause: "StartFailed", Message: "pod smoke-w00000 exists and is not this run's"}
	if end == nil || end.Cause != want.Cause || end.Message != want.Message {
		t.Errorf("the batch ended with %+v", end)
	}
	if told := w.events.told(); !slices.Contains(told, "Warning WorkerLost: worker smoke-w00000: StartFailed: "+want.Message) {
		t.Errorf("events are %q", told)
	}
	w.settle()
	if got := w.verdict(); got.Result != v1alpha1.ResultPassed {
		t.Errorf("the run is %+v", got)
	}
	if w.pod(0) == nil {
		t.Error("the pod of another was deleted")
	}
}

// A run that is deleted and made again under its name meets the pods of the first one: they have their grace period.
func TestAPodOfAnEarlierRunIsWaitedFor(t *testing.T) {
	w := newWorld(t, 1, interceptor.Funcs{})
	old := foreignPod()
	old.OwnerReferences = []metav1.OwnerReference{{
		APIVersion: v1alpha1.GroupVersion.String(), Kind: "TestBatch", Name: w.worker(0).Name,
		UID: types.UID("earlier"), Controller: new(true),
	}}
	w.inTheWay(old, w.worker(0).Name)
	w.tells()
	w.passRun()
	res, err := w.leader.batches.Reconcile(w.ctx, requestFor(w.batch(0)))
	w.must(err)
	if res.RequeueAfter == 0 || w.batch(0).Status.End != nil {
		t.Errorf("it looks again after %v, the batch ended with %+v", res.RequeueAfter, w.batch(0).Status.End)
	}
	w.passRun()
	if got := w.waiting(); got != "PodNotStarting: waiting: pod smoke-w00000 of an earlier run is not gone yet" {
		t.Error(got)
	}
	w.gone(old)
	w.settle()
	if got := w.verdict(); got.Result != v1alpha1.ResultPassed {
		t.Errorf("the run is %+v", got)
	}
	if n := len(w.batches()); n != 1 {
		t.Errorf("%d workers were made", n)
	}
}

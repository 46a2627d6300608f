package controllers_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

// lastWords are what a reporter leaves behind of an agent's work that was not acknowledged.
func lastWords(a *agent) string {
	words := wire.LastWords{Rows: a.rows}
	for _, h := range a.held {
		if h.Started && !slices.ContainsFunc(a.rows, func(r outcome.Row) bool { return r.Ordinal == h.Ordinal }) {
			words.Lost = append(words.Lost, h)
		}
	}
	return string(words.Encode(wire.LastWordsLimit))
}

// Each story begins with a worker that was given two tests: the first has passed and its report was not acknowledged, the
// second one runs. Nothing of this was told but by the reporter's last words.
func TestAWorkerIsLostAndTheRunGoesOn(t *testing.T) {
	second := v1alpha1.LostAttempt{Ordinal: 1, Attempt: 1}
	for name, tt := range map[string]struct {
		happen   func(*world, *corev1.Pod, *agent)
		wantEnd  v1alpha1.BatchEnd
		wantKept bool
		wantRows int32
	}{
		"evicted": {
			happen:   func(w *world, pod *corev1.Pod, a *agent) { w.ended(pod, 143, lastWords(a), evicted) },
			wantEnd:  v1alpha1.BatchEnd{Cause: "Evicted", Message: "EvictionByEvictionAPI: drained", Lost: []v1alpha1.LostAttempt{second}},
			wantRows: 1,
		},
		"evicted by the kubelet": {
			happen: func(w *world, pod *corev1.Pod, a *agent) {
				w.ended(pod, 137, lastWords(a), func(s *corev1.PodStatus) { s.Reason, s.Message = "Evicted", "low on memory" })
			},
			wantEnd:  v1alpha1.BatchEnd{Cause: "Evicted", Message: "low on memory", Lost: []v1alpha1.LostAttempt{second}},
			wantRows: 1,
		},
		"its node is gone": {
			happen: func(w *world, pod *corev1.Pod, _ *agent) {
				w.ended(pod, 137, "", func(s *corev1.PodStatus) {
					evicted(s)
					s.Conditions[len(s.Conditions)-1].Reason = "DeletionByPodGC"
				})
			},
			wantEnd: v1alpha1.BatchEnd{Cause: "NodeLost", Message: "DeletionByPodGC: drained"},
		},
		"deleted, with time to leave last words": {
			happen: func(w *world, pod *corev1.Pod, a *agent) {
				w.must(w.api.Delete(w.ctx, pod))
				w.passAll() // it has its grace period
				if end := w.batch(0).Status.End; end != nil {
					w.t.Errorf("it was closed before it ended: %+v", end)
				}
				w.ended(pod, 143, lastWords(a))
			},
			wantEnd:  v1alpha1.BatchEnd{Cause: "Deleted", Message: "the pod was deleted", Lost: []v1alpha1.LostAttempt{second}},
			wantRows: 1,
		},
		"deleted by force": {
			happen:  func(w *world, pod *corev1.Pod, _ *agent) { w.gone(pod) },
			wantEnd: v1alpha1.BatchEnd{Cause: "Deleted", Message: "the pod was deleted"},
		},
		"out of memory": {
			happen:   func(w *world, pod *corev1.Pod, a *agent) { w.ended(pod, 137, lastWords(a), oomKilled) },
			wantEnd:  v1alpha1.BatchEnd{Cause: "OOMKilled", Message: `container "tests" ran out of memory`, Lost: []v1alpha1.LostAttempt{second}},
			wantKept: true,
			wantRows: 1,
		},
		"its runner dies": {
			happen:   func(w *world, pod *corev1.Pod, a *agent) { w.ended(pod, 2, lastWords(a)) },
			wantEnd:  v1alpha1.BatchEnd{Cause: "Died", Message: "the runner ended with exit code 2", Lost: []v1alpha1.LostAttempt{second}},
			wantKept: true,
			wantRows: 1,
		},
		"it ends well without saying that this was all": {
			happen:   func(w *world, pod *corev1.Pod, a *agent) { w.ended(pod, 0, lastWords(a)) },
			wantEnd:  v1alpha1.BatchEnd{Cause: "Died", Message: "the worker ended without sealing its ledger", Lost: []v1alpha1.LostAttempt{second}},
			wantKept: true,
			wantRows: 1,
		},
		"its last words are not a reporter's": {
			happen:  func(w *world, pod *corev1.Pod, _ *agent) { w.ended(pod, 143, "panic: oh no", evicted) },
			wantEnd: v1alpha1.BatchEnd{Cause: "Evicted", Message: "EvictionByEvictionAPI: drained"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 4, interceptor.Funcs{}, func(r *v1alpha1.TestRun) { r.Spec.Worker.Slots = 2 })
			w.underway()
			a, pod := w.agentOf(0), w.pod(0)
			a.hello()
			lease, _ := a.lease()
			a.ran(lease.Attempts[0])
			a.starts(lease.Attempts[1])
			tt.happen(w, pod, a)
			w.passBatches()

			got := w.batch(0).Status
			if diff := cmp.Diff(&tt.wantEnd, got.End); diff != "" {
				t.Errorf("the end: %s", diff)
			}
			wantPod := &v1alpha1.BatchPod{Name: pod.Name, UID: pod.UID, Node: "node-1"}
			if diff := cmp.Diff(wantPod, got.Pod, cmpopts.IgnoreTypes(&metav1.Time{})); diff != "" || got.Attempts != tt.wantRows {
				t.Errorf("it has %d rows, want %d; its pod: %s", got.Attempts, tt.wantRows, diff)
			}
			wantEvent := "Warning WorkerLost: worker smoke-w00000: " + tt.wantEnd.Cause + ": " + tt.wantEnd.Message
			if told := w.events.told(); !slices.Contains(told, wantEvent) {
				t.Errorf("events are %q, want %q", told, wantEvent)
			}
			w.passBatches()
			w.kubelet()
			if kept := w.pod(0) != nil; kept != tt.wantKept {
				t.Errorf("its pod is kept: %t", kept)
			}

			w.settle()
			s := w.status()
			wantTests := v1alpha1.TestCounts{Listed: 4, Selected: 4, Passed: 4, Interrupted: int64(len(tt.wantEnd.Lost))}
			if diff := cmp.Diff(wantTests, s.Tests); diff != "" || s.Result != v1alpha1.ResultPassed {
				t.Errorf("the run is %s: %s", s.Result, diff)
			}
			if s.Workers.Lost != 1 || s.Workers.Finished < 1 || len(w.batches()) < 2 {
				t.Errorf("workers are %+v", s.Workers)
			}
			if (w.pod(0) != nil) != tt.wantKept {
				t.Errorf("at the end its pod is kept: %t", !tt.wantKept)
			}
			lost := slices.DeleteFunc(w.events.told(), func(e string) bool { return !strings.Contains(e, "WorkerLost") })
			if len(lost) != 1 {
				t.Errorf("events are %q", lost)
			}
			w.checkLedgers()
			w.wantRest()
		})
	}
}

func TestATestThatKillsItsPodTwiceIsToBlame(t *testing.T) {
	w := newWorld(t, 3, interceptor.Funcs{})
	w.underway()
	kills := func(index int) {
		a := w.agentOf(index)
		a.hello()
		lease, _ := a.lease()
		if len(lease.Attempts) != 1 || lease.Attempts[0].Ordinal != 0 {
			t.Fatalf("worker %d got %+v", index, lease)
		}
		a.starts(lease.Attempts[0])
		w.ended(w.pod(index), 137, lastWords(a), oomKilled)
		w.passAll()
		w.passAll()
		w.kubelet()
		w.passAll()
	}
	kills(0)
	if b := w.batch(1); b.Spec.Class != "alone" || !slices.Equal(b.Spec.Tests, []int64{0}) {
		t.Fatalf("the suspect does not run alone next: %+v", b.Spec)
	}
	kills(1)
	w.settle()
	s := w.status()
	wantTests := v1alpha1.TestCounts{Listed: 3, Selected: 3, Passed: 2, OOMKilled: 1, Unsuccessful: 1, Interrupted: 1}
	if diff := cmp.Diff(wantTests, s.Tests); diff != "" || s.Result != v1alpha1.ResultFailed {
		t.Errorf("the run is %s: %s", s.Result, diff)
	}
	if len(s.Failures) != 1 || s.Failures[0].Outcome != "oomKilled" || s.Failures[0].Test != "unit::a Test0000" {
		t.Errorf("failures are %+v", s.Failures)
	}
}

func TestWorkersThatNeverStartEndTheRun(t *testing.T) {
	w := newWorld(t, 3, interceptor.Funcs{})
	w.tells()
	w.passAll()
	w.waits(w.pod(0), "ImagePullBackOff")
	w.passAll()
	w.passRun()
	if got := w.waiting(); got != `ImagePull: waiting: container "tests": cannot pull image "registry.example/tests:1"` {
		t.Error(got)
	}
	w.pass(6 * time.Minute)
	w.passAll()
	want := verdict{"Error", 120, "StartTimeout", "3 of 3 tests have no verdict: no pod has started for 5m0s: *cannot pull image*"}
	got := w.verdict()
	if matches(want.Message, got.Message) {
		got.Message = want.Message
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	w.passAll()
	w.kubelet()
	w.passAll()
	if b := w.batch(0); b.Status.End == nil || b.Status.End.Cause != "RunEnded" || w.pod(0) != nil {
		t.Errorf("the worker that never started: %+v", b.Status)
	}
	if got := w.status().Tests; got.NotRun != 3 || got.Pending != 0 {
		t.Errorf("counts are %+v", got)
	}
	w.wantRest()
}

// inTheWay makes an object that is not the run's.
func (w *world) inTheWay(obj client.Object, name string) {
	w.t.Helper()
	obj.SetNamespace(w.run.Namespace)
	obj.SetName(name)
	w.must(w.api.Create(w.ctx, obj))
}

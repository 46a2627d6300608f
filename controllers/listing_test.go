package controllers_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/podtest/podtest/api/v1alpha1"
)

// verdict is what a run's end comes to.
type verdict struct {
	Result  v1alpha1.Result
	Exit    int32
	Reason  string
	Message string
}

// verdict is that of the run, of whose conditions all have to agree.
func (w *world) verdict() verdict {
	w.t.Helper()
	s := w.status()
	c := meta.FindStatusCondition(s.Conditions, v1alpha1.ConditionComplete)
	if c == nil || c.Status != metav1.ConditionTrue || s.ExitCode == nil || s.CompletionTime == nil {
		w.t.Fatalf("the run has not ended: %+v", s)
	}
	good := s.Result == v1alpha1.ResultPassed
	is := map[string]bool{}
	for _, c := range s.Conditions {
		is[c.Type+string(c.Status)] = true
	}
	if is["SucceededTrue"] != good || is["SucceededFalse"] == good || is["StalledTrue"] == good || is["ReconcilingTrue"] {
		w.t.Errorf("a run that is %s has conditions %+v", s.Result, s.Conditions)
	}
	return verdict{s.Result, *s.ExitCode, c.Reason, c.Message}
}

// waiting is what the run says that it waits for.
func (w *world) waiting() string {
	w.t.Helper()
	c := meta.FindStatusCondition(w.status().Conditions, v1alpha1.ConditionReconciling)
	if c == nil {
		w.t.Fatalf("the run waits for nothing: %+v", w.status())
	}
	return c.Reason + ": " + c.Message
}

func (w *world) listing() *corev1.Pod {
	w.t.Helper()
	for _, p := range w.pods() {
		if p.Labels[v1alpha1.LabelPhase] == v1alpha1.PhaseList {
			return &p
		}
	}
	w.t.Fatal("there is no listing pod")
	return nil
}

// listed brings the run so far that its listing pod is there, and waits.
func (w *world) listed() *corev1.Pod {
	w.t.Helper()
	w.passRun()
	w.control()
	return w.listing()
}

func TestEndingsOfARunWhoseTestsAreNotKnown(t *testing.T) {
	for name, tt := range map[string]struct {
		change func(*v1alpha1.TestRun)
		happen func(*world)
		want   verdict
	}{
		"a template that cannot be a pod's is told by the API server's own words": {
			change: func(r *v1alpha1.TestRun) { r.Spec.Template.Spec.Containers[0].Image = "" },
			want: verdict{"Error", 96, "InvalidSpec", `spec.template: Pod "*" is invalid: spec.containers[0].image: ` +
				`Required value`},
		},
		"a template that podtest cannot use is told with what to do": {
			change: func(r *v1alpha1.TestRun) {
				r.Spec.Template.Spec.Containers[0].Env = []corev1.EnvVar{{Name: "PODTEST_POD", Value: "x"}}
			},
			want: verdict{"Error", 96, "InvalidSpec", `spec.template.spec.containers[tests].env[0].name: "PODTEST_POD": ` +
				`names that begin with "PODTEST_" are set by podtest: use another`},
		},
		"a run that is cancelled at once lists nothing": {
			change: func(r *v1alpha1.TestRun) { r.Spec.Cancel = true },
			want:   verdict{"Cancelled", 130, "Cancelled", "cancelled before the tests were listed"},
		},
		"a run may be cancelled while it is listed": {
			happen: func(w *world) {
				w.listed()
				w.spec(func(s *v1alpha1.TestRunSpec) { s.Cancel = true })
			},
			want: verdict{"Cancelled", 130, "Cancelled", "cancelled before the tests were listed"},
		},
		"an image that cannot be pulled for startTimeout is the set-up's fault": {
			happen: func(w *world) {
				w.waits(w.listed(), "ErrImagePull")
				w.passRun()
				if got := w.waiting(); got != `ImagePull: waiting: container "tests": cannot pull image "registry.example/tests:1"` {
					w.t.Error(got)
				}
				w.pass(6 * time.Minute)
			},
			want: verdict{"Error", 96, "ImagePull", `container "tests": cannot pull image "registry.example/tests:1"`},
		},
		"a pod that no node takes for startTimeout is the infrastructure's fault": {
			happen: func(w *world) {
				w.change(w.listed(), func(s *corev1.PodStatus) {
					s.Conditions = []corev1.PodCondition{{
						Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "0/3 nodes",
					}}
				})
				if res := w.passRun(); res.RequeueAfter <= 0 || res.RequeueAfter > 5*time.Minute+time.Second {
					w.t.Errorf("it looks again after %v", res.RequeueAfter)
				}
				w.pass(6 * time.Minute)
			},
			want: verdict{"Error", 120, "StartTimeout", "the listing pod did not start: 0/3 nodes"},
		},
		"a listing pod that fails ends the run, in its own words": {
			happen: func(w *world) {
				pod := w.listed()
				w.runs(pod)
				w.ended(pod, 3, "", func(s *corev1.PodStatus) {
					s.ContainerStatuses[0].State.Terminated.Message = "no such binary"
				})
				w.jobEnded(&w.jobs()[0], batchv1.JobFailureTarget, batchv1.JobFailed, "the policy says so")
			},
			want: verdict{"Error", 104, "ListFailed", "the listing pod failed: the runner ended with exit code 3 no such binary"},
		},
		"a job that fails without a pod speaks for itself": {
			happen: func(w *world) {
				w.passRun()
				w.jobEnded(&w.jobs()[0], batchv1.JobFailureTarget, batchv1.JobFailed, "it was active for too long")
			},
			want: verdict{"Error", 104, "ListFailed", "the listing pod failed: it was active for too long"},
		},
		"a listing pod that ends without a word tells no tests": {
			happen: func(w *world) {
				pod := w.listed()
				w.runs(pod)
				w.ended(pod, 0, "")
				w.control()
			},
			want: verdict{"Error", 104, "ListFailed", "the listing pod ended without telling any tests"},
		},
		"what the listing pod tells to be wrong ends the run": {
			happen: func(w *world) {
				w.told = tests(0)
				w.told.Error = "suite unit: /t/*.test: no such file"
				w.tells()
			},
			want: verdict{"Error", 104, "ListFailed", "suite unit: /t/*.test: no such file"},
		},
		"tests that cannot be told apart end the run": {
			happen: func(w *world) {
				w.told = tests(2)
				w.told.Tests[1] = w.told.Tests[0]
				w.tells()
			},
			want: verdict{"Error", 104, "ListFailed", "*Test0000*"},
		},
		"the deadline passes while the tests are listed": {
			change: func(r *v1alpha1.TestRun) { r.Spec.ActiveDeadlineSeconds = ptr.To[int64](60) },
			happen: func(w *world) {
				w.listed()
				if res := w.passRun(); res.RequeueAfter != time.Minute {
					w.t.Errorf("it looks again after %v", res.RequeueAfter)
				}
				w.pass(time.Minute)
			},
			want: verdict{"Failed", 100, "DeadlineExceeded", "activeDeadlineSeconds passed before the tests were listed"},
		},
		"no tests are a failure": {
			happen: func(w *world) { w.told = tests(0); w.tells() },
			want:   verdict{"Failed", 4, "NoTests", "the binaries list no tests"},
		},
		"no tests are a success if the run says so": {
			change: func(r *v1alpha1.TestRun) { r.Spec.NoTests = v1alpha1.NoTestsPass },
			happen: func(w *world) { w.told = tests(0); w.tells() },
			want:   verdict{"Passed", 0, "NoTests", "the binaries list no tests"},
		},
		"tests that are all ignored are no tests": {
			happen: func(w *world) { w.told = tests(1); w.told.Tests[0].Ignored = true; w.tells() },
			want:   verdict{"Failed", 4, "NoTests", "no test is selected of 1 listed"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			change := tt.change
			if change == nil {
				change = func(*v1alpha1.TestRun) {}
			}
			w := newWorld(t, 1, interceptor.Funcs{}, change)
			if tt.happen != nil {
				tt.happen(w)
			}
			w.passRun()
			got := w.verdict()
			if matches(tt.want.Message, got.Message) {
				got.Message = tt.want.Message
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
			w.passAll()
			for _, j := range w.jobs() {
				if len(j.Status.Conditions) == 0 {
					t.Errorf("job %s still runs", j.Name)
				}
			}
			if n := len(w.batches()); n > 0 {
				t.Errorf("%d batches were made", n)
			}
			w.wantRest()
		})
	}
}

// matches reports whether a text is as wanted, where * stands for anything.
func matches(want, got string) bool {
	parts := strings.Split(want, "*")
	if !strings.HasPrefix(got, parts[0]) || !strings.HasSuffix(got, parts[len(parts)-1]) {
		return false
	}
	for _, p := range parts {
		_, rest, found := strings.Cut(got, p)
		if !found {
			return false
		}
		got = rest
	}
	return true
}

// tells has a listing pod tell its tests.
func (w *world) tells() {
	w.t.Helper()
	w.listed()
	w.kubelet()
	w.work()
}

// quota refuses pods for as long as it is used up.
type quota struct{ usedUp bool }

func (q *quota) hooks() interceptor.Funcs {
	return interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
			if _, pod := obj.(*corev1.Pod); pod && q.usedUp {
				return apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "p", errors.New("exceeded quota: team"))
			}
			return c.Create(ctx, obj, opts...)
		},
	}
}

const quotaSays = `pods "p" is forbidden: exceeded quota: team`

func TestAQuotaThatIsUsedUpIsWaitedForUntilStartTimeout(t *testing.T) {
	w := newWorld(t, 1, (&quota{usedUp: true}).hooks())
	for range 3 {
		if res := w.passRun(); res.RequeueAfter != 2*time.Second {
			t.Errorf("it looks again after %v", res.RequeueAfter)
		}
		w.pass(2 * time.Second)
	}
	if got, want := w.waiting(), "QuotaExceeded: waiting: "+quotaSays; got != want {
		t.Errorf("it says %q", got)
	}
	if n := len(w.jobs()); n > 0 {
		t.Error("a job was made that could not have had a pod")
	}
	w.pass(5*time.Minute - 7*time.Second)
	if res := w.passRun(); res.RequeueAfter != time.Second {
		t.Errorf("a second before the end it looks again after %v", res.RequeueAfter)
	}
	w.pass(time.Second)
	w.passRun()
	want := verdict{"Error", 120, "StartTimeout", "the listing pod did not start: " + quotaSays}
	if diff := cmp.Diff(want, w.verdict()); diff != "" {
		t.Error(diff)
	}
	w.wantRest()
}

func TestQuotaThatIsFreeAgainIsUsed(t *testing.T) {
	q := &quota{usedUp: true}
	w := newWorld(t, 1, q.hooks())
	w.passRun()
	q.usedUp = false
	w.pass(2 * time.Second)
	w.tells()
	q.usedUp = true
	w.passAll()
	w.pass(2 * time.Second)
	w.passAll()
	if got, want := w.waiting(), "QuotaExceeded: waiting: "+quotaSays; got != want {
		t.Errorf("it says %q", got)
	}
	if w.pod(0) != nil {
		t.Error("a worker has a pod that was refused")
	}
	q.usedUp = false
	w.settle()
	if got := w.verdict(); got.Result != v1alpha1.ResultPassed {
		t.Errorf("the run is %+v", got)
	}
}

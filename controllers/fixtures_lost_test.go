package controllers_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/manifest"
)

// withService: a service, and infraRetries.
func withService(retries int32) func(*v1alpha1.TestRun) {
	return func(r *v1alpha1.TestRun) {
		r.Spec.Fixtures = []v1alpha1.Fixture{
			{Name: "db", Service: &v1alpha1.FixtureService{Image: "db:1", Port: 5432}},
		}
		r.Spec.InfraRetries, r.Spec.Worker.Slots = &retries, 1
	}
}

// service is the pod of the service, or nil.
func (w *world) service() *corev1.Pod {
	w.t.Helper()
	name := manifest.FixtureName(w.run.Name, "db", v1alpha1.PartService)
	pods := w.pods()
	if at := slices.IndexFunc(pods, func(p corev1.Pod) bool { return p.Name == name }); at >= 0 {
		return &pods[at]
	}
	return nil
}

// servesAt makes the service ready at an address.
func (w *world) servesAt(ip string) {
	w.t.Helper()
	w.change(w.service(), func(s *corev1.PodStatus) {
		s.Phase, s.PodIP, s.PodIPs = corev1.PodRunning, ip, []corev1.PodIP{{IP: ip}}
		s.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	})
}

// onNode puts the service's pod on a node: one that is deleted has its grace period there.
func (w *world) onNode() {
	w.t.Helper()
	node := &corev1.Binding{Target: corev1.ObjectReference{Kind: "Node", Name: "node-1"}}
	w.must(w.api.SubResource("binding").Create(w.ctx, w.service(), node))
}

func lowOnMemory(s *corev1.PodStatus) {
	s.Phase, s.Reason, s.Message = corev1.PodFailed, "Evicted", "low on memory"
}

// testing brings the run so far that a worker has a test to run, and tells the address that this test has.
func (w *world) testing() *agent {
	w.t.Helper()
	w.prepared()
	w.onNode()
	w.servesAt("10.1.2.3")
	w.passAll()
	w.passAll()
	for _, p := range w.pods() {
		if p.Labels[v1alpha1.LabelPhase] == v1alpha1.PhaseRun && w.agents[p.UID] == nil {
			w.runs(&p)
		}
	}
	w.passAll()
	a := w.agentOf(0)
	a.hello()
	return a
}

// address is where the next test that a worker is given finds the service.
func (w *world) address(a *agent) string {
	w.t.Helper()
	lease, _ := a.lease()
	if len(lease.Attempts) == 0 {
		w.t.Fatalf("no test is handed out: %+v", lease)
	}
	a.ran(lease.Attempts[0])
	a.send(true)
	for _, e := range lease.Settings[0].Env {
		if at, ok := strings.CutPrefix(e, "PODTEST_SERVICE_DB_HOST="); ok {
			return at
		}
	}
	return ""
}

func TestAServiceThatIsLostWhileTestsRunIsMadeAgain(t *testing.T) {
	for name, tt := range map[string]struct {
		happen      func(*world)
		wantMessage string
	}{
		"evicted": {
			happen:      func(w *world) { w.change(w.service(), lowOnMemory) },
			wantMessage: "Evicted: low on memory; made again (1 of infraRetries 3)",
		},
		"its node is gone": {
			happen: func(w *world) {
				w.change(w.service(), func(s *corev1.PodStatus) {
					evicted(s)
					s.Phase, s.Conditions[len(s.Conditions)-1].Reason = corev1.PodFailed, "DeletionByPodGC"
				})
			},
			wantMessage: "NodeLost: DeletionByPodGC: drained; made again (1 of infraRetries 3)",
		},
		"deleted, and still there": {
			happen:      func(w *world) { w.must(w.api.Delete(w.ctx, w.service())) },
			wantMessage: "Deleted: the pod was deleted; made again (1 of infraRetries 3)",
		},
		"deleted by force": {
			happen: func(w *world) {
				w.must(w.api.Delete(w.ctx, w.service(), client.GracePeriodSeconds(0)))
			},
			wantMessage: "Deleted: the pod is gone; made again (1 of infraRetries 3)",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 6, interceptor.Funcs{}, withService(3))
			a := w.testing()
			if got := w.address(a); got != "10.1.2.3" {
				t.Errorf("the first test finds it at %q", got)
			}
			was := w.service().UID
			tt.happen(w)
			w.passRun()
			w.wantFixtures("db SettingUp")
			f := w.status().Fixtures[0]
			if f.Message != tt.wantMessage || f.Lost != 1 || f.LostTime == nil {
				t.Errorf("the status tells %+v", f)
			}
			want := "Warning FixtureLost: fixture db: " + tt.wantMessage
			if told := w.events.told(); !slices.Contains(told, want) {
				t.Errorf("events are %q, want %q", told, want)
			}
			if got := w.address(a); got != "10.1.2.3" {
				t.Errorf("meanwhile a test finds it at %q", got)
			}
			if p := w.service(); p != nil && p.UID == was {
				w.must(w.api.Delete(w.ctx, p, client.GracePeriodSeconds(0))) // the kubelet
			}
			w.passRun()
			if p := w.service(); p == nil || p.UID == was {
				t.Fatalf("it is not made again: %+v", w.status().Fixtures)
			}
			w.servesAt("10.9.9.9")
			w.passRun()
			w.wantFixtures("db Ready")
			if f := w.status().Fixtures[0]; f.Lost != 1 || f.Message != "" {
				t.Errorf("the status tells %+v", f)
			}
			if got := w.address(a); got != "10.9.9.9" {
				t.Errorf("then a test finds it at %q", got)
			}
			w.settle()
			if s := w.status(); s.Result != v1alpha1.ResultPassed || s.Tests.Passed != 6 {
				t.Errorf("%s %+v", s.Result, s.Tests)
			}
			w.wantRest()
		})
	}
}

func TestAnotherLeaderGoesOnWithAServiceThatWasLost(t *testing.T) {
	w := newWorld(t, 3, interceptor.Funcs{}, withService(3))
	w.address(w.testing())
	w.change(w.service(), lowOnMemory)
	w.lead(interceptor.Funcs{
		Delete: func(_ context.Context, _ client.WithWatch, _ client.Object, _ ...client.DeleteOption) error {
			return errLost
		},
	})
	if _, err := w.tryRun(); err == nil {
		t.Fatal("the pod that was lost is not deleted")
	}
	w.lead(interceptor.Funcs{})
	w.passRun()
	if f := w.status().Fixtures[0]; f.Lost != 1 || f.State != "SettingUp" {
		t.Errorf("the loss is counted again: %+v", f)
	}
	w.lead(interceptor.Funcs{})
	w.passRun()
	if p := w.service(); p == nil || manifest.LostBefore(p) != 1 {
		t.Fatalf("it is not made again: %+v", p)
	}
	w.servesAt("10.9.9.9")
	w.lead(interceptor.Funcs{})
	w.passRun()
	a := w.agentOf(0)
	a.hello()
	if got := w.address(a); got != "10.9.9.9" {
		t.Errorf("a test finds it at %q", got)
	}
	if c := w.status().Conditions; slices.ContainsFunc(c, func(c metav1.Condition) bool {
		return c.Reason == v1alpha1.ReasonPreparing
	}) {
		t.Errorf("the run is said to be prepared again: %+v", c)
	}
	w.settle()
	if s := w.status(); s.Result != v1alpha1.ResultPassed || s.Tests.Passed != 3 {
		t.Errorf("%s %+v", s.Result, s.Tests)
	}
	w.wantRest()
}

func TestAServiceThatIsLostTooOftenEndsTheRun(t *testing.T) {
	for name, again := range map[string]bool{"the same leader": false, "another leader each time": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 3, interceptor.Funcs{}, withService(1))
			w.address(w.testing())
			for i := range 2 {
				w.change(w.service(), lowOnMemory)
				for range 3 {
					if again {
						w.lead(interceptor.Funcs{})
					}
					w.passRun()
				}
				if i == 0 {
					w.servesAt(fmt.Sprintf("10.1.2.%d", 4+i))
					w.passRun()
				}
			}
			w.settle()
			want := verdict{
				"Failed", 105, "FixtureFailed", "2 of 3 tests have no verdict: " +
					"the pod of service db was lost more often than infraRetries (1) allows: Evicted: low on memory",
			}
			if diff := cmp.Diff(want, w.verdict()); diff != "" {
				t.Error(diff)
			}
			w.wantFixtures("db Failed")
			if w.service() != nil && w.service().DeletionTimestamp.IsZero() {
				t.Error("its pod is left")
			}
			w.wantRest()
		})
	}
}

func TestAServiceThatIsLostBeforeTestsRunIsMadeAgainFirst(t *testing.T) {
	w := newWorld(t, 2, interceptor.Funcs{}, withFixtures)
	w.prepared()
	w.serves()
	w.passRun()
	w.wantFixtures("one SettingUp, db Ready, two Waiting")
	w.change(w.service(), lowOnMemory)
	w.passRun()
	w.passRun()
	w.wantFixtures("one SettingUp, db SettingUp, two Waiting")
	w.plays("one", v1alpha1.PartSetup, 0, `{}`)
	w.passRun()
	w.wantFixtures("one SettingUp, db SettingUp, two Waiting")
	w.servesAt("10.9.9.9")
	w.passRun()
	w.wantFixtures("one Ready, db Ready, two SettingUp")
	if got := envOf(w.part("two", v1alpha1.PartSetup))["PODTEST_SERVICE_DB_HOST"]; got != "10.9.9.9" {
		t.Errorf("the next setup finds it at %q", got)
	}
}

func TestNoServiceIsMadeAgainForARunThatIsSuspended(t *testing.T) {
	w := newWorld(t, 3, interceptor.Funcs{}, withService(3))
	w.address(w.testing())
	w.spec(func(s *v1alpha1.TestRunSpec) { s.Suspend = true })
	w.passRun()
	w.change(w.service(), lowOnMemory)
	for range 3 {
		w.passRun()
	}
	if w.service() != nil {
		t.Error("it is made again while the run is suspended")
	}
	w.spec(func(s *v1alpha1.TestRunSpec) { s.Suspend = false })
	w.passRun()
	if w.service() == nil {
		t.Error("it is not made again when the run goes on")
	}
}

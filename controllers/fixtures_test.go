package controllers_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/manifest"
)

func command(c string) *v1alpha1.FixtureCommand {
	return &v1alpha1.FixtureCommand{Command: []string{c}}
}

// withFixtures: a service, and two fixtures with setup and teardown.
func withFixtures(r *v1alpha1.TestRun) {
	r.Spec.Fixtures = []v1alpha1.Fixture{
		{Name: "one", Setup: command("up1"), Teardown: command("down1")},
		{Name: "db", Service: &v1alpha1.FixtureService{Image: "db:1", Port: 5432}},
		{Name: "two", Setup: command("up2"), Teardown: command("down2")},
	}
}

// prepared lists the run's tests, and lets it begin with its fixtures.
func (w *world) prepared() {
	w.t.Helper()
	w.passRun()
	w.control()
	for _, p := range w.pods() {
		if p.Labels[v1alpha1.LabelPhase] == v1alpha1.PhaseList && w.agents[p.UID] == nil {
			w.runs(&p)
		}
	}
	w.work()
	w.passRun()
	w.passRun()
}

// part is the Job of a fixture's part, with its pod, or nothing.
func (w *world) part(fixture, part string) *batchv1.Job {
	w.t.Helper()
	for _, j := range w.jobs() {
		if j.Name == manifest.FixtureName(w.run.Name, fixture, part) {
			return &j
		}
	}
	return nil
}

// plays makes the pod of a fixture's Job and ends it with these words.
func (w *world) plays(fixture, part string, code int32, words string) {
	w.t.Helper()
	job := w.part(fixture, part)
	if job == nil {
		w.t.Fatalf("there is no job for %s of %s: %+v", part, fixture, w.status().Fixtures)
	}
	w.listPod(job)
	pods := w.pods()
	at := slices.IndexFunc(pods, func(p corev1.Pod) bool { return metav1.IsControlledBy(&p, job) })
	w.change(&pods[at], func(s *corev1.PodStatus) {
		s.Phase = corev1.PodSucceeded
		if code != 0 {
			s.Phase = corev1.PodFailed
		}
		s.ContainerStatuses = statuses(testContainer(&pods[at]), corev1.ContainerState{
			Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Message: words},
		})
	})
}

// serves makes the service ready.
func (w *world) serves() {
	w.t.Helper()
	pod := &corev1.Pod{}
	key := client.ObjectKey{Namespace: w.run.Namespace, Name: manifest.FixtureName(w.run.Name, "db", v1alpha1.PartService)}
	w.must(w.api.Get(w.ctx, key, pod))
	w.change(pod, func(s *corev1.PodStatus) {
		s.Phase, s.PodIP, s.PodIPs = corev1.PodRunning, "10.1.2.3", []corev1.PodIP{{IP: "10.1.2.3"}}
		s.Conditions = []corev1.PodCondition{{Type: corev1.PodReady, Status: corev1.ConditionTrue}}
	})
}

func (w *world) fixtureStates() string {
	w.t.Helper()
	var out []string
	for _, f := range w.status().Fixtures {
		out = append(out, f.Name+" "+f.State)
	}
	return strings.Join(out, ", ")
}

func (w *world) wantFixtures(want string) {
	w.t.Helper()
	if got := w.fixtureStates(); got != want {
		w.t.Fatalf("fixtures: %s, want %s: %+v", got, want, w.status().Fixtures)
	}
}

func envOf(job *batchv1.Job) map[string]string {
	out := map[string]string{}
	for _, e := range job.Spec.Template.Spec.Containers[0].Env {
		out[e.Name] = e.Value
	}
	return out
}

func TestFixturesComeUpInOrderAndEachFindsWhatCameBefore(t *testing.T) {
	w := newWorld(t, 2, interceptor.Funcs{}, withFixtures)
	w.prepared()
	w.wantFixtures("one Waiting, db SettingUp, two Waiting")
	w.serves()
	w.passRun()
	w.wantFixtures("one SettingUp, db Ready, two Waiting")
	w.lead(interceptor.Funcs{}) // another manager goes on
	w.passRun()
	w.plays("one", v1alpha1.PartSetup, 0, `{"exports":{"A":"$(B)"}}`)
	w.passRun()
	w.wantFixtures("one Ready, db Ready, two SettingUp")
	env := envOf(w.part("two", v1alpha1.PartSetup))
	for k, want := range map[string]string{
		"A": "$$(B)", "PODTEST_SERVICE_DB_HOST": "10.1.2.3", "PODTEST_SERVICE_DB_PORT": "5432", "PODTEST_FIXTURE": "two",
	} {
		if env[k] != want {
			t.Errorf("%s=%q, want %q", k, env[k], want)
		}
	}
	if len(w.batches()) > 0 {
		t.Error("workers are started before the fixtures are ready")
	}
	w.plays("two", v1alpha1.PartSetup, 0, `{}`)
	w.passRun()
	w.wantFixtures("one Ready, db Ready, two Ready")
	if !slices.Contains(w.stored().Finalizers, v1alpha1.FinalizerTeardown) {
		t.Error("nothing keeps the run until its fixtures are torn down")
	}
}

func TestAFixtureThatFailsEndsTheRunAndWhatWasBegunIsTornDown(t *testing.T) {
	w := newWorld(t, 2, interceptor.Funcs{}, withFixtures)
	w.prepared()
	w.serves()
	w.passRun()
	w.plays("one", v1alpha1.PartSetup, 3, `{"error":"exit code 3: no disk"}`)
	for range 3 {
		w.passRun()
	}
	w.wantFixtures("one TearingDown, db TearingDown, two Waiting")
	if s := w.status(); s.ExitCode == nil || *s.ExitCode != v1alpha1.ExitFixtureFailed {
		t.Errorf("%+v", s)
	}
	w.plays("one", v1alpha1.PartTeardown, 1, `{"error":"exit code 1"}`)
	for range 3 {
		w.passRun()
	}
	want := verdict{"Failed", 105, "FixtureFailed", "setup of fixture one: exit code 3: no disk"}
	if diff := cmp.Diff(want, w.verdict()); diff != "" {
		t.Error(diff)
	}
	w.wantFixtures("one Failed, db Done, two Waiting")
	if got := w.status().Fixtures[0].Message; got != want.Message+"; teardown: exit code 1" {
		t.Error(got)
	}
	if w.part("two", v1alpha1.PartSetup) != nil || w.part("two", v1alpha1.PartTeardown) != nil {
		t.Error("what was never begun was set up or torn down")
	}
	if len(w.stored().Finalizers) > 0 {
		t.Errorf("%v", w.stored().Finalizers)
	}
}

func TestAServiceThatIsNotReadyInTimeEndsTheRun(t *testing.T) {
	w := newWorld(t, 2, interceptor.Funcs{}, withFixtures)
	w.prepared()
	w.pass(6 * time.Minute)
	w.passRun()
	w.passRun()
	if s := w.status(); s.ExitCode == nil || *s.ExitCode != v1alpha1.ExitInfrastructure {
		t.Errorf("%+v", s)
	}
}

func TestARunThatIsDeletedIsTornDownFirstInReverseOrder(t *testing.T) {
	w := newWorld(t, 2, interceptor.Funcs{}, withFixtures)
	w.prepared()
	w.serves()
	w.passRun()
	w.plays("one", v1alpha1.PartSetup, 0, `{"exports":{"A":"1"}}`)
	w.passRun()
	w.plays("two", v1alpha1.PartSetup, 0, `{}`)
	w.passRun()
	w.must(w.api.Delete(w.ctx, w.stored()))
	for range 3 {
		w.passRun()
		for _, p := range w.pods() { // the kubelet
			if !p.DeletionTimestamp.IsZero() {
				w.gone(&p)
			}
		}
		for _, j := range w.jobs() { // the garbage collector
			if !j.DeletionTimestamp.IsZero() {
				j.Finalizers = nil
				w.must(client.IgnoreNotFound(w.api.Update(w.ctx, &j)))
			}
		}
	}
	if w.part("one", v1alpha1.PartTeardown) != nil {
		t.Fatal("both are torn down at once")
	}
	job := w.part("two", v1alpha1.PartTeardown)
	if job == nil || len(job.OwnerReferences) > 0 || job.Spec.TTLSecondsAfterFinished == nil {
		t.Fatalf("a job that would be collected with the run: %+v", job)
	}
	w.plays("two", v1alpha1.PartTeardown, 0, `{}`)
	w.passRun()
	w.passRun()
	if got := envOf(w.part("one", v1alpha1.PartTeardown))["A"]; got != "1" {
		t.Errorf("the teardown finds A=%q", got)
	}
	w.plays("one", v1alpha1.PartTeardown, 0, `{}`)
	w.passRun()
	w.passRun()
	if err := w.api.Get(w.ctx, w.key(), &v1alpha1.TestRun{}); client.IgnoreNotFound(err) != nil || err == nil {
		t.Errorf("the run is still there: %v", err)
	}
}

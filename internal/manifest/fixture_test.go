package manifest

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"

	"github.com/podtest/podtest/api/v1alpha1"
)

func aPart() FixturePart {
	return FixturePart{
		Fixture: "schema", Part: v1alpha1.PartSetup, Env: []string{"DSN=pg://$(HOST)"},
		Command: &v1alpha1.FixtureCommand{Command: []string{"migrate", "--to=$(X)"}},
	}
}

func TestTheObjectsOfAFixture(t *testing.T) {
	golden(t, "fixture-job", FixtureJob(aRun(), aPart(), "podtest:test"))
	golden(t, "fixture-service", ServicePod(aRun(), "my-db", &v1alpha1.FixtureService{
		Image: "postgres:17", Port: 5432, Env: []v1alpha1.EnvVar{{Name: "POSTGRES_PASSWORD", Value: "x"}},
	}, 0))
}

func TestTheNewPodOfAServiceTellsHowManyWereLost(t *testing.T) {
	for _, lost := range []int32{0, 3} {
		pod := ServicePod(aRun(), "my-db", &v1alpha1.FixtureService{Image: "postgres:17"}, lost)
		if got := LostBefore(pod); got != lost {
			t.Errorf("it tells %d, want %d", got, lost)
		}
	}
}

func TestAJobOfARunThatIsBeingDeletedHasNoOwner(t *testing.T) {
	run := aRun()
	run.DeletionTimestamp = &metav1.Time{}
	run.DeletionTimestamp.Time = run.DeletionTimestamp.AddDate(1, 0, 0)
	job := FixtureJob(run, aPart(), "podtest:test")
	if len(job.OwnerReferences) > 0 || job.Spec.TTLSecondsAfterFinished == nil {
		t.Errorf("%+v", job.ObjectMeta)
	}
}

func TestNamesOfFixturesAreLabelsToo(t *testing.T) {
	seen := map[string]bool{}
	for _, run := range []string{"r", strings.Repeat("r", 200), strings.Repeat("a.", 51) + "z", strings.Repeat("a-", 51) + "z"} {
		for _, part := range []string{v1alpha1.PartSetup, v1alpha1.PartTeardown, v1alpha1.PartService} {
			name := FixtureName(run, "db", part)
			if errs := append(validation.IsDNS1123Subdomain(name), validation.IsValidLabelValue(name)...); errs != nil || seen[name] {
				t.Errorf("%s: %v", name, errs)
			}
			seen[name] = true
		}
	}
}

func TestWhatAFixturesPodTells(t *testing.T) {
	for name, tt := range map[string]struct {
		code    int32
		message string
		change  func(*corev1.Pod)
		want    FixtureResult
	}{
		"exports":                           {0, `{"exports":{"A":"b"}}`, nil, FixtureResult{Ended: true, Exports: map[string]string{"A": "b"}}},
		"nothing to export":                 {0, `{}`, nil, FixtureResult{Ended: true}},
		"no result is no success":           {0, ``, nil, FixtureResult{Ended: true, Error: "ended well but left no result"}},
		"its own error":                     {3, `{"error":"exit code 3: no"}`, nil, FixtureResult{Ended: true, Error: "exit code 3: no"}},
		"a death without a word":            {137, ``, nil, FixtureResult{Ended: true, Error: "exit code 137"}},
		"one whose pod is deleted may come": {143, `{"error":"ended with its pod"}`, nil, FixtureResult{}},
		"one whose pod is evicted may come": {1, ``, func(p *corev1.Pod) { p.Status.Reason = "Evicted" }, FixtureResult{}},
	} {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "test"}}}}
			pod.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: "test", State: corev1.ContainerState{
				Terminated: &corev1.ContainerStateTerminated{ExitCode: tt.code, Message: tt.message},
			}}}
			if tt.change != nil {
				tt.change(pod)
			}
			if diff := cmp.Diff(tt.want, FixtureEnd(pod)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

//go:build e2e

package e2e

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
)

// testRun is a run in a namespace of its own, with the suites and the image of a set of the zoo.
func testRun(t *testing.T, name, set string, suites []v1alpha1.Suite, change ...func(*v1alpha1.TestRun)) *v1alpha1.TestRun {
	t.Helper()
	run := &v1alpha1.TestRun{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace(t), Name: name},
		Spec: v1alpha1.TestRunSpec{
			Suites: suites,
			Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
				Containers: []corev1.Container{{
					Name:  "test",
					Image: "podtest.local/zoo-" + set + ":1",
					Resources: corev1.ResourceRequirements{
						Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("50m")},
					},
				}},
				TerminationGracePeriodSeconds: ptr.To[int64](10),
			}},
			Parallelism: 2,
			Worker:      v1alpha1.Worker{Slots: 2},
		},
	}
	for _, c := range change {
		c(run)
	}
	return run
}

// create applies the run.
func create(t *testing.T, run *v1alpha1.TestRun) *v1alpha1.TestRun {
	t.Helper()
	must(t, cluster.Create(t.Context(), run))
	return run
}

// patch changes the spec of a run.
func patch(t *testing.T, run *v1alpha1.TestRun, change func(*v1alpha1.TestRun)) {
	t.Helper()
	now := read(t, run)
	was := now.DeepCopy()
	change(now)
	must(t, cluster.Patch(t.Context(), now, client.MergeFrom(was)))
}

func goSuite(name string, binaries ...string) []v1alpha1.Suite {
	return []v1alpha1.Suite{{Name: name, Go: &v1alpha1.BinariesHarness{Binaries: binaries}}}
}

func execSuite(name, kind string, format v1alpha1.ListFormat) []v1alpha1.Suite {
	return []v1alpha1.Suite{{Name: name, Exec: &v1alpha1.ExecHarness{
		List: v1alpha1.ExecList{Command: []string{"/tests/suite", "list", kind}, Format: format},
		Run:  v1alpha1.ExecRun{Command: []string{"/tests/suite", "run", "{id}"}},
	}}}
}

func noop(n string) []v1alpha1.Suite {
	return []v1alpha1.Suite{{Name: "noop", Exec: &v1alpha1.ExecHarness{
		List: v1alpha1.ExecList{Command: []string{"/tests/noop", "list", n}},
		Run:  v1alpha1.ExecRun{Command: []string{"/tests/noop", "run", "{id}"}},
	}}}
}

func env(name, value string) func(*v1alpha1.TestRun) {
	return func(run *v1alpha1.TestRun) {
		c := &run.Spec.Template.Spec.Containers[0]
		c.Env = append(c.Env, corev1.EnvVar{Name: name, Value: value})
	}
}

func timeout(period time.Duration) func(*v1alpha1.TestRun) {
	return func(run *v1alpha1.TestRun) {
		run.Spec.SlowTimeout = &v1alpha1.SlowTimeout{
			Period: &metav1.Duration{Duration: period}, TerminateAfter: 1,
			GracePeriod: &metav1.Duration{Duration: time.Second},
		}
	}
}

func startTimeout(d time.Duration) func(*v1alpha1.TestRun) {
	return func(run *v1alpha1.TestRun) { run.Spec.StartTimeout = &metav1.Duration{Duration: d} }
}

func retries(n int32) func(*v1alpha1.TestRun) {
	return func(run *v1alpha1.TestRun) { run.Spec.Retries = &v1alpha1.Retries{Count: n} }
}

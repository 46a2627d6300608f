package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
)

// withParent puts a run into the cluster that has ended, with all that a rerun takes or leaves.
func (s *shell) withParent(t *testing.T, name string) {
	t.Helper()
	parent := &v1alpha1.TestRun{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: "ci", Name: name,
			Labels: map[string]string{"team": "shop", "app.kubernetes.io/instance": "argo"},
		},
		Spec: v1alpha1.TestRunSpec{
			Filter: "test(cart)", Cancel: true, Force: true, Suspend: true,
			Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{
				{Name: "proxy", Image: "proxy:1"}, {Name: "test", Image: "shop:1"},
			}}},
		},
	}
	if err := s.cluster.Create(t.Context(), parent); err != nil {
		t.Fatal(err)
	}
	parent.Status = v1alpha1.TestRunStatus{
		Catalog:    &v1alpha1.CatalogRef{Digest: "d", Records: 1},
		Conditions: []metav1.Condition{{Type: v1alpha1.ConditionComplete, Status: metav1.ConditionTrue, Reason: "TestsFailed"}},
	}
	if err := s.cluster.Status().Update(t.Context(), parent); err != nil {
		t.Fatal(err)
	}
}

// made are the runs of the cluster beside their parent.
func (s *shell) made(t *testing.T, parent string) []v1alpha1.TestRun {
	t.Helper()
	var all v1alpha1.TestRunList
	if err := s.cluster.List(t.Context(), &all, client.InNamespace("ci")); err != nil {
		t.Fatal(err)
	}
	var made []v1alpha1.TestRun
	for _, run := range all.Items {
		if run.Name != parent {
			made = append(made, run)
		}
	}
	return made
}

func TestARerunHasTheSpecOfItsParent(t *testing.T) {
	cases := map[string]struct {
		args   []string
		want   v1alpha1.RerunTests
		filter string
	}{
		"all that is outstanding": {nil, v1alpha1.RerunOutstanding, "test(cart)"},
		"what failed":             {[]string{"--failed"}, v1alpha1.RerunFailed, "test(cart)"},
		"what was not run":        {[]string{"--infra"}, v1alpha1.RerunNotRun, "test(cart)"},
		"another filterset":       {[]string{"-E", "test(pay)"}, v1alpha1.RerunOutstanding, "test(pay)"},
		"some names":              {[]string{"add", "--", "--skip", "slow"}, v1alpha1.RerunOutstanding, "(test(cart)) and test(~add) and not test(~slow)"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			s := newShell(t)
			s.withParent(t, "shop-again-x7k2q")
			args := append([]string{"rerun", "shop-again-x7k2q", "-n", "ci", "--image", "shop:2", "--follow=false"}, c.args...)
			if code := s.podtest(t, args...); code != 0 {
				t.Fatalf("exit code %d: %s", code, s.err.String())
			}
			made := s.made(t, "shop-again-x7k2q")
			if len(made) != 1 {
				t.Fatalf("%d runs were made", len(made))
			}
			want := v1alpha1.TestRunSpec{
				Filter: c.filter, Mode: v1alpha1.ModeRun,
				Rerun: &v1alpha1.Rerun{Name: "shop-again-x7k2q", Tests: c.want},
				Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{
					{Name: "proxy", Image: "proxy:1"}, {Name: "test", Image: "shop:2"},
				}}},
			}
			if diff := cmp.Diff(want, made[0].Spec); diff != "" {
				t.Error(diff)
			}
			if got := made[0].GenerateName; got != "shop-again-" {
				t.Errorf("it is called %s", got)
			}
			if diff := cmp.Diff(map[string]string{"team": "shop"}, made[0].Labels); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestARunThatGoesOnIsNotRunAgain(t *testing.T) {
	s := newShell(t, &v1alpha1.TestRun{ObjectMeta: metav1.ObjectMeta{Namespace: "ci", Name: "shop"}})
	if code := s.podtest(t, "rerun", "shop", "-n", "ci"); code != 96 || !strings.Contains(s.err.String(), "has not ended yet") {
		t.Errorf("exit code %d, %q", code, s.err.String())
	}
	if code := s.podtest(t, "rerun", "shop", "-n", "ci", "--failed", "--infra"); code != 96 {
		t.Errorf("exit code %d, %q", code, s.err.String())
	}
}

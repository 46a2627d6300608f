package settings_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/settings"
)

func profile(name string, s v1alpha1.TestSettings) *v1alpha1.TestProfile {
	return &v1alpha1.TestProfile{
		ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.TestProfileSpec{TestSettings: s},
	}
}

func seconds(n int) *metav1.Duration {
	return &metav1.Duration{Duration: time.Duration(n) * time.Second}
}

func TestEverythingChains(t *testing.T) {
	own := v1alpha1.TestSettings{
		Retries:   &v1alpha1.Retries{Count: 1},
		Overrides: []v1alpha1.Override{{Filter: "test(own)"}},
		Groups:    []v1alpha1.Group{{Name: "db", MaxParallel: 1}},
	}
	ci := profile("ci", v1alpha1.TestSettings{
		DefaultFilter: "test(ci)",
		Retries:       &v1alpha1.Retries{Count: 2, Delay: seconds(9)},
		SlowTimeout:   &v1alpha1.SlowTimeout{TerminateAfter: 2},
		Overrides:     []v1alpha1.Override{{Filter: "test(ci)"}, {Filter: "test(ci2)"}},
		Groups:        []v1alpha1.Group{{Name: "db", MaxParallel: 7}, {Name: "gpu", MaxParallel: 2}},
		Fixtures:      []v1alpha1.Fixture{{Name: "postgres", Filter: "test(ci)"}},
	})
	grandparent := profile("base", v1alpha1.TestSettings{
		DefaultFilter: "test(base)",
		SlowTimeout:   &v1alpha1.SlowTimeout{Period: seconds(1)},
		RunWrapper:    []string{"nice"},
		GlobalTimeout: seconds(60),
		Overrides:     []v1alpha1.Override{{Filter: "test(base)"}},
		Fixtures:      []v1alpha1.Fixture{{Name: "postgres"}, {Name: "redis"}},
	})
	want := v1alpha1.TestSettings{
		DefaultFilter: "test(ci)",
		Retries:       &v1alpha1.Retries{Count: 1},
		SlowTimeout:   &v1alpha1.SlowTimeout{TerminateAfter: 2},
		RunWrapper:    []string{"nice"},
		GlobalTimeout: seconds(60),
		Overrides: []v1alpha1.Override{
			{Filter: "test(own)"}, {Filter: "test(ci)"}, {Filter: "test(ci2)"}, {Filter: "test(base)"},
		},
		Groups:   []v1alpha1.Group{{Name: "db", MaxParallel: 1}, {Name: "gpu", MaxParallel: 2}},
		Fixtures: []v1alpha1.Fixture{{Name: "postgres", Filter: "test(ci)"}, {Name: "redis"}},
	}
	wantFrom := settings.Provenance{
		Settings: map[string]string{
			"defaultFilter": "profile ci", "slowTimeout": "profile ci",
			"runWrapper": "profile base", "globalTimeout": "profile base",
		},
		Overrides: []string{"", "profile ci overrides[0]", "profile ci overrides[1]", "profile base overrides[0]"},
		Fixtures:  []string{"profile ci fixtures[0]", "profile base fixtures[1]"},
	}
	got, from := settings.Merge(own, []*v1alpha1.TestProfile{ci, grandparent})
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(wantFrom, from); diff != "" {
		t.Error(diff)
	}
	got.SlowTimeout.TerminateAfter = 99
	if ci.Spec.SlowTimeout.TerminateAfter != 2 {
		t.Error("the profile shares memory with what was made of it")
	}
}

func TestWithoutAProfileAllIsTheSpecs(t *testing.T) {
	own := v1alpha1.TestSettings{Isolation: v1alpha1.IsolationPod, Overrides: []v1alpha1.Override{{Filter: "all()"}}}
	got, from := settings.Merge(own, nil)
	if diff := cmp.Diff(own, got); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(settings.Provenance{}, from); diff != "" {
		t.Error(diff)
	}
}

package settings_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/settings"
)

func TestEachSettingOfJUnitIsTakenByItself(t *testing.T) {
	own := v1alpha1.TestSettings{
		JUnit: &v1alpha1.JUnitPolicy{StoreFailureOutput: new(false)},
		Overrides: []v1alpha1.Override{
			{Filter: "test(a)", JUnit: &v1alpha1.JUnitPolicy{StoreSuccessOutput: new(false)}},
			{Filter: "test(a)", JUnit: &v1alpha1.JUnitPolicy{ReportSkipped: v1alpha1.JUnitSkippedIgnored}},
			{Filter: "all()", JUnit: &v1alpha1.JUnitPolicy{StoreFailureOutput: new(true), ReportSkipped: "All"}},
			{Filter: "none()", JUnit: &v1alpha1.JUnitPolicy{FlakyFailStatus: v1alpha1.JUnitFlakySuccess}},
		},
	}
	ci := profile("ci", v1alpha1.TestSettings{JUnit: &v1alpha1.JUnitPolicy{
		StoreSuccessOutput: new(true), StoreFailureOutput: new(true),
	}})
	merged, from := settings.Merge(own, []*v1alpha1.TestProfile{ci})
	spec := specOf(merged)
	r := resolved(t, spec, from, listed(t, map[string][]string{"s": {"a", "b"}}))
	type resolution struct {
		JUnit   settings.JUnit
		Sources map[string]string
	}
	var got []resolution
	for _, of := range r.Of {
		got = append(got, resolution{r.Table[of].JUnit, r.Table[of].Sources})
	}
	want := []resolution{
		{
			settings.JUnit{StoreFailure: true, ReportSkipped: v1alpha1.JUnitSkippedIgnored, FlakyFail: v1alpha1.JUnitFlakyFailure},
			map[string]string{
				"junit.storeSuccessOutput": "spec.overrides[0]", "junit.storeFailureOutput": "spec.overrides[2]",
				"junit.reportSkipped": "spec.overrides[1]",
			},
		},
		{
			settings.JUnit{
				StoreSuccess: true, StoreFailure: true, ReportSkipped: v1alpha1.JUnitSkippedAll, FlakyFail: v1alpha1.JUnitFlakyFailure,
			},
			map[string]string{
				"junit.storeSuccessOutput": "profile ci", "junit.storeFailureOutput": "spec.overrides[2]",
				"junit.reportSkipped": "spec.overrides[2]",
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if p := spec.JUnit; *p.StoreFailureOutput || !*p.StoreSuccessOutput || own.JUnit.StoreSuccessOutput != nil {
		t.Error("what overrides say has got into the spec, or what a profile says into the run's own")
	}
}

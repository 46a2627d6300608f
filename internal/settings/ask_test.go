package settings_test

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/filter"
	"github.com/podtest/podtest/internal/settings"
	"github.com/podtest/podtest/internal/wire"
)

func asked() (*v1alpha1.TestRunSpec, *catalog.Catalog) {
	spec := &v1alpha1.TestRunSpec{}
	spec.DefaultFilter = "not test(/slow/)"
	spec.Groups = []v1alpha1.Group{{Name: "db", MaxParallel: 1}}
	big := &corev1.ResourceRequirements{Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Gi")}}
	spec.Retries = &v1alpha1.Retries{Count: 5}
	spec.Overrides = []v1alpha1.Override{
		{Filter: "binary_id(s::b)", Group: "db", Retries: &v1alpha1.Retries{Count: 2}},
		{Filter: "test(y)", Resources: big, Group: "other", Weight: 2},
		{Filter: "test(=no such)", Weight: 7},
	}
	spec.Groups = append(spec.Groups, v1alpha1.Group{Name: "other", MaxParallel: 1})
	return spec, &catalog.Catalog{
		Binaries: []wire.Binary{{Suite: "s", ID: "s::a"}, {Suite: "s", ID: "s::b"}},
		Tests:    []wire.Listed{{Name: "x"}, {Name: "slow"}, {Binary: 1, Name: "x"}, {Binary: 1, Name: "y"}},
	}
}

func TestMatching(t *testing.T) {
	spec, cat := asked()
	set, err := settings.Resolve(spec, settings.Provenance{}, cat)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string][]uint32{
		"all()": {0, 1, 2, 3}, "default()": {0, 2, 3}, "group(db)": {2, 3}, "group(@global)": {0, 1}, "test(=x) - binary_id(s::a)": {2},
	} {
		matches, err := settings.Matching(spec, set, cat, text)
		if err != nil {
			t.Fatal(err)
		}
		var got []uint32
		for o := range uint32(4) {
			if matches(o + 4) { // of the second round of a stress run
				got = append(got, o)
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", text, diff)
		}
	}
	for _, text := range []string{"test(", "group(none-such)", "binary_id(none-such)"} {
		var wrong *filter.Error
		if _, err := settings.Matching(spec, set, cat, text); !errors.As(err, &wrong) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

func TestOverriddenIsWhatOverridesSayOfATest(t *testing.T) {
	spec, cat := asked()
	for ordinal, want := range map[uint32]v1alpha1.Override{
		0: {Filter: "all()"},
		2: {Filter: "all()", Group: "db", Retries: &v1alpha1.Retries{Count: 2}},
		7: {Filter: "all()", Group: "db", Retries: &v1alpha1.Retries{Count: 2}, Weight: 2, Resources: spec.Overrides[1].Resources},
	} {
		got, err := settings.Overridden(spec, cat, ordinal)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("test %d: %s", ordinal, diff)
		}
	}
}

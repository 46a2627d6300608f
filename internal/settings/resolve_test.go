package settings_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/settings"
	"github.com/podtest/podtest/internal/wire"
)

// listed is a catalog of one binary for each id, with these tests; one whose name begins with - is ignored.
func listed(t testing.TB, tests map[string][]string) *catalog.Catalog {
	t.Helper()
	told := wire.Catalog{}
	for id, names := range tests {
		for _, n := range names {
			bare := strings.TrimPrefix(n, "-")
			told.Tests = append(told.Tests, wire.Listed{Binary: len(told.Binaries), Name: bare, Ignored: bare != n})
		}
		told.Binaries = append(told.Binaries, wire.Binary{Suite: "s", ID: id, Pruned: len(names) == 0})
	}
	c, err := catalog.New(told)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func resolved(t testing.TB, spec *v1alpha1.TestRunSpec, p settings.Provenance, c *catalog.Catalog) *settings.Resolved {
	t.Helper()
	r, err := settings.Resolve(spec, p, c)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func cpus(n string) *corev1.ResourceRequirements {
	return &corev1.ResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse(n)}}
}

func specOf(s v1alpha1.TestSettings) *v1alpha1.TestRunSpec {
	return &v1alpha1.TestRunSpec{TestSettings: s, Worker: v1alpha1.Worker{Slots: 4}}
}

func TestTheFirstOverrideThatSaysSomethingOfASettingCounts(t *testing.T) {
	priority := int32(5)
	spec := specOf(v1alpha1.TestSettings{
		Isolation: v1alpha1.IsolationProcess,
		Retries:   &v1alpha1.Retries{Count: 1},
		Groups:    []v1alpha1.Group{{Name: "x", MaxParallel: 9}, {Name: "db", MaxParallel: 2, Exclusive: true}},
		Overrides: []v1alpha1.Override{
			{Name: "first", Filter: "test(a)", Weight: 9, Priority: &priority},
			{
				Filter: "all()", Weight: 2, Group: "db", FlakyResult: v1alpha1.Fail, Isolation: v1alpha1.IsolationPod,
				Env: []v1alpha1.EnvVar{{Name: "E", Value: "1"}},
				SlowTimeout: &v1alpha1.SlowTimeout{
					Period: seconds(3), TerminateAfter: 4, GracePeriod: seconds(0), OnTimeout: v1alpha1.Pass,
				},
			},
			{Filter: "test(b)", Group: "x", Retries: &v1alpha1.Retries{
				Count: 3, Delay: seconds(1), MaxDelay: seconds(9), Backoff: v1alpha1.BackoffExponential,
				Jitter: true, In: v1alpha1.RetryInNewPod,
			}},
		},
	})
	from := settings.Provenance{
		Settings: map[string]string{"retries": "profile ci"}, Overrides: []string{"", "", "profile ci overrides[0]"},
	}
	r := resolved(t, spec, from, listed(t, map[string][]string{"s": {"a", "b"}}))
	whole := settings.Test{
		SlowPeriod: 3 * time.Second, Terminate: 12 * time.Second, TimeoutPasses: true,
		Leak: 200 * time.Millisecond, Group: "db", Env: spec.Overrides[1].Env,
		SuccessOutput: v1alpha1.OutputNever, FailureOutput: v1alpha1.OutputImmediate,
		JUnit: settings.JUnit{
			StoreFailure: true, ReportSkipped: v1alpha1.JUnitSkippedNone, FlakyFail: v1alpha1.JUnitFlakyFailure,
		},
		Sources: map[string]string{
			"isolation": "spec.overrides[1]", "retries": "profile ci", "weight": "spec.overrides[0] (first)",
			"priority": "spec.overrides[0] (first)", "group": "spec.overrides[1]", "flakyResult": "spec.overrides[1]",
			"env": "spec.overrides[1]", "slowTimeout": "spec.overrides[1]",
		},
	}
	b := whole
	b.Policy = 1
	b.Sources = map[string]string{
		"isolation": "spec.overrides[1]", "retries": "profile ci overrides[0]", "weight": "spec.overrides[1]",
		"group": "spec.overrides[1]", "flakyResult": "spec.overrides[1]", "env": "spec.overrides[1]",
		"slowTimeout": "spec.overrides[1]",
	}
	want := &settings.Resolved{
		Tests: []plan.Test{{Selected: true}, {Selected: true, Policy: 1}},
		Policies: []plan.Policy{
			{Alone: true, Group: 2, Weight: 4, Priority: 5, MaxAttempts: 2, FlakyFails: true},
			{Alone: true, Group: 2, Weight: 2, MaxAttempts: 4, FlakyFails: true, RetryAlone: true, Backoff: plan.Backoff{
				Delay: time.Second, MaxDelay: 9 * time.Second, Exponential: true, Jitter: true,
			}},
		},
		Groups:  []plan.Group{{Max: 9}, {Max: 2, Exclusive: true}},
		Classes: []settings.Class{{Name: "default"}},
		Table:   []settings.Test{whole, b}, Of: []int32{0, 1},
		Reasons: make([]settings.Reason, 2), Needed: []bool{},
		Warnings: []string{"group x: no selected test is in it"},
	}
	if diff := cmp.Diff(want, r); diff != "" {
		t.Error(diff)
	}
}

func TestWhatNobodySaysHasItsDefault(t *testing.T) {
	r := resolved(t, &v1alpha1.TestRunSpec{}, settings.Provenance{}, listed(t, map[string][]string{"s": {"a"}}))
	want := settings.Test{
		SlowPeriod: time.Minute, Grace: 10 * time.Second, Leak: 200 * time.Millisecond,
		SuccessOutput: v1alpha1.OutputNever, FailureOutput: v1alpha1.OutputImmediate, Sources: map[string]string{},
		JUnit: settings.JUnit{
			StoreFailure: true, ReportSkipped: v1alpha1.JUnitSkippedNone, FlakyFail: v1alpha1.JUnitFlakyFailure,
		},
	}
	if diff := cmp.Diff([]settings.Test{want}, r.Table); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]plan.Policy{{Weight: 1, MaxAttempts: 1}}, r.Policies); diff != "" {
		t.Error(diff)
	}
}

func TestReasons(t *testing.T) {
	const yes, ign, flt, dfl, prt = settings.Selected, settings.Ignored, settings.Filter, settings.DefaultFilter, settings.Partition
	names := []string{"-a1", "-a2", "a3", "a4", "b1", "c1"}
	for name, tt := range map[string]struct {
		spec v1alpha1.TestRunSpec
		want []settings.Reason
	}{
		"ignored tests are left out": {v1alpha1.TestRunSpec{}, []settings.Reason{ign, ign, yes, yes, yes, yes}},
		"or taken alone": {
			v1alpha1.TestRunSpec{RunIgnored: v1alpha1.RunIgnoredOnly}, []settings.Reason{yes, yes, ign, ign, ign, ign},
		},
		"ignored comes before filter, filter before defaultFilter": {
			v1alpha1.TestRunSpec{Filter: "test(b)", TestSettings: v1alpha1.TestSettings{DefaultFilter: "test(c)"}},
			[]settings.Reason{ign, ign, flt, flt, dfl, flt},
		},
		"defaultFilter can be ignored, and default() still means it": {
			v1alpha1.TestRunSpec{
				Filter: "default() | test(b)", IgnoreDefaultFilter: true,
				TestSettings: v1alpha1.TestSettings{DefaultFilter: "test(c)"},
			},
			[]settings.Reason{ign, ign, flt, flt, yes, yes},
		},
		"filter sees the groups that overrides make": {
			v1alpha1.TestRunSpec{Filter: "group(g)", TestSettings: v1alpha1.TestSettings{
				Groups:    []v1alpha1.Group{{Name: "g", MaxParallel: 1}},
				Overrides: []v1alpha1.Override{{Filter: "test(a)", Group: "g"}},
			}},
			[]settings.Reason{ign, ign, yes, yes, flt, flt},
		},
		"a test without a group is in @global": {
			v1alpha1.TestRunSpec{Filter: "group(@global)", TestSettings: v1alpha1.TestSettings{
				Groups:    []v1alpha1.Group{{Name: "g", MaxParallel: 1}},
				Overrides: []v1alpha1.Override{{Filter: "test(a)", Group: "g"}},
			}},
			[]settings.Reason{ign, ign, flt, flt, yes, yes},
		},
		"partition counts what is left, ignored tests apart": {
			v1alpha1.TestRunSpec{Partition: "slice:2/2", RunIgnored: v1alpha1.RunIgnoredAll, Filter: "!test(a3)"},
			[]settings.Reason{prt, yes, flt, prt, yes, prt},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r := resolved(t, &tt.spec, settings.Provenance{}, listed(t, map[string][]string{"s": names, "pruned": nil}))
			if diff := cmp.Diff(tt.want, r.Reasons); diff != "" {
				t.Error(diff)
			}
			for i, why := range tt.want {
				if r.Tests[i].Selected != (why == yes) {
					t.Errorf("test %d is selected: %v", i, r.Tests[i].Selected)
				}
			}
		})
	}
}

func TestClasses(t *testing.T) {
	spec := specOf(v1alpha1.TestSettings{Overrides: []v1alpha1.Override{
		{Name: "gpu", Filter: "test(g)", NodeSelector: map[string]string{"gpu": "yes"}},
		{Name: "heavy", Filter: "test(h)", Resources: cpus("1")},
		{Filter: "test(i)", Resources: cpus("1000m")},
		{Filter: "test(j)", RuntimeClassName: "gvisor"},
		{Name: "default", Filter: "test(k)", RuntimeClassName: "kata"},
		{Name: "undone", Filter: "test(l)", Resources: &corev1.ResourceRequirements{}},
		{Filter: "test(l)", Resources: cpus("7")},
		{Name: "class-1", Filter: "none()", Resources: cpus("8")},
		{Name: "unused", Filter: "test(z)", Resources: cpus("9")},
		{Name: "heavy2", Filter: "test(m)", Resources: cpus("3")},
	}})
	spec.Filter = "!test(z)"
	r := resolved(t, spec, settings.Provenance{}, listed(t, map[string][]string{
		"s": {"a", "g", "gh", "h", "i", "j", "k", "l", "m", "z"},
	}))
	gpu, cpu := map[string]string{"gpu": "yes"}, cpus("1")
	want := []settings.Class{
		{Name: "default"},
		{Name: "class-2", Shape: &v1alpha1.PodShape{NodeSelector: gpu}}, // two classes would be called gpu
		{Name: "class-3", Shape: &v1alpha1.PodShape{NodeSelector: gpu, Resources: cpu}},
		{Name: "heavy", Shape: &v1alpha1.PodShape{Resources: cpu}},
		{Name: "class-4", Shape: &v1alpha1.PodShape{RuntimeClassName: "gvisor"}},
		{Name: "class-5", Shape: &v1alpha1.PodShape{RuntimeClassName: "kata"}}, // default is taken
		{Name: "heavy2", Shape: &v1alpha1.PodShape{Resources: cpus("3")}},
	}
	if diff := cmp.Diff(want, r.Classes); diff != "" {
		t.Error(diff)
	}
	var got []int
	for _, test := range r.Tests {
		got = append(got, r.Policies[test.Policy].Class)
	}
	if diff := cmp.Diff([]int{0, 1, 2, 3, 3, 4, 5, 0, 6, 0}, got); diff != "" {
		t.Error(diff)
	}
}

func TestTooManyClassesNameTheirOverrides(t *testing.T) {
	spec, names := &v1alpha1.TestRunSpec{}, []string{}
	for i := range 32 {
		names = append(names, fmt.Sprintf("t%02d", i))
		spec.Overrides = append(spec.Overrides, v1alpha1.Override{
			Filter: "test(=" + names[i] + ")", Resources: cpus(fmt.Sprint(i + 1)),
		})
	}
	_, err := settings.Resolve(spec, settings.Provenance{}, listed(t, map[string][]string{"s": names}))
	if err == nil || !strings.Contains(err.Error(), "33 pod shapes") || !strings.Contains(err.Error(), "spec.overrides[31]") {
		t.Errorf("got %v", err)
	}
	spec.Filter = "!test(=t00)"
	if r := resolved(t, spec, settings.Provenance{}, listed(t, map[string][]string{"s": names})); len(r.Classes) != 32 {
		t.Errorf("%d classes", len(r.Classes))
	}
}

func TestFixturesAreNeededByWhatIsSelected(t *testing.T) {
	spec := specOf(v1alpha1.TestSettings{Fixtures: []v1alpha1.Fixture{
		{Name: "all"}, {Name: "b", Filter: "test(b)"}, {Name: "c", Filter: "test(c)"},
	}})
	spec.Filter = "!test(c)"
	r := resolved(t, spec, settings.Provenance{}, listed(t, map[string][]string{"s": {"a", "b", "c"}}))
	if diff := cmp.Diff([]bool{true, true, false}, r.Needed); diff != "" {
		t.Error(diff)
	}
	for i, want := range [][]int{{0}, {0, 1}, {0, 2}} {
		if diff := cmp.Diff(want, r.Table[r.Of[i]].Fixtures); diff != "" {
			t.Error(diff)
		}
	}
}

func TestWarnings(t *testing.T) {
	spec := specOf(v1alpha1.TestSettings{
		DefaultFilter: "!binary_id(=gone)",
		Groups:        []v1alpha1.Group{{Name: "db", MaxParallel: 1}},
		Overrides: []v1alpha1.Override{
			{Filter: "test(a)"},
			{Filter: "test(a)", Weight: 2},
			{Name: "name", Filter: "test(\n/x/)", Weight: 2, Group: "db"},
			{Filter: "test(b)", Weight: 2},
		},
	})
	spec.Filter = "test(a)"
	from := settings.Provenance{Overrides: []string{"", "", "", "profile ci overrides[0]"}}
	r := resolved(t, spec, from, listed(t, map[string][]string{"s": {"a", "b"}}))
	if len(r.Warnings) == 0 || !strings.HasPrefix(r.Warnings[0], "defaultFilter: ") {
		t.Fatalf("%q", r.Warnings)
	}
	want := []string{
		"group db: no selected test is in it",
		"overrides[0] sets nothing",
		"overrides[2] (name): test( /x/) matches no selected test",
		"profile ci overrides[0]: test(b) matches no selected test",
	}
	if diff := cmp.Diff(want, r.Warnings[1:]); diff != "" {
		t.Error(diff)
	}
}

func TestAFilterThatNamesNoBinaryIsAnError(t *testing.T) {
	spec := specOf(v1alpha1.TestSettings{})
	spec.Filter = "binary_id(=gone)"
	_, err := settings.Resolve(spec, settings.Provenance{}, listed(t, map[string][]string{"s": {"a"}}))
	var wrong *settings.FilterError
	if !errors.As(err, &wrong) || wrong.Field != "spec.filter" {
		t.Errorf("got %v", err)
	}
	spec.Filter = "binary_id(=pruned)"
	resolved(t, spec, settings.Provenance{}, listed(t, map[string][]string{"s": {"a"}, "pruned": nil}))
}

func TestStressRepeatsAllTests(t *testing.T) {
	c := listed(t, map[string][]string{"s": {"a", "b", "c"}})
	spec := specOf(v1alpha1.TestSettings{})
	spec.Filter, spec.Stress = "!test(b)", &v1alpha1.Stress{Count: 2}
	one := []plan.Test{{Selected: true}, {}, {Selected: true}}
	if diff := cmp.Diff(append(one, one...), resolved(t, spec, settings.Provenance{}, c).Tests); diff != "" {
		t.Error(diff)
	}
	spec.Stress = &v1alpha1.Stress{Duration: seconds(1)}
	if diff := cmp.Diff(one, resolved(t, spec, settings.Provenance{}, c).Tests); diff != "" {
		t.Error(diff)
	}
	spec.Stress = &v1alpha1.Stress{Count: 400_000}
	if _, err := settings.Resolve(spec, settings.Provenance{}, c); err == nil || !strings.Contains(err.Error(), "1000000 tests") {
		t.Errorf("got %v", err)
	}
}

package settings_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/settings"
)

func TestCheck(t *testing.T) {
	limited := corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{
		Name: "tests", Resources: corev1.ResourceRequirements{Limits: cpus("2").Requests},
	}}}}
	overridden := func(o ...v1alpha1.Override) v1alpha1.TestRunSpec {
		return v1alpha1.TestRunSpec{Template: limited, TestSettings: v1alpha1.TestSettings{
			Overrides: o, Groups: []v1alpha1.Group{{Name: "gpu"}, {Name: "db"}},
		}}
	}
	type problem struct {
		field, message string // message: a part of it; empty: it is filter's to say
		filter         bool
	}
	for name, tt := range map[string]struct {
		spec v1alpha1.TestRunSpec
		want []problem
	}{
		"nothing is wrong with nothing": {v1alpha1.TestRunSpec{}, nil},
		"every filterset is looked at": {
			v1alpha1.TestRunSpec{Filter: "x(", TestSettings: v1alpha1.TestSettings{
				DefaultFilter: "x(", Overrides: []v1alpha1.Override{{Filter: "x("}}, Fixtures: []v1alpha1.Fixture{{Filter: "x("}},
			}},
			[]problem{
				{"spec.defaultFilter", "", true},
				{"spec.overrides[0].filter", "", true},
				{"spec.fixtures[0].filter", "", true},
				{"spec.filter", "", true},
			},
		},
		"group() is for filter alone": {
			v1alpha1.TestRunSpec{Filter: "group(@global)", TestSettings: v1alpha1.TestSettings{
				DefaultFilter: "group(db)", Overrides: []v1alpha1.Override{{Filter: "group(db)"}},
				Fixtures: []v1alpha1.Fixture{{Filter: "group(db)"}},
			}},
			[]problem{
				{"spec.defaultFilter", "", true},
				{"spec.overrides[0].filter", "", true},
				{"spec.fixtures[0].filter", "", true},
			},
		},
		"default() is for all but defaultFilter": {
			v1alpha1.TestRunSpec{Filter: "default()", TestSettings: v1alpha1.TestSettings{
				DefaultFilter: "default()", Overrides: []v1alpha1.Override{{Filter: "default()"}},
				Fixtures: []v1alpha1.Fixture{{Filter: "default()"}},
			}},
			[]problem{{"spec.defaultFilter", "", true}},
		},
		"package() needs a suite that knows packages": {
			v1alpha1.TestRunSpec{Filter: "package(x)"},
			[]problem{{"spec.filter", "no suite of the run knows packages", true}},
		},
		"such as one of nextest": {
			v1alpha1.TestRunSpec{
				Filter: "package(x)", Suites: []v1alpha1.Suite{{Nextest: &v1alpha1.NextestHarness{}}},
			}, nil,
		},
		"an unknown group tells the known ones": {
			overridden(v1alpha1.Override{Filter: "all()", Group: "bd"}),
			[]problem{{"spec.overrides[0].group", `no group "bd": add it to groups, or take one of db, gpu`, false}},
		},
		"a part is one of the parts": {
			v1alpha1.TestRunSpec{Partition: "hash:3/2"}, []problem{{"spec.partition", "", false}},
		},
		"jitter is of a delay": {
			v1alpha1.TestRunSpec{TestSettings: v1alpha1.TestSettings{Retries: &v1alpha1.Retries{Count: 1, Jitter: true}}},
			[]problem{{"spec.retries", "jitter needs a delay above 0s", false}},
		},
		"something has to grow": {
			overridden(v1alpha1.Override{
				Filter: "all()", Retries: &v1alpha1.Retries{Delay: seconds(1), Backoff: v1alpha1.BackoffExponential},
			}),
			[]problem{{"spec.overrides[0].retries", "needs a count above 0", false}},
		},
		"what does not grow needs no bound": {
			overridden(v1alpha1.Override{Filter: "all()", Retries: &v1alpha1.Retries{Count: 1, MaxDelay: seconds(1)}}),
			[]problem{{"spec.overrides[0].retries", "maxDelay goes with", false}},
		},
		"a bound is above what it bounds": {
			overridden(v1alpha1.Override{Filter: "all()", Retries: &v1alpha1.Retries{
				Count: 1, Delay: seconds(2), MaxDelay: seconds(1), Backoff: v1alpha1.BackoffExponential,
			}}),
			[]problem{{"spec.overrides[0].retries", "maxDelay must not be below delay", false}},
		},
		"a request stays below the template's limit": {
			overridden(
				v1alpha1.Override{Filter: "all()", Resources: cpus("2")}, v1alpha1.Override{Filter: "all()", Resources: cpus("3")},
			),
			[]problem{{"spec.overrides[1].resources", "the request of cpu is 3, above the limit of 2", false}},
		},
		"a request of the template comes down to the limit": {
			overridden(v1alpha1.Override{Filter: "all()", Resources: &corev1.ResourceRequirements{Limits: cpus("1").Requests}}), nil,
		},
		"a variable has one value": {
			overridden(v1alpha1.Override{Filter: "all()", Env: []v1alpha1.EnvVar{{Name: "A"}, {Name: "A"}}}),
			[]problem{{"spec.overrides[0].env", "A is set twice", false}},
		},
		"a weight above the slots is only cut": {overridden(v1alpha1.Override{Filter: "all()", Weight: 256}), nil},
	} {
		t.Run(name, func(t *testing.T) {
			var got []problem
			for i, p := range settings.Check(&tt.spec) {
				message := ""
				if i < len(tt.want) && strings.Contains(p.Message, tt.want[i].message) {
					message = tt.want[i].message
				}
				got = append(got, problem{p.Field, message, p.Filter})
				if p.Message == "" {
					t.Errorf("%s: no message", p.Field)
				}
			}
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(problem{})); diff != "" {
				t.Errorf("%s%v", diff, settings.Check(&tt.spec))
			}
		})
	}
}

func TestCheckNamesTheProfile(t *testing.T) {
	own, chain := v1alpha1.TestSettings{}, []*v1alpha1.TestProfile{profile("ci", v1alpha1.TestSettings{
		Retries: &v1alpha1.Retries{Jitter: true}, Overrides: []v1alpha1.Override{{Filter: "all()", Group: "x"}},
	})}
	merged, from := settings.Merge(own, chain)
	spec := v1alpha1.TestRunSpec{TestSettings: merged}
	want := []settings.Problem{
		{Field: "profile ci retries", Message: "jitter needs a delay above 0s"},
		{Field: "profile ci overrides[0].group", Message: `there is no group "x": add it to groups`},
	}
	if diff := cmp.Diff(want, settings.CheckMerged(&spec, from)); diff != "" {
		t.Error(diff)
	}
}

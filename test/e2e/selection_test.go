//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"maps"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
)

// acting is a run of tests that do what their ids say: see test/zoo/evil/suite.
func acting(t *testing.T, name string, ids []string, change ...func(*v1alpha1.TestRun)) *v1alpha1.TestRun {
	t.Helper()
	suites := execSuite("own", "ids:"+strings.Join(ids, ","), v1alpha1.ListLines)
	return testRun(t, name, "evil", suites, change...)
}

// verdict checks how a run ended.
func verdict(t *testing.T, run *v1alpha1.TestRun, result v1alpha1.Result, reason string, exit int32) {
	t.Helper()
	end := condition(run, v1alpha1.ConditionComplete)
	if run.Status.Result != result || end.Reason != reason || *run.Status.ExitCode != exit {
		t.Errorf("%s, %s, exit %d: %s", run.Status.Result, end.Reason, *run.Status.ExitCode, end.Message)
	}
	c := run.Status.Tests
	if sum := c.Passed + c.Unsuccessful + c.Skipped + c.NotRun; sum != c.Selected || c.Listed != c.Selected+c.NotSelected {
		t.Errorf("the counts do not add up: %+v", c)
	}
}

func names(all map[string]result) []string {
	out := make([]string, 0, len(all))
	for _, r := range all {
		out = append(out, r.Name)
	}
	slices.Sort(out)
	return out
}

func TestFiltersAndPartitionsSelect(t *testing.T) {
	ids := []string{"sleep/1/a", "sleep/1/b", "sleep/1/c", "sleep/1/d", "sleep/1/e", "sleep/1/slow"}
	var parts []string
	for _, part := range []string{"slice:1/2", "slice:2/2"} {
		run := acting(t, "parts", ids, func(r *v1alpha1.TestRun) {
			r.Spec.Filter, r.Spec.DefaultFilter, r.Spec.Partition = "suite(own) - test(=sleep/1/b)", "not test(slow)", part
		})
		done := ends(t, create(t, run))
		verdict(t, done, v1alpha1.ResultPassed, v1alpha1.ReasonPassed, 0)
		want := &v1alpha1.NotSelected{Filter: 1, DefaultFilter: 1, Partition: 2}
		if diff := cmp.Diff(want, done.Status.NotSelected); diff != "" {
			t.Errorf("%s: %s", part, diff)
		}
		parts = append(parts, names(results(t, run))...)
	}
	if diff := cmp.Diff([]string{"sleep/1/a", "sleep/1/d", "sleep/1/c", "sleep/1/e"}, parts); diff != "" {
		t.Error(diff)
	}
}

func TestAWrongFiltersetEndsTheRunAndShowsWhere(t *testing.T) {
	run := acting(t, "wrong", []string{"sleep/1/a"}, func(r *v1alpha1.TestRun) { r.Spec.Filter = "tset(a) and test(/(/)" })
	done := ends(t, create(t, run))
	verdict(t, done, v1alpha1.ResultError, v1alpha1.ReasonInvalidFilter, 94)
	message := condition(done, v1alpha1.ConditionComplete).Message
	for _, want := range []string{"spec.filter", "tset(a) and test(/(/)", "^"} {
		if !strings.Contains(message, want) {
			t.Errorf("the message does not have %q:\n%s", want, message)
		}
	}
}

// planned is a line of `podtest list -o plan`.
type planned struct {
	Name     string            `json:"name"`
	Class    string            `json:"class"`
	Attempts int               `json:"attempts"`
	Priority int               `json:"priority"`
	Sources  map[string]string `json:"sources"`
}

func TestADryRunShowsThePlanAndStartsNoTest(t *testing.T) {
	run := acting(t, "dry", []string{"fail/x/heavy", "fail/x/light"}, heavy, func(r *v1alpha1.TestRun) { r.Spec.Mode = v1alpha1.ModeList })
	done := ends(t, create(t, run))
	verdict(t, done, v1alpha1.ResultPassed, v1alpha1.ReasonListOnly, 0)
	classes := map[string]int64{}
	for _, c := range done.Status.Classes {
		classes[c.Name] = c.Tests*10 + int64(c.Workers)
	}
	if diff := cmp.Diff(map[string]int64{"default": 11, "heavy": 11}, classes); diff != "" {
		t.Error(diff)
	}
	var batches v1alpha1.TestBatchList
	must(t, cluster.List(t.Context(), &batches, client.InNamespace(run.Namespace)))
	if len(batches.Items) > 0 {
		t.Errorf("%d batches were made", len(batches.Items))
	}
	out, err := exec.Command(podtest, "list", run.Name, "-n", run.Namespace, "-o", "plan").Output()
	must(t, err)
	got := map[string]planned{}
	for lines := json.NewDecoder(bytes.NewReader(out)); lines.More(); {
		var p planned
		must(t, lines.Decode(&p))
		got[p.Name] = p
	}
	if p := got["fail/x/heavy"]; p.Class != "heavy" || p.Attempts != 2 || !strings.Contains(p.Sources["resources"], "overrides[0]") {
		t.Errorf("heavy: %+v", p)
	}
	if p := got["fail/x/light"]; p.Class != "default" || p.Attempts != 1 {
		t.Errorf("light: %+v", p)
	}
}

func TestProfilesChainAndAreTakenAsTheyWere(t *testing.T) {
	run := acting(t, "profiled", []string{"sleep/3000/a", "flaky/1/b", "env/WHO=base/c"})
	base := &v1alpha1.TestProfile{
		ObjectMeta: metav1.ObjectMeta{Namespace: run.Namespace, Name: "base"},
		Spec: v1alpha1.TestProfileSpec{TestSettings: v1alpha1.TestSettings{
			Overrides: []v1alpha1.Override{{Filter: "test(env)", Env: []v1alpha1.EnvVar{{Name: "WHO", Value: "base"}}}},
		}},
	}
	ci := &v1alpha1.TestProfile{
		ObjectMeta: metav1.ObjectMeta{Namespace: run.Namespace, Name: "ci"},
		Spec: v1alpha1.TestProfileSpec{Inherits: "base", TestSettings: v1alpha1.TestSettings{
			Retries: &v1alpha1.Retries{Count: 1},
		}},
	}
	must(t, cluster.Create(t.Context(), base))
	must(t, cluster.Create(t.Context(), ci))
	run.Spec.ProfileRef = &v1alpha1.ProfileRef{Name: "ci"}
	create(t, run)
	reaches(t, run, "to have its tests", func(r *v1alpha1.TestRun) bool { return r.Status.Catalog != nil })
	was := ci.DeepCopy()
	ci.Spec.Retries.Count = 0
	must(t, cluster.Patch(t.Context(), ci, client.MergeFrom(was)))
	killLeader(t) // the next one takes what the first one took
	done := ends(t, run)
	verdict(t, done, v1alpha1.ResultPassed, v1alpha1.ReasonPassed, 0)
	if done.Status.Tests.Flaky != 1 {
		t.Errorf("flaky: %d", done.Status.Tests.Flaky)
	}

	lost := acting(t, "unprofiled", []string{"sleep/1/a"})
	lost.Spec.ProfileRef = &v1alpha1.ProfileRef{Name: "nowhere"}
	done = ends(t, create(t, lost))
	verdict(t, done, v1alpha1.ResultError, v1alpha1.ReasonInvalidSpec, 96)
	if message := condition(done, v1alpha1.ConditionComplete).Message; !strings.Contains(message, "nowhere") {
		t.Error(message)
	}
}

func TestAnOverrideThatMatchesNothingIsAWarning(t *testing.T) {
	run := acting(t, "unused", []string{"sleep/1/a"}, func(r *v1alpha1.TestRun) {
		r.Spec.Overrides = []v1alpha1.Override{{Filter: "test(nothing)", Weight: 2}}
	})
	done := ends(t, create(t, run))
	verdict(t, done, v1alpha1.ResultPassed, v1alpha1.ReasonPassed, 0)
	if w := condition(done, v1alpha1.ConditionWarning); w.Status != "True" || !strings.Contains(w.Message, "test(nothing)") {
		t.Errorf("%+v", w)
	}
}

// heavy gives tests that say so a class with a memory limit of 256 MiB, and a retry.
func heavy(run *v1alpha1.TestRun) {
	run.Spec.Overrides = append(run.Spec.Overrides, v1alpha1.Override{
		Name: "heavy", Filter: "test(heavy)", Retries: &v1alpha1.Retries{Count: 1},
		Resources: &corev1.ResourceRequirements{Limits: memory("256Mi")},
	})
}

func TestAClassGetsTheResourcesItAsksForOnTheNode(t *testing.T) {
	run := acting(t, "classes", []string{"memory/268435456/heavy", "sleep/1/a", "sleep/1/b", "memory/268435456/heavy too"}, heavy)
	done := ends(t, create(t, run))
	verdict(t, done, v1alpha1.ResultPassed, v1alpha1.ReasonPassed, 0)
	byClass := map[string][]string{}
	var batches v1alpha1.TestBatchList
	must(t, cluster.List(t.Context(), &batches, client.InNamespace(run.Namespace)))
	for _, b := range batches.Items {
		byClass[b.Spec.Class] = append(byClass[b.Spec.Class], b.Name)
	}
	if got := slices.Sorted(maps.Keys(byClass)); !slices.Equal(got, []string{"default", "heavy"}) {
		t.Errorf("classes of the batches: %v", got)
	}
	for _, c := range done.Status.Classes {
		if limit := c.Resources.Limits.Memory().String(); c.Name == "heavy" && limit != "256Mi" {
			t.Errorf("the status tells a limit of %s", limit)
		}
	}
}

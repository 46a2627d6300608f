//go:build e2e

package e2e

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/outcome"
)

func memory(limit string) corev1.ResourceList {
	return corev1.ResourceList{corev1.ResourceMemory: resource.MustParse(limit)}
}

// ran is an attempt as its ledger has it.
type ran struct {
	outcome.Row
	name, pod string
}

func (r ran) end() int64 { return r.Start + int64(r.Duration) }

// attempts are all attempts of a run, in the order of their start.
func attempts(t *testing.T, run *v1alpha1.TestRun) []ran {
	t.Helper()
	byOrdinal := map[int]string{}
	for _, r := range results(t, run) {
		byOrdinal[r.Ordinal] = r.Name
	}
	var batches v1alpha1.TestBatchList
	must(t, cluster.List(t.Context(), &batches, client.InNamespace(run.Namespace)))
	var all []ran
	for _, b := range batches.Items {
		rows, err := outcome.Decode(b.Status.Ledger)
		must(t, err)
		for _, row := range rows {
			all = append(all, ran{row, byOrdinal[int(row.Ordinal)], b.Name})
		}
	}
	slices.SortFunc(all, func(a, b ran) int { return cmp.Compare(a.Start, b.Start) })
	return all
}

func sleepers(ms, n int, name string) []string {
	var ids []string
	for i := range n {
		ids = append(ids, fmt.Sprintf("sleep/%d/%s%02d", ms, name, i))
	}
	return ids
}

func TestAGroupOfOneNeverOverlapsAcrossPods(t *testing.T) {
	run := acting(t, "group", append(sleepers(300, 10, "db"), sleepers(300, 20, "free")...), func(r *v1alpha1.TestRun) {
		r.Spec.Parallelism = 4
		r.Spec.Groups = []v1alpha1.Group{{Name: "db", MaxParallel: 1}}
		r.Spec.Overrides = []v1alpha1.Override{{Filter: "test(db)", Group: "db", Priority: new(int32(50))}}
	})
	verdict(t, ends(t, create(t, run)), v1alpha1.ResultPassed, v1alpha1.ReasonPassed, 0)
	var last ran
	pods, overlaps := map[string]bool{}, 0
	var before ran
	for _, a := range attempts(t, run) {
		pods[a.pod] = true
		if a.Start < before.end() {
			overlaps++
		}
		before = a
		if !strings.Contains(a.name, "db") {
			continue
		}
		if a.Start < last.end() {
			t.Errorf("%s on %s began while %s ran on %s", a.name, a.pod, last.name, last.pod)
		}
		last = a
	}
	if len(pods) < 4 || overlaps == 0 {
		t.Errorf("%d pods, %d overlaps: the rest did not run in parallel", len(pods), overlaps)
	}
}

func TestWeightsKeepWithinTheSlots(t *testing.T) {
	run := acting(t, "weights", append(sleepers(200, 6, "heavy"), sleepers(100, 12, "light")...), func(r *v1alpha1.TestRun) {
		r.Spec.Parallelism, r.Spec.Worker.Slots = 1, 4
		r.Spec.Overrides = []v1alpha1.Override{{Filter: "test(heavy)", Weight: 3}}
	})
	verdict(t, ends(t, create(t, run)), v1alpha1.ResultPassed, v1alpha1.ReasonPassed, 0)
	all := attempts(t, run)
	for _, a := range all {
		load := 0
		for _, b := range all {
			if b.Start <= a.Start && a.Start < b.end() {
				load++
				if strings.Contains(b.name, "heavy") {
					load += 2
				}
			}
		}
		if load > 4 {
			t.Errorf("%d slots were taken when %s began", load, a.name)
		}
	}
}

func TestFailFastStopsTheRest(t *testing.T) {
	for _, how := range []v1alpha1.Terminate{v1alpha1.TerminateWait, v1alpha1.TerminateImmediate} {
		t.Run(string(how), func(t *testing.T) {
			t.Parallel()
			ids := append([]string{"fail/x/first"}, sleepers(1000, 60, "s")...)
			if how == v1alpha1.TerminateImmediate {
				ids = append([]string{"fail/x/first"}, sleepers(120_000, 20, "s")...)
			}
			run := acting(t, "failfast", ids, func(r *v1alpha1.TestRun) {
				r.Spec.FailFast = &v1alpha1.FailFast{MaxFail: 1, Terminate: how}
				r.Spec.Overrides = []v1alpha1.Override{{Filter: "test(fail)", Priority: new(int32(1))}}
			})
			done := ends(t, create(t, run))
			verdict(t, done, v1alpha1.ResultFailed, v1alpha1.ReasonFailFast, 100)
			c := done.Status.Tests
			if c.Failed != 1 || c.NotRun < c.Selected/2 {
				t.Errorf("%+v", c)
			}
			eventually(t, "its pods to go", time.Minute, func(context.Context) (bool, error) {
				return len(workers(t, run)) == 0, nil
			})
		})
	}
}

func TestRetriesWaitElsewhereAndInNewPods(t *testing.T) {
	run := acting(t, "retries", append([]string{"flaky/2/a", "flaky/1/strict", "flaky/1/moves"}, sleepers(50, 20, "s")...),
		func(r *v1alpha1.TestRun) {
			delay := &metav1.Duration{Duration: 2 * time.Second}
			r.Spec.Retries = &v1alpha1.Retries{Count: 2, Delay: delay}
			r.Spec.Overrides = []v1alpha1.Override{
				{Filter: "test(strict)", FlakyResult: v1alpha1.Fail},
				{Filter: "test(moves)", Retries: &v1alpha1.Retries{Count: 1, In: v1alpha1.RetryInNewPod}},
			}
		})
	done := ends(t, create(t, run))
	verdict(t, done, v1alpha1.ResultFailed, v1alpha1.ReasonTestsFailed, 100)
	if c := done.Status.Tests; c.Flaky != 2 || c.Failed != 1 {
		t.Errorf("%+v", c)
	}
	last := map[string]ran{}
	for _, a := range attempts(t, run) {
		before, again := last[a.name]
		last[a.name] = a
		switch {
		case !again:
		case strings.Contains(a.name, "moves") && a.pod == before.pod:
			t.Errorf("%s was tried again in the same pod", a.name)
		case !strings.Contains(a.name, "moves") && a.Start-before.end() < 1_900_000:
			t.Errorf("attempt %d of %s came after %d µs", a.Attempt, a.name, a.Start-before.end())
		}
	}
}

func TestATimeoutCanBeAPassAndTheRunHasOne(t *testing.T) {
	run := acting(t, "timeouts", []string{"sleep/60000/soak", "sleep/1/a"}, timeout(time.Second), func(r *v1alpha1.TestRun) {
		r.Spec.SlowTimeout.OnTimeout = v1alpha1.Pass
	})
	verdict(t, ends(t, create(t, run)), v1alpha1.ResultPassed, v1alpha1.ReasonPassed, 0)

	global := acting(t, "global", sleepers(60_000, 4, "s"), func(r *v1alpha1.TestRun) {
		r.Spec.GlobalTimeout = &metav1.Duration{Duration: 3 * time.Second}
	})
	done := ends(t, create(t, global))
	verdict(t, done, v1alpha1.ResultFailed, v1alpha1.ReasonGlobalTimeout, 100)
	if done.Status.Tests.NotRun != 4 {
		t.Errorf("%+v", done.Status.Tests)
	}
}

func TestStressRunsEachTestSoOften(t *testing.T) {
	run := acting(t, "stress", []string{"sleep/1/a", "sleep/1/b", "env/NEXTEST_STRESS_TOTAL=25/c"}, func(r *v1alpha1.TestRun) {
		r.Spec.Stress = &v1alpha1.Stress{Count: 25}
	})
	done := ends(t, create(t, run))
	verdict(t, done, v1alpha1.ResultPassed, v1alpha1.ReasonPassed, 0)
	if c := done.Status.Tests; c.Passed != 75 {
		t.Errorf("%+v", c)
	}
	if got := results(t, run); got["own@stress-24 sleep/1/b"].Outcome != "passed" {
		t.Errorf("%d results, none of the last round", len(got))
	}
}

func TestStressGoesOnForItsTime(t *testing.T) {
	run := acting(t, "soak", []string{"sleep/20/a", "sleep/20/b", "env/NEXTEST_STRESS_TOTAL=unknown/c"}, func(r *v1alpha1.TestRun) {
		r.Spec.Stress = &v1alpha1.Stress{Duration: &metav1.Duration{Duration: 2 * time.Second}}
	})
	done := ends(t, create(t, run))
	verdict(t, done, v1alpha1.ResultPassed, v1alpha1.ReasonPassed, 0)
	if c := done.Status.Tests; c.Passed <= 6 || c.Passed%3 != 0 {
		t.Errorf("not whole rounds, or too few: %+v", c)
	}
	if got := len(results(t, run)); int64(got) != done.Status.Tests.Passed {
		t.Errorf("%d results for %d passed tests", got, done.Status.Tests.Passed)
	}
}

func TestAnOverrideGivesATestAPodOfItsOwn(t *testing.T) {
	run := acting(t, "isolated", append(sleepers(1, 6, "s"), "sleep/1/own one", "sleep/1/own two"), func(r *v1alpha1.TestRun) {
		r.Spec.Groups = []v1alpha1.Group{{Name: "alone", MaxParallel: 1, Exclusive: true}}
		r.Spec.Overrides = []v1alpha1.Override{{Filter: "test(own)", Isolation: v1alpha1.IsolationPod, Group: "alone"}}
		r.Spec.Filter = "group(alone) or test(s0)"
	})
	verdict(t, ends(t, create(t, run)), v1alpha1.ResultPassed, v1alpha1.ReasonPassed, 0)
	byPod := map[string][]ran{}
	all := attempts(t, run)
	for _, a := range all {
		byPod[a.pod] = append(byPod[a.pod], a)
	}
	for _, a := range all {
		if !strings.Contains(a.name, "own") {
			continue
		}
		if len(byPod[a.pod]) != 1 {
			t.Errorf("%s shared its pod: %v", a.name, byPod[a.pod])
		}
		for _, b := range all {
			if a != b && a.Start < b.end() && b.Start < a.end() {
				t.Errorf("%s ran beside %s", b.name, a.name)
			}
		}
	}
}

func TestACancelledRunCanBeForced(t *testing.T) {
	run := create(t, acting(t, "forced", sleepers(120_000, 4, "s")))
	reaches(t, run, "to be under way", func(r *v1alpha1.TestRun) bool { return r.Status.Tests.Running > 0 })
	patch(t, run, func(r *v1alpha1.TestRun) { r.Spec.Cancel, r.Spec.Force = true, true })
	done := ends(t, run)
	verdict(t, done, v1alpha1.ResultCancelled, v1alpha1.ReasonCancelled, 130)
	eventually(t, "its pods to go", time.Minute, func(context.Context) (bool, error) {
		return len(workers(t, run)) == 0, nil
	})
}

// fixed is a run with a setup that exports, a service and a teardown.
func fixed(t *testing.T, name string, ids []string, setup ...string) *v1alpha1.TestRun {
	t.Helper()
	return acting(t, name, ids, func(r *v1alpha1.TestRun) {
		suite := "/tests/suite"
		r.Spec.Fixtures = []v1alpha1.Fixture{
			{Name: "database", Service: &v1alpha1.FixtureService{
				Image: "podtest.local/zoo-evil:1", Command: []string{suite, "serve", "5432"}, Port: 5432,
			}},
			{
				Name: "schema", Setup: &v1alpha1.FixtureCommand{Command: append([]string{suite}, setup...)},
				Teardown: &v1alpha1.FixtureCommand{Command: []string{suite, "run", "env/SCHEMA=v7/gone"}},
			},
			{Name: "unused", Filter: "test(nothing)", Setup: &v1alpha1.FixtureCommand{Command: []string{suite, "run", "fails"}}},
		}
	})
}

func fixtureStates(run *v1alpha1.TestRun) map[string]string {
	states := map[string]string{}
	for _, f := range run.Status.Fixtures {
		states[f.Name] = f.State
	}
	return states
}

func TestFixturesAreThereForTheTestsAndGoAfterThem(t *testing.T) {
	run := fixed(t, "fixtures", append(sleepers(500, 20, "s"), "env/SCHEMA=v7/a", "dial/DATABASE/b"), "export", "SCHEMA=v7")
	create(t, run)
	reaches(t, run, "to be under way", func(r *v1alpha1.TestRun) bool { return r.Status.Tests.Passed > 0 || ended(r) })
	killLeader(t)
	done := ends(t, run)
	verdict(t, done, v1alpha1.ResultPassed, v1alpha1.ReasonPassed, 0)
	if s := fixtureStates(done); s["schema"] != "Done" || s["database"] != "Done" {
		t.Errorf("fixtures: %+v", done.Status.Fixtures)
	}
}

func TestAServiceWhosePodIsLostIsMadeAgainAndTheRunPasses(t *testing.T) {
	run := fixed(t, "lostservice", append(sleepers(500, 40, "s"), "dial/DATABASE/z"), "export", "SCHEMA=v7")
	run.Spec.Retries = &v1alpha1.Retries{Count: 5, Delay: &metav1.Duration{Duration: 2 * time.Second}}
	create(t, run)
	reaches(t, run, "to be under way", func(r *v1alpha1.TestRun) bool { return r.Status.Tests.Passed > 0 || ended(r) })
	pod := &corev1.Pod{}
	pod.Namespace, pod.Name = run.Namespace, manifest.FixtureName(run.Name, "database", v1alpha1.PartService)
	must(t, cluster.Delete(t.Context(), pod, client.GracePeriodSeconds(0)))
	reaches(t, run, "to have it again", func(r *v1alpha1.TestRun) bool {
		return r.Status.Fixtures[0].Lost == 1 && r.Status.Fixtures[0].State == "Ready" || ended(r)
	})
	done := ends(t, run)
	verdict(t, done, v1alpha1.ResultPassed, v1alpha1.ReasonPassed, 0)
	if f := done.Status.Fixtures[0]; f.Name != "database" || f.Lost != 1 || f.State != "Done" {
		t.Errorf("%+v", f)
	}
}

func TestAFixtureThatCannotBeSetUpEndsTheRun(t *testing.T) {
	run := fixed(t, "broken", sleepers(1, 3, "s"), "run", "fails")
	done := ends(t, create(t, run))
	verdict(t, done, v1alpha1.ResultFailed, v1alpha1.ReasonFixtureFailed, 105)
	if done.Status.Tests.NotRun != 3 {
		t.Errorf("%+v", done.Status.Tests)
	}
}

func TestADeletedRunIsTornDownFirst(t *testing.T) {
	run := create(t, fixed(t, "deleted", sleepers(60_000, 4, "s"), "export", "SCHEMA=v7"))
	reaches(t, run, "to be under way", func(r *v1alpha1.TestRun) bool { return r.Status.Tests.Running > 0 })
	pods, err := cluster.Watch(t.Context(), &corev1.PodList{}, client.InNamespace(run.Namespace))
	must(t, err)
	defer pods.Stop()
	var torn atomic.Bool
	go func() {
		for e := range pods.ResultChan() {
			if tornDown(e.Object) {
				torn.Store(true)
			}
		}
	}()
	must(t, cluster.Delete(t.Context(), run))
	eventually(t, "the run to go", 2*time.Minute, func(context.Context) (bool, error) {
		return notFound(t, run.DeepCopy()), nil
	})
	gone(t, run.Namespace)
	eventually(t, "news of its teardown", 10*time.Second, func(context.Context) (bool, error) { return torn.Load(), nil })
}

// tornDown reports whether an object is the pod of a teardown that has ended well.
func tornDown(o runtime.Object) bool {
	pod, ok := o.(*corev1.Pod)
	if !ok || !strings.Contains(pod.Name, "teardown") || len(pod.Status.ContainerStatuses) == 0 {
		return false
	}
	end := pod.Status.ContainerStatuses[0].State.Terminated
	return end != nil && end.ExitCode == 0
}

//go:build e2e

package e2e

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/podtest/podtest/api/v1alpha1"
)

func TestTheDemoPasses(t *testing.T) {
	text, err := os.ReadFile("../../hack/demo.yaml")
	must(t, err)
	var demo v1alpha1.TestRun
	must(t, yaml.UnmarshalStrict(text, &demo))
	run := testRun(t, "demo", "demo", demo.Spec.Suites)
	done := ends(t, create(t, run))
	if done.Status.Result != v1alpha1.ResultPassed || *done.Status.ExitCode != 0 {
		t.Fatalf("result %s, exit %d: %s", done.Status.Result, *done.Status.ExitCode,
			condition(done, v1alpha1.ConditionComplete).Message)
	}
	c := done.Status.Tests
	if c.Selected < 300 || c.Passed+c.Skipped != c.Selected {
		t.Errorf("the counts do not add up: %+v", c)
	}
	if got := len(results(t, run)); int64(got) != c.Listed {
		t.Errorf("%d results for %d listed tests", got, c.Listed)
	}
}

// oracle runs the same binaries by hand and says how each test ended, by the name that podtest gives it.
func oracle(t *testing.T, set string) map[string]string {
	t.Helper()
	root := filepath.Join(zoo, set)
	cmd := exec.Command("go", "run", "./test/zoo/oracle", root+".json", root)
	cmd.Dir = "../.."
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	must(t, err)
	verdicts := map[string]string{}
	lines := json.NewDecoder(bytes.NewReader(out))
	for lines.More() {
		var v struct{ Binary, Name, Outcome string }
		must(t, lines.Decode(&v))
		if v.Name == "" {
			t.Fatalf("%s cannot list its tests: %s", v.Binary, v.Outcome)
		}
		verdicts[v.Binary+" "+v.Name] = v.Outcome
	}
	return verdicts
}

// byFolder is the results by the oracle's name of the binary: its folder below /src.
func byFolder(all map[string]result) map[string]string {
	out := map[string]string{}
	for _, r := range all {
		_, path, _ := strings.Cut(r.Binary, "::")
		out[filepath.Dir(path)+" "+r.Name] = r.Outcome
	}
	return out
}

func TestTwoThousandTestsOfOthersEndAsByHand(t *testing.T) {
	run := testRun(t, "many", "many", goSuite("go", "/src/**/*.test"), timeout(2*time.Minute), retries(1))
	run.Spec.Parallelism = 1
	done := ends(t, create(t, run))
	got, want := byFolder(results(t, run)), oracle(t, "many")
	if len(want) < 2000 {
		t.Errorf("only %d tests", len(want))
	}
	if int64(len(got)) != done.Status.Tests.Listed {
		t.Errorf("%d results, %d listed", len(got), done.Status.Tests.Listed)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		// Some of them do not end alike each time: what by hand ends so the second time is no news.
		again := oracle(t, "many")
		for name, by := range again {
			if want[name] != got[name] && by == got[name] {
				t.Logf("%s ends %s or %s by hand", name, want[name], by)
				want[name] = by
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("by hand (-) and by podtest (+):\n%s", diff)
	}
}

// evil is what becomes of tests that crash, hang, lie and print. Not listed here: that they passed.
var evil = map[string]string{
	"TestFails": "failed", "TestFailsAtOnce": "failed", "TestSkips": "skipped", "TestFailsThenSkips": "failed",
	"TestPanics": "failed", "TestPanicsInGoroutine": "failed", "TestOverflowsStack": "failed",
	"TestDeadlocks": "failed", "TestExits0": "failed", "TestExits0Silently": "failed", "TestExits7": "failed",
	"TestExits77": "failed", "TestDereferencesNil": "failed", "TestDiesBySIGSEGV": "crashed",
	"TestDiesBySIGABRT": "crashed", "TestDiesBySIGKILL": "crashed", "TestDiesBySIGTERM": "crashed",
	"TestOneSubtestFails": "failed", "TestPanicsInSubtest": "failed", "TestFailsInCleanup": "failed",
	"TestName": "failed", "TestNameLonger": "skipped", "TestFailsAmidNoise": "failed",
	"TestFailsAndLeaksChild": "failed", "TestHangsWithChildren": "timedOut", "TestPrints50MBAndFails": "failed",
	"TestFailsWithAllBytes": "failed", "TestFailsForgingPass": "failed", "TestFailsForgingPassWithMarker": "failed",
	"TestFailsForgingSkip": "failed", "TestFailsWithStdoutClosed": "failed",
	"TestPassesWithStdoutClosed": "failed", // exit 0 without evidence
	"TestHangs":                  "timedOut", "TestHangsIgnoringSignals": "timedOut", "TestSpins": "timedOut",
	"TestPassesWhenTerminated": "timedOut", "TestPassesBeforeTeardownFails": "failed",
	"TestSkipsBeforeTeardownFails": "failed", "Example_fails": "failed", "FuzzFailsOnSeed": "failed",
	"TestKillsItsRunner": "skipped", // not armed
}

func TestEvilTestsGetTheirOwnVerdictAndNoOthers(t *testing.T) {
	run := testRun(t, "evil", "evil", goSuite("evil",
		"/src/**/ends.test", "/src/**/kinds.test", "/src/**/noise.test", "/src/**/output.test", "/src/**/plain.test",
		"/src/**/processes.test", "/src/**/slow.test", "/src/**/teardown.test"),
		timeout(20*time.Second), retries(1), env("EVIL_SLEEP", "1s"))
	run.Spec.Worker.Slots = 4
	done := ends(t, create(t, run))
	got, want := map[string]string{}, map[string]string{}
	for _, r := range results(t, run) {
		got[r.Name], want[r.Name] = r.Outcome, "passed"
		if o, ok := evil[r.Name]; ok {
			want[r.Name] = o
		}
		if r.Name == "TestFlaky" && r.Attempts != 2 {
			t.Errorf("TestFlaky: %d attempts", r.Attempts)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	for name := range evil {
		if _, ok := got[name]; !ok {
			t.Errorf("%s has no result", name)
		}
	}
	if done.Status.Result != v1alpha1.ResultFailed || *done.Status.ExitCode != 100 || done.Status.Tests.Flaky != 1 {
		t.Errorf("result %s, exit %d, %+v", done.Status.Result, *done.Status.ExitCode, done.Status.Tests)
	}
	if len(done.Status.Failures) == 0 || done.Status.Failures[0].Message == "" {
		t.Errorf("the status does not tell why tests failed: %+v", done.Status.Failures)
	}
}

func TestEachWayToListAnExecSuiteWorks(t *testing.T) {
	for kind, format := range map[string]v1alpha1.ListFormat{"lines": "Lines", "libtest": "Libtest", "json": "JSON"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			run := testRun(t, "exec-"+kind, "evil", execSuite("own", kind, format), timeout(5*time.Second))
			ends(t, create(t, run))
			got := results(t, run)
			for name, want := range map[string]string{"passes": "passed", "fails": "failed", "skips": "skipped"} {
				if o := got["own "+name].Outcome; o != want {
					t.Errorf("%s: %q, want %q", name, o, want)
				}
			}
		})
	}
}

func TestRustTestsAreListedAndRun(t *testing.T) {
	suites := []v1alpha1.Suite{{Name: "rust", Libtest: &v1alpha1.BinariesHarness{Binaries: []string{"/tests/rust/*/bin/*"}}}}
	run := testRun(t, "rust", "demo", suites)
	done := ends(t, create(t, run))
	if done.Status.Result != v1alpha1.ResultPassed || done.Status.Tests.Passed == 0 {
		t.Errorf("result %s, %+v", done.Status.Result, done.Status.Tests)
	}
}

func TestIsolationPodGivesEachTestAPodOfItsOwn(t *testing.T) {
	run := testRun(t, "alone", "demo", execSuite("own", "good", "Lines"))
	run.Spec.Isolation = v1alpha1.IsolationPod
	run.Spec.Parallelism = 6
	done := ends(t, create(t, run))
	if done.Status.Result != v1alpha1.ResultPassed {
		t.Fatalf("result %s: %s", done.Status.Result, condition(done, v1alpha1.ConditionComplete).Message)
	}
	pods := map[string]bool{}
	all := results(t, run)
	for key, r := range all {
		if pods[r.Pod] {
			t.Errorf("%s shares pod %s", key, r.Pod)
		}
		pods[r.Pod] = true
	}
	if int64(len(all)) != done.Status.Tests.Selected {
		t.Errorf("%d results of %d tests", len(all), done.Status.Tests.Selected)
	}
}

func TestAMemoryLimitNamesTheGuiltyTest(t *testing.T) {
	run := testRun(t, "memory", "evil", goSuite("evil", "/src/**/memory.test"), limitMemory("128Mi"),
		env("EVIL_MIB", "1"))
	run.Spec.Parallelism, run.Spec.Worker.Slots = 1, 4
	done := ends(t, create(t, run))
	want := map[string]string{
		"TestEats16MiB": "passed", "TestEats512MiB": "oomKilled", "TestInnocent": "passed",
	}
	got := map[string]string{}
	for _, r := range results(t, run) {
		if want[r.Name] != "" {
			got[r.Name] = r.Outcome
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if done.Status.Tests.OOMKilled != 1 || *done.Status.ExitCode != 100 {
		t.Errorf("%+v, exit %d", done.Status.Tests, *done.Status.ExitCode)
	}
}

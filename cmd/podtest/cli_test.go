package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/records"
	"github.com/podtest/podtest/internal/report/attach"
	"github.com/podtest/podtest/internal/settings"
	"github.com/podtest/podtest/internal/wire"
)

// shell calls podtest as a user would, in a cluster that is made up.
type shell struct {
	cluster client.WithWatch
	agents  attach.Looker
	in      string
	out     bytes.Buffer
	err     bytes.Buffer
}

func newShell(t *testing.T, objects ...client.Object) *shell {
	t.Helper()
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	t.Setenv("GITHUB_ACTIONS", "")
	t.Setenv("GITLAB_CI", "")
	t.Setenv("LC_ALL", "C.UTF-8")
	b := fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).
		WithStatusSubresource(&v1alpha1.TestRun{}, &v1alpha1.TestBatch{}).
		WithIndex(&v1alpha1.TestRun{}, "metadata.name", func(o client.Object) []string { return []string{o.GetName()} })
	return &shell{cluster: b.Build()}
}

func (s *shell) podtest(t *testing.T, args ...string) int {
	t.Helper()
	s.out.Reset()
	s.err.Reset()
	return s.cli(strings.NewReader(s.in), &s.out).run(t.Context(), args)
}

// cli is podtest as it is in this shell.
func (s *shell) cli(in io.Reader, out io.Writer) *cli {
	c := newCLI("podtest", in, out, &s.err)
	c.patience = 0
	c.connect = func() (client.WithWatch, error) { return s.cluster, nil }
	c.attach = func() (attach.Looker, error) { return s.agents, nil }
	return c
}

// withRun puts a run into the cluster that has ended: TestAdd passed, TestBad failed twice, TestLost has no verdict,
// and two tests of different binaries have the same name.
func (s *shell) withRun(t *testing.T) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	ctx := t.Context()
	run := &v1alpha1.TestRun{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ci", Name: "shop", UID: "u1"},
		Spec:       v1alpha1.TestRunSpec{TestSettings: v1alpha1.TestSettings{Retries: &v1alpha1.Retries{Count: 1}}},
	}
	run.Spec.Template.Spec.Containers = []corev1.Container{{Name: "tests"}}
	must(s.cluster.Create(ctx, run))
	cat, err := catalog.New(wire.Catalog{
		Binaries: []wire.Binary{{Suite: "unit", ID: "unit::cart"}, {Suite: "unit", ID: "unit::pay"}},
		Tests: []wire.Listed{
			{Binary: 0, Name: "TestAdd"},
			{Binary: 0, Name: "TestBad"},
			{Binary: 0, Name: "TestSame"},
			{Binary: 1, Name: "TestLost"},
			{Binary: 1, Name: "TestOut", Ignored: true},
			{Binary: 1, Name: "TestSame"},
		},
	})
	must(err)
	n, err := records.SaveCatalog(ctx, s.cluster, run, cat)
	must(err)
	batch := manifest.Batch(run, 0, settings.Class{Name: "default"}, nil)
	must(s.cluster.Create(ctx, batch))
	batch.Status.Ledger = outcome.Encode([]outcome.Row{
		{Ordinal: 0, Attempt: 1, Outcome: outcome.Passed, Start: 1, Duration: 21_000, CPU: 9_000, PeakRSS: 4096},
		{Ordinal: 1, Attempt: 1, Outcome: outcome.Failed, Reason: outcome.ExitCode, Code: 1, Start: 2, Duration: 30_000},
		{Ordinal: 1, Attempt: 2, Outcome: outcome.TimedOut, Reason: outcome.SlowTimeout, Start: 3, Duration: 2_000_000},
		{Ordinal: 2, Attempt: 1, Outcome: outcome.Passed, Start: 4},
		{Ordinal: 5, Attempt: 1, Outcome: outcome.Passed, Start: 5},
	})
	must(s.cluster.Status().Update(ctx, batch))
	pieces := records.Pack([]wire.Output{{Ordinal: 1, Attempt: 1, Stderr: wire.Stream{Head: []byte("\x1b[31mno\x1b[0m cart\r\n")}}})
	_, err = records.PutOutput(ctx, records.Objects{Writer: s.cluster, Reader: s.cluster}, run,
		records.Piece{Batch: batch.Name, Data: pieces[0]})
	must(err)

	run.Status = v1alpha1.TestRunStatus{
		Result: v1alpha1.ResultError, ExitCode: ptr.To(v1alpha1.ExitInfrastructure), Duration: "3s",
		CompletionTime: new(metav1.NewTime(time.Unix(1e9, 0))),
		Catalog:        &v1alpha1.CatalogRef{Digest: cat.Digest(), Records: int32(n)},
		Tests:          v1alpha1.TestCounts{Listed: 6, Selected: 5, NotSelected: 1, Passed: 3, TimedOut: 1, NotRun: 1},
		Conditions: []metav1.Condition{{
			Type: v1alpha1.ConditionComplete, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonInfrastructure, Message: "1 test has no verdict",
		}},
	}
	must(s.cluster.Status().Update(ctx, run))
}

// goesOn puts a run with the same tests into the cluster of which no test has ended yet.
func (s *shell) goesOn(t *testing.T, name string) {
	t.Helper()
	run := &v1alpha1.TestRun{}
	if err := s.cluster.Get(t.Context(), client.ObjectKey{Namespace: "ci", Name: "shop"}, run); err != nil {
		t.Fatal(err)
	}
	cat, err := records.LoadCatalog(t.Context(), s.cluster, run)
	if err != nil {
		t.Fatal(err)
	}
	other := &v1alpha1.TestRun{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ci", Name: name, UID: "u-" + types.UID(name), Labels: map[string]string{"branch": "main"}},
		Spec:       run.Spec,
	}
	if err := s.cluster.Create(t.Context(), other); err != nil {
		t.Fatal(err)
	}
	n, err := records.SaveCatalog(t.Context(), s.cluster, other, cat)
	if err != nil {
		t.Fatal(err)
	}
	other.Status.Catalog = &v1alpha1.CatalogRef{Digest: cat.Digest(), Records: int32(n)}
	if err := s.cluster.Status().Update(t.Context(), other); err != nil {
		t.Fatal(err)
	}
}

func TestVerbsOnARunThatHasEnded(t *testing.T) {
	for name, c := range map[string]struct {
		args     []string
		wantCode int
		wantOut  string
		wantErr  string
	}{
		"results: a line a test": {
			args: []string{"results", "shop", "-n", "ci"},
			wantOut: `OUTCOME    DURATION   ATTEMPTS   BINARY       TEST       POD
passed     0.021s     1          unit::cart   TestAdd    shop-w00000
timedOut   2.000s     2          unit::cart   TestBad    shop-w00000
passed     0.000s     1          unit::cart   TestSame   shop-w00000
notRun     -          0          unit::pay    TestLost
passed     0.000s     1          unit::pay    TestSame   shop-w00000
`,
		},
		"results: only some outcomes, as JSON lines": {
			args: []string{"results", "shop", "-n", "ci", "-o", "jsonl", "--outcome", "timedOut,notRun"},
			wantOut: `{"ordinal":1,"binary":"unit::cart","name":"TestBad","outcome":"timedOut","reason":"slowTimeout","code":0,"flaky":false,"slow":false,"leaky":false,"attempts":2,"durationUs":2000000,"cpuUs":0,"peakRssKiB":0,"class":"default","pod":"shop-w00000","node":""}
{"ordinal":3,"binary":"unit::pay","name":"TestLost","outcome":"notRun","reason":"Infrastructure","code":0,"flaky":false,"slow":false,"leaky":false,"attempts":0,"durationUs":0,"cpuUs":0,"peakRssKiB":0,"class":"default","pod":"","node":""}
`,
		},
		"results: an outcome that is none": {
			args: []string{"results", "shop", "-n", "ci", "--outcome", "broken"}, wantCode: 96,
			wantErr: "error: --outcome broken: want some of passed, failed, timedOut, crashed, oomKilled, skipped, notRun, pending, flaky, slow, leaky\n",
		},
		"results: no such run": {
			args: []string{"results", "shoe", "-n", "ci"}, wantCode: 96,
			wantErr: "error: there is no TestRun shoe in namespace ci: `kubectl get testruns --namespace ci` shows those there are\n",
		},
		"results: no name": {
			args: []string{"results"}, wantCode: 96,
			wantErr: "error: want the name of a TestRun: podtest results NAME (`podtest results --help` tells more)\n",
		},
		"logs: each attempt, neutralised": {
			args:    []string{"logs", "shop", "TestBad", "-n", "ci"},
			wantOut: "--- attempt 1: failed, exit code 1, 0.030s, pod shop-w00000\n--- stderr\nno cart\n--- attempt 2: timedOut, took too long, 2.000s, pod shop-w00000\n",
			wantErr: "no output is stored; what is known of it:\n\n",
		},
		"logs: by binary id and name": {
			args:    []string{"logs", "shop", "unit::pay", "TestSame", "-n", "ci"},
			wantOut: "--- attempt 1: passed, 0.000s, pod shop-w00000\n",
			wantErr: "what it printed is not kept, for it did not fail\n",
		},
		"logs: a name that two tests have": {
			args: []string{"logs", "shop", "TestSame", "-n", "ci"}, wantCode: 96,
			wantErr: "error: TestRun ci/shop: 2 tests are called \"TestSame\": say the binary id too; these are like it:\n  unit::cart TestSame\n  unit::pay TestSame\n",
		},
		"logs: a test that is not selected": {
			args: []string{"logs", "shop", "TestOut", "-n", "ci"}, wantCode: 96,
			wantErr: "error: TestRun ci/shop: unit::pay TestOut is not selected: `podtest explain` tells why\n",
		},
		"logs: a test that never ran": {
			args: []string{"logs", "shop", "TestLost", "-n", "ci"}, wantErr: "unit::pay TestLost has not ended an attempt yet\n",
		},
		"list: a line a test": {
			args: []string{"list", "shop", "-n", "ci"},
			wantOut: `CLASS     GROUP   WEIGHT   PRIORITY   ATTEMPTS   TIMEOUT   BINARY       TEST
default   -       1        0          2          -         unit::cart   TestAdd
default   -       1        0          2          -         unit::cart   TestBad
default   -       1        0          2          -         unit::cart   TestSame
default   -       1        0          2          -         unit::pay    TestLost
default   -       1        0          2          -         unit::pay    TestSame
`,
		},
		"list: all tests, with what leaves them out": {
			args: []string{"list", "shop", "-n", "ci", "--all"},
			wantOut: `CLASS     GROUP   WEIGHT   PRIORITY   ATTEMPTS   TIMEOUT   BINARY       TEST       LEFT OUT BY
default   -       1        0          2          -         unit::cart   TestAdd
default   -       1        0          2          -         unit::cart   TestBad
default   -       1        0          2          -         unit::cart   TestSame
default   -       1        0          2          -         unit::pay    TestLost
default   -       1        0          2          -         unit::pay    TestOut    ignored
default   -       1        0          2          -         unit::pay    TestSame
`,
		},
		"list: a line a test, to be read by others": {
			args:    []string{"list", "shop", "-n", "ci", "-o", "name"},
			wantOut: "unit::cart TestAdd\nunit::cart TestBad\nunit::cart TestSame\nunit::pay TestLost\nunit::pay TestSame\n",
		},
		"list: as nextest shows it": {
			args:    []string{"list", "shop", "-n", "ci", "-o", "human"},
			wantOut: "unit::cart:\n    TestAdd\n    TestBad\n    TestSame\nunit::pay:\n    TestLost\n    TestSame\n",
		},
		"list: a format that is none": {
			args: []string{"list", "shop", "-n", "ci", "-o", "yaml"}, wantCode: 96,
			wantErr: "error: -o yaml: want table, human, name, json, plan\n",
		},
		"junit: no name": {
			args: []string{"junit"}, wantCode: 96,
			wantErr: "error: want the name of a TestRun: podtest junit NAME (`podtest junit --help` tells more)\n",
		},
		"junit: a file that cannot be": {
			args: []string{"junit", "shop", "-n", "ci", "--output-file", "/nowhere/junit.xml"}, wantCode: 96,
			wantErr: "error: writing the JUnit report: open /nowhere/junit.xml: no such file or directory\n  check the path\n",
		},
		"cancel: too late": {
			args: []string{"cancel", "shop", "-n", "ci"}, wantOut: "testrun.podtest.dev/shop has ended before: Error\n",
		},
		"a verb that is none": {
			args: []string{"bogus"}, wantCode: 96, wantErr: "error: unknown command \"bogus\" for \"podtest\": did you mean logs? (`podtest --help` lists them)\n",
		},
		"a verb that is nearly one": {
			args: []string{"result"}, wantCode: 96,
			wantErr: "error: unknown command \"result\" for \"podtest\": did you mean results? (`podtest --help` lists them)\n",
		},
		"list: a flag for binaries of this machine": {
			args: []string{"list", "shop", "-n", "ci", "-E", "test(x)"}, wantCode: 96,
			wantErr: "error: --filterset goes with --local: a run of the cluster is listed as it is\n",
		},
		"a flag that is none": {
			args: []string{"results", "shop", "--bogus"}, wantCode: 96, wantErr: "error: unknown flag: --bogus (`podtest results --help` lists the flags)\n",
		},
		"watch: the run's exit code is ours": {
			args: []string{"watch", "shop", "-n", "ci"}, wantCode: 120,
			wantOut: `     TestRun ci/shop
      Listed 6 tests in 2 binaries (1 ignored)
        PASS [   0.000s] (1/5) unit::cart TestSame
        PASS [   0.000s] (2/5) unit::pay TestSame
        PASS [   0.021s] (3/5) unit::cart TestAdd
  TRY 1 FAIL [   0.030s] (───) unit::cart TestBad
    exit code 1
  stderr ───
    no cart

   TRY 2 TMT [   2.000s] (4/5) unit::cart TestBad
    took too long
    output: podtest logs --namespace ci shop 'unit::cart TestBad'
    repro:  podtest repro --namespace ci shop 'unit::cart TestBad'
────────────
     Summary [   3.000s] 4/5 tests run: 3 passed, 1 timed out, 1 skipped (1 worker)
   TRY 2 TMT [   2.000s] (4/5) unit::cart TestBad
warning: 1/5 tests have no verdict
       Error [exit 120] 1 test has no verdict
     Results podtest results --namespace ci shop
       Rerun podtest rerun --namespace ci shop
`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t)
			s.withRun(t)
			code := s.podtest(t, c.args...)
			if code != c.wantCode {
				t.Errorf("exit code %d, want %d", code, c.wantCode)
			}
			if diff := cmp.Diff(c.wantOut, s.out.String()); diff != "" {
				t.Errorf("standard output (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.wantErr, s.err.String()); diff != "" {
				t.Errorf("standard error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestListAsPlan(t *testing.T) {
	s := newShell(t)
	s.withRun(t)
	if code := s.podtest(t, "list", "shop", "-n", "ci", "-o", "plan"); code != 0 {
		t.Fatalf("exit code %d: %s", code, s.err.String())
	}
	lines := strings.Split(strings.TrimSpace(s.out.String()), "\n")
	want := `{"binary":"unit::cart","name":"TestAdd","class":"default","weight":1,"priority":0,"attempts":2,` +
		`"slowMs":60000,"graceMs":10000,"leakMs":200,"sources":{"retries":"spec"}}`
	if diff := cmp.Diff(want, lines[0]); diff != "" || len(lines) != 5 {
		t.Errorf("%d lines, the first one:\n%s", len(lines), diff)
	}
}

func TestListBeforeTheTestsAreKnown(t *testing.T) {
	for name, c := range map[string]struct {
		conditions []metav1.Condition
		want       string
	}{
		"nobody has looked": {
			nil, "error: the tests of TestRun ci/shop are not known: nobody has looked at the run yet: is podtest installed?\n",
		},
		"the condition says why": {
			[]metav1.Condition{{Type: v1alpha1.ConditionListed, Status: metav1.ConditionFalse, Message: "the image has no tests"}},
			"error: the tests of TestRun ci/shop are not known: the image has no tests\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t, &v1alpha1.TestRun{
				ObjectMeta: metav1.ObjectMeta{Namespace: "ci", Name: "shop"},
				Status:     v1alpha1.TestRunStatus{Conditions: c.conditions},
			})
			if code := s.podtest(t, "list", "shop", "-n", "ci"); code != 96 {
				t.Errorf("exit code %d", code)
			}
			if diff := cmp.Diff(c.want, s.err.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestCancel(t *testing.T) {
	for name, c := range map[string]struct {
		args      []string
		wantForce bool
	}{
		"a run is asked to end":           {nil, false},
		"a run is ended at once by force": {[]string{"--force"}, true},
	} {
		t.Run(name, func(t *testing.T) {
			run := &v1alpha1.TestRun{ObjectMeta: metav1.ObjectMeta{Namespace: "ci", Name: "shop"}}
			s := newShell(t, run)
			if code := s.podtest(t, append([]string{"cancel", "shop", "-n", "ci"}, c.args...)...); code != 0 {
				t.Fatalf("exit code %d: %s", code, s.err.String())
			}
			if diff := cmp.Diff("testrun.podtest.dev/shop is being cancelled\n", s.out.String()); diff != "" {
				t.Error(diff)
			}
			if err := s.cluster.Get(t.Context(), client.ObjectKeyFromObject(run), run); err != nil {
				t.Fatal(err)
			}
			if !run.Spec.Cancel || run.Spec.Force != c.wantForce {
				t.Errorf("spec.cancel is %t and spec.force %t", run.Spec.Cancel, run.Spec.Force)
			}
		})
	}
}

func TestInterruptedRunGoesOn(t *testing.T) {
	run := &v1alpha1.TestRun{ObjectMeta: metav1.ObjectMeta{Namespace: "ci", Name: "shop", UID: "u1"}}
	s := newShell(t, run)
	ctx, interrupt := context.WithCancel(t.Context())
	interrupt()
	c := newCLI("/usr/bin/kubectl-podtest", nil, &s.out, &s.err)
	err := c.follow(ctx, s.cluster, run, addFollowFlags(&cobra.Command{}))
	var code exitCode
	if !errors.As(err, &code) || code != 130 {
		t.Errorf("%v, want exit code 130", err)
	}
	if want := "kubectl podtest watch --namespace ci shop"; !strings.Contains(s.err.String(), want) {
		t.Errorf("no %q in %q", want, s.err.String())
	}
}

func TestInstallDryRunAsksNoCluster(t *testing.T) {
	s := newShell(t)
	s.cluster = nil
	if code := s.podtest(t, "install", "--dry-run", "-o", "yaml", "-n", "tools", "--image", "r.example/p:1"); code != 0 {
		t.Fatalf("exit code %d: %s", code, s.err.String())
	}
	for _, want := range []string{"name: tools\n", "image: r.example/p:1\n", "value: r.example/p:1\n"} {
		if !strings.Contains(s.out.String(), want) {
			t.Errorf("no %q in the manifests", want)
		}
	}
}

func TestNoClusterIsExplained(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	t.Setenv("HOME", t.TempDir())
	for _, name := range []string{"KUBERNETES_SERVICE_HOST", "KUBERNETES_SERVICE_PORT"} {
		t.Setenv(name, "")
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	var out, errs bytes.Buffer
	code := newCLI("podtest", nil, &out, &errs).run(t.Context(), []string{"cancel", "x"})
	if code != 96 || !strings.Contains(errs.String(), "--kubeconfig") {
		t.Errorf("exit code %d, %q", code, errs.String())
	}
}

func TestAFileThatIsNotThereIsNotTheClustersFault(t *testing.T) {
	_, err := os.ReadFile(filepath.Join(t.TempDir(), "run.yaml"))
	if !noSuchFile(err) {
		t.Errorf("%v is not taken for a missing file", err)
	}
	for _, a := range advice {
		if a.about(err) {
			if a.text != "check the path" {
				t.Errorf("the advice is to %q", a.text)
			}
			return
		}
	}
	t.Error("there is no advice")
}

func TestWithoutAKubeconfigNoClusterIsGuessed(t *testing.T) {
	t.Setenv("KUBECONFIG", filepath.Join(t.TempDir(), "none"))
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	var out, errs bytes.Buffer
	c := newCLI("podtest", strings.NewReader(""), &out, &errs)
	if code := c.run(t.Context(), []string{"watch", "shop"}); code != 96 {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"there is no kubeconfig", "podtest run --local"} {
		if !strings.Contains(errs.String(), want) {
			t.Errorf("it does not say %q: %s", want, errs.String())
		}
	}
}

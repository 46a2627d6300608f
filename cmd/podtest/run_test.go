package main

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/podtest/podtest/api/v1alpha1"
)

const twoRuns = `# two runs
apiVersion: podtest.dev/v1alpha1
kind: TestRun
metadata: {name: a}
---
# nothing
---
apiVersion: podtest.dev/v1alpha1
kind: TestRun
metadata: {name: b, namespace: other}
`

func TestRunCreates(t *testing.T) {
	for name, c := range map[string]struct {
		manifest string
		args     []string
		there    []client.Object
		wantCode int
		wantOut  string
		wantErr  string
	}{
		"each TestRun of the manifest, in its namespace or the default": {
			manifest: twoRuns, wantOut: "testrun.podtest.dev/a created\ntestrun.podtest.dev/b created\n",
		},
		"a namespace by flag that the manifest contradicts": {
			manifest: twoRuns, args: []string{"-n", "ci"}, wantCode: 96,
			wantErr: "error: standard input, document 3: TestRun b is of namespace other, and --namespace says ci: leave one of them out\n",
		},
		"a kind that is no TestRun": {
			manifest: "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n", wantCode: 96,
			wantErr: "error: standard input, document 1: it is a v1 Pod: podtest creates TestRuns and TestProfiles; apply it with kubectl\n",
		},
		"a TestRun without a name": {
			manifest: "apiVersion: podtest.dev/v1alpha1\nkind: TestRun\n", wantCode: 96,
			wantErr: "error: standard input, document 1: the TestRun has no name: set metadata.name or metadata.generateName\n",
		},
		"an empty manifest": {
			manifest: "---\n# nothing\n", wantCode: 96, wantErr: "error: there is no TestRun in standard input\n",
		},
		"a key twice": {
			manifest: "kind: TestRun\nkind: Pod\n", wantCode: 96,
			wantErr: "error: standard input, document 1: yaml: unmarshal errors:\n  line 2: key \"kind\" already set in map\n",
		},
		"a run that exists, is the same, and goes on": {
			manifest: twoRuns, wantCode: 96,
			there: []client.Object{&v1alpha1.TestRun{ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "a"}}},
			wantErr: "error: standard input, document 1: TestRun default/a exists, is the same, and still goes on\n" +
				"  to follow it: podtest watch --namespace default a\n" +
				"  to run it again: give it another name with --name, or --generate-name, or delete that one: kubectl delete testrun --namespace default a\n",
		},
		"a run that exists and is another": {
			manifest: twoRuns, wantCode: 96,
			there: []client.Object{&v1alpha1.TestRun{
				ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "a"}, Spec: v1alpha1.TestRunSpec{Filter: "none()"},
			}},
			wantErr: "error: standard input, document 1: TestRun default/a exists, still goes on, and is another: a run cannot be changed\n" +
				"  to run it again: give it another name with --name, or --generate-name, or delete that one: kubectl delete testrun --namespace default a\n",
		},
		"a run that exists, is the same, and has ended": {
			manifest: twoRuns, wantCode: 96,
			there: []client.Object{&v1alpha1.TestRun{
				ObjectMeta: metav1.ObjectMeta{Namespace: "default", Name: "a"},
				Status: v1alpha1.TestRunStatus{Result: v1alpha1.ResultFailed, Conditions: []metav1.Condition{{
					Type: v1alpha1.ConditionComplete, Status: metav1.ConditionTrue, LastTransitionTime: metav1.Unix(1e9, 0),
				}}},
			}},
			wantErr: "error: standard input, document 1: TestRun default/a exists, is the same, and has ended: Failed\n" +
				"  to see it: podtest watch --namespace default a\n" +
				"  to run it again: give it another name with --name, or --generate-name, or delete that one: kubectl delete testrun --namespace default a\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t, c.there...)
			s.in = c.manifest
			code := s.podtest(t, append([]string{"run", "-f", "-", "--follow=false"}, c.args...)...)
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

func TestRunOfAFileThatIsNotThere(t *testing.T) {
	s := newShell(t)
	if code := s.podtest(t, "run", "-f", "/nowhere.yaml"); code != 96 || !strings.Contains(s.err.String(), "/nowhere.yaml") {
		t.Errorf("exit code %d, %q", code, s.err.String())
	}
}

// files writes files into a new folder, in which the test is then.
func files(t *testing.T, texts map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range texts {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

const oneRun, oneProfile = "{apiVersion: podtest.dev/v1alpha1, kind: TestRun, metadata: {name: a}}",
	"{apiVersion: podtest.dev/v1alpha1, kind: TestProfile, metadata: {name: p}}"

func TestWhereRunsComeFrom(t *testing.T) {
	for name, c := range map[string]struct {
		args             []string
		wantOut, wantErr string
		wantCode         int
	}{
		"several files":                 {args: []string{"-f", "a.yaml", "-f", "runs/b.json"}, wantOut: "run/a\nrun/b\n"},
		"a folder, and not those in it": {args: []string{"-f", "runs"}, wantOut: "run/b\nrun/c\n"},
		"a kustomization":               {args: []string{"-k", "k"}, wantOut: "run/x-a\n"},
		"flags alone":                   {args: []string{"--image", "r/shop:1", "--go", "/t", "--name", "now"}, wantOut: "run/now\n"},
		"a folder without manifests": {
			args: []string{"-f", "empty"}, wantCode: 96, wantErr: "error: -f empty: no file of the folder ends in .yaml, .yml or .json\n",
		},
		"a folder with a kustomization": {
			args: []string{"-f", "k"}, wantCode: 96,
			wantErr: "error: -f k: there is a kustomization.yaml in it: give the folder with -k\n",
		},
		"a URL": {
			args: []string{"-f", "https://x/y"}, wantCode: 96,
			wantErr: "error: -f https://x/y: podtest fetches nothing: `curl -fsSL https://x/y | podtest run -f -` does\n",
		},
		"a kustomization elsewhere": {
			args: []string{"-k", "https://x/y"}, wantCode: 96,
			wantErr: "error: -k https://x/y: podtest fetches nothing: clone it and give the folder\n",
		},
		"standard input twice": {
			args: []string{"-f", "-", "-f", "-"}, wantCode: 96, wantErr: "error: -f -: standard input can be read once only\n",
		},
		"a manifest and a kustomization": {
			args: []string{"-f", "a.yaml", "-k", "k"}, wantCode: 96, wantErr: "error: -f and -k: give one of them\n",
		},
		"a manifest and tests by flag": {
			args: []string{"-f", "a.yaml", "--go", "/t"}, wantCode: 96,
			wantErr: "error: the manifest says where the tests are: leave out --go, --libtest, --nextest-archive, " +
				"--exec-list and --exec-run, or -f and -k\n",
		},
		"profiles alone": {args: []string{"-f", "p.yaml"}, wantCode: 96, wantErr: "error: there is no TestRun in p.yaml\n"},
		"nothing": {
			wantCode: 96, wantErr: "error: nothing to run: name a manifest with -f, a kustomization with -k, or an image with " +
				"--image and the tests in it (`podtest run --help` tells more)\n",
		},
		"one name for several runs": {
			args: []string{"-f", "runs", "--name", "x"}, wantCode: 96, wantErr: "error: --name x: runs has 2 TestRuns: name them there\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t)
			s.cluster = nil
			named := func(name string) string { return strings.Replace(oneRun, "name: a", "name: "+name, 1) }
			files(t, map[string]string{
				"a.yaml": oneRun, "p.yaml": oneProfile, "runs/b.json": named("b"), "runs/c.yml": named("c"), "runs/README.md": "-",
				"runs/more/d.yaml": named("d"), "empty/README.md": "",
				"k/kustomization.yaml": "namePrefix: x-\nresources: [a.yaml]", "k/a.yaml": oneRun,
			})
			code := s.podtest(t, append([]string{"run", "--dry-run=client", "-o", "name"}, c.args...)...)
			if code != c.wantCode {
				t.Errorf("exit code %d, want %d", code, c.wantCode)
			}
			if diff := cmp.Diff(c.wantOut, strings.ReplaceAll(s.out.String(), "testrun.podtest.dev", "run")); diff != "" {
				t.Errorf("standard output (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.wantErr, s.err.String()); diff != "" {
				t.Errorf("standard error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestFlagsOfRunThatContradictEachOther(t *testing.T) {
	for args, want := range map[string]string{
		"--max-fail 1 --no-fail-fast":           "--max-fail cannot be used with --no-fail-fast: leave one of them out",
		"--max-fail 1 --ff":                     "--max-fail cannot be used with --fail-fast: leave one of them out",
		"--ff --nff":                            "--fail-fast cannot be used with --no-fail-fast: leave one of them out",
		"--stress-count 2 --stress-duration 1m": "--stress-count cannot be used with --stress-duration: leave one of them out",
		"-j 2 --parallelism 2":                  "--test-threads cannot be used with --parallelism: leave one of them out",
		"--run-ignored all -- --ignored":        "--run-ignored all cannot be used with -- --ignored: leave one of them out",
		"--run-ignored some":                    "--run-ignored some: want all, default, ignored-only or only",
		"--flaky-result maybe":                  "--flaky-result maybe: want fail or pass",
		"--max-fail 0":                          "--max-fail \"0\": want a number from 1 to 1000000, or all",
		"--jobs num-cpus":                       "--test-threads num-cpus: the tests run on other machines than this one, so its CPUs do not count: give a number",
		"--no-tests warn":                       "--no-tests warn: a verdict that is none is no help in a pipeline: use pass, and look at status.tests.selected of the run",
		"--retries 101":                         "--retries 101: want a number from 0 to 100",
		"--slots 0":                             "--slots 0: want at least 1",
		"--partition hash:3/2":                  "--partition hash:3/2: part 3 of 2: want one from 1 to 2",
		"--stress-count infinite":               "--stress-count infinite: a run has an end: give --stress-duration, up to 720h",
		"--global-timeout 5":                    "--global-timeout 5: \"5\": want a duration such as 90s or 1h30m",
		"--dry-run=maybe":                       "--dry-run maybe: want none, client or server",
		"-o yaml --follow":                      "--output and --dry-run print the run instead of following it: leave --follow out",
	} {
		t.Run(args, func(t *testing.T) {
			s := newShell(t)
			s.cluster = nil
			code := s.podtest(t, append([]string{"run", "--image", "i", "--go", "/t"}, strings.Fields(args)...)...)
			if diff := cmp.Diff("error: "+want+"\n", s.err.String()); diff != "" || code != 96 {
				t.Errorf("exit code %d, standard error (-want +got):\n%s", code, diff)
			}
		})
	}
}

func TestFlagsReachTheRun(t *testing.T) {
	s := newShell(t)
	s.in = oneRun
	code := s.podtest(t, "run", "-f", "-", "--dry-run", "-o", "jsonpath={.spec}", "-E", "test(a)", "-E", "kind(lib)", "cart",
		"--retries", "2", "--flaky-result", "fail", "--success-output", "final", "--max-fail", "3:immediate", "--no-tests", "pass", "-j", "4", "--slots", "2",
		"--ignore-default-filter", "--partition", "slice:1/2", "-P", "ci", "--ttl", "90s", "--", "--include-ignored", "--skip", "b c")
	want := `{"failFast":{"maxFail":3,"terminate":"Immediate"},` +
		`"filter":"((test(a)) or (kind(lib))) and test(~cart) and not test(~b c)","flakyResult":"Fail","ignoreDefaultFilter":true,` +
		`"noTests":"Pass","overrides":[{"filter":"all()","flakyResult":"Fail","name":"command-line","retries":{"count":2},"successOutput":"Final"}],` +
		`"parallelism":2,"partition":"slice:1/2","profileRef":{"name":"ci"},"retries":{"count":2},"runIgnored":"All",` +
		`"successOutput":"Final","ttlSecondsAfterFinished":90,"worker":{"slots":2}}`
	if diff := cmp.Diff(want, s.out.String()); diff != "" || code != 0 {
		t.Errorf("exit code %d, %s, standard output (-want +got):\n%s", code, s.err.String(), diff)
	}
}

// applied makes a cluster that notes what is applied and created, in order; the fake cannot apply what it has no schema of.
func (s *shell) applied(failing error) *[]string {
	var done []string
	trial := func(dry []string) string { return strings.Repeat("try ", len(dry)) }
	s.cluster = interceptor.NewClient(s.cluster, interceptor.Funcs{
		Apply: func(_ context.Context, _ client.WithWatch, _ runtime.ApplyConfiguration, opts ...client.ApplyOption) error {
			o := (&client.ApplyOptions{}).ApplyOptions(opts)
			done = append(done, trial(o.DryRun)+"profile by "+o.FieldManager)
			return failing
		},
		Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
			done = append(done, trial((&client.CreateOptions{}).ApplyOptions(opts).DryRun)+o.GetName())
			return c.Create(ctx, o, opts...)
		},
	})
	return &done
}

func TestAllIsTriedBeforeTheFirstIsCreatedAndProfilesComeFirst(t *testing.T) {
	s := newShell(t)
	done := s.applied(nil)
	s.in = oneRun + "\n---\n" + oneProfile
	if code := s.podtest(t, "run", "-f", "-", "--follow=false"); code != 0 {
		t.Fatalf("exit code %d: %s", code, s.err.String())
	}
	if diff := cmp.Diff([]string{"try profile by podtest", "try a", "profile by podtest", "a"}, *done); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff("testprofile.podtest.dev/p applied\ntestrun.podtest.dev/a created\n", s.out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestAConflictOverAProfileIsExplained(t *testing.T) {
	s := newShell(t)
	done := s.applied(apierrors.NewConflict(v1alpha1.GroupVersion.WithResource("testprofiles").GroupResource(), "p", errors.New("spec.retries is flux's")))
	s.in = oneRun + "\n---\n" + oneProfile
	if code := s.podtest(t, "run", "-f", "-"); code != 96 {
		t.Errorf("exit code %d", code)
	}
	for _, want := range []string{"TestProfile default/p is also written by others", "spec.retries is flux's", "leave these fields out"} {
		if !strings.Contains(s.err.String(), want) {
			t.Errorf("no %q in %s", want, s.err.String())
		}
	}
	if len(*done) != 1 {
		t.Errorf("done: %q", *done)
	}
}

func TestADryRunByTheServerCreatesNothing(t *testing.T) {
	s := newShell(t)
	done := s.applied(nil)
	s.in = oneRun
	if code := s.podtest(t, "run", "-f", "-", "--dry-run=server"); code != 0 {
		t.Fatalf("exit code %d: %s", code, s.err.String())
	}
	if diff := cmp.Diff([]string{"try a"}, *done); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff("testrun.podtest.dev/a created (server dry run)\n", s.out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestWhatIsAskedForNeedsNoCluster(t *testing.T) {
	s := newShell(t)
	s.cluster = nil
	s.in = twoRuns
	if code := s.podtest(t, "run", "-f", "-", "--dry-run=client", "-o", "name", "--retries", "2"); code != 0 {
		t.Fatalf("exit code %d: %s", code, s.err.String())
	}
	if want := "testrun.podtest.dev/a\ntestrun.podtest.dev/b\n"; s.out.String() != want {
		t.Errorf("standard output: %q", s.out.String())
	}
}

func TestAFiltersetThatMeansNothingIsShownBeforeAnythingIsCreated(t *testing.T) {
	s := newShell(t)
	s.cluster = nil
	s.in = twoRuns
	if code := s.podtest(t, "run", "-f", "-", "-E", "test(a) && test(b)"); code != 94 {
		t.Errorf("exit code %d, want 94", code)
	}
	if !strings.Contains(s.err.String(), "  test(a) && test(b)\n          ^^\n") {
		t.Errorf("standard error:\n%s", s.err.String())
	}
}

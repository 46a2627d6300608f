package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/internal/goldentest"
)

// TestMain lets this program be what podtest starts itself for.
func TestMain(m *testing.M) {
	if code, is := helper(os.Args[1:]); is {
		os.Exit(code)
	}
	os.Exit(m.Run())
}

// here is a folder with a suite: a list of tests, and a script that runs one.
func (s *shell) here(t *testing.T) {
	t.Helper()
	t.Chdir(t.TempDir())
	write := func(name, text string) {
		if err := os.WriteFile(name, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write("list", "#!/bin/sh\nprintf '%s\\n' adds breaks skips\n")
	write("run", "#!/bin/sh\ncase $1 in\nadds) exit 0;;\nskips) exit 77;;\nbreaks) echo oh no; exit 3;;\nesac\n")
	write("run.yaml", `apiVersion: podtest.dev/v1alpha1
kind: TestRun
metadata: {name: shop}
spec:
  suites:
  - name: own
    exec: {list: {command: [./list]}, run: {command: [./run, "{id}"]}}
  profileRef: {name: ci}
  parallelism: 8
  template:
    spec:
      containers:
      - name: test
        image: example/shop:1
        resources: {limits: {memory: 1Gi}}
---
apiVersion: podtest.dev/v1alpha1
kind: TestProfile
metadata: {name: ci}
spec:
  retries: {count: 1}
`)
}

var times = regexp.MustCompile(`\d+\.\d{3}s`)

func TestRunLocalNeedsNoCluster(t *testing.T) {
	const here = "running on this machine, each test a process: no image, no resource limits, no node placement\n"
	for name, c := range map[string]struct {
		args             []string
		wantCode         int
		wantOut, wantErr string
	}{
		"a manifest with its profile": {
			args: []string{"-f", "run.yaml", "-j1"}, wantCode: 100,
			wantOut: `     TestRun local/shop
     Listing [>  T] the test binaries are asked for their tests
      Listed 3 tests in 1 binary
        PASS [   T] (1/3) own adds
  TRY 1 FAIL [   T] (───) own breaks
    exit code 3
  stdout ───
    oh no

        SKIP [   T] (2/3) own skips
  TRY 2 FAIL [   T] (3/3) own breaks
    exit code 3
  stdout ───
    oh no

────────────
     Summary [   T] 3 tests run: 1 passed, 1 failed, 1 skipped
  TRY 2 FAIL [   T] (3/3) own breaks
      Failed [exit 100] 1 of 3 tests failed
`,
			wantErr: here + "without effect here: parallelism, template: image, template: resources\n",
		},
		"flags alone, and the names of tests": {
			args: []string{"--exec-list", "./list", "--exec-run", "./run {id}", "-j", "num-cpus", "add"},
			wantOut: `     TestRun local/local
     Listing [>  T] the test binaries are asked for their tests
      Listed 3 tests in 1 binary (2 filtered out)
        PASS [   T] (1/1) exec adds
────────────
     Summary [   T] 1 test run: 1 passed, 2 skipped
      Passed [exit 0] 1 test passed
`, wantErr: here,
		},
		"nothing to run": {
			wantCode: 96,
			wantErr: "error: nothing to run: name a manifest with -f, a kustomization with -k, or the tests: " +
				"podtest run --local --go './*.test' (`podtest run --help` tells more)\n",
		},
		"no threads": {
			args: []string{"-f", "run.yaml", "-j0"}, wantCode: 96,
			wantErr: "error: --test-threads 0: want a number of tests, at least 1, or num-cpus\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t)
			s.here(t)
			if code := s.podtest(t, append([]string{"run", "--local"}, c.args...)...); code != c.wantCode {
				t.Errorf("exit code %d, want %d", code, c.wantCode)
			}
			if diff := cmp.Diff(c.wantOut, times.ReplaceAllString(s.out.String(), "T")); diff != "" {
				t.Errorf("standard output (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.wantErr, s.err.String()); diff != "" {
				t.Errorf("standard error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestRunLocalWritesReports(t *testing.T) {
	s := newShell(t)
	s.here(t)
	if code := s.podtest(t, "run", "--local", "-f", "run.yaml", "--junit", "junit.xml"); code != 100 {
		t.Errorf("exit code %d: %s", code, s.err.String())
	}
	report, err := os.ReadFile(filepath.Join(".", "junit.xml"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`tests="3"`, `name="breaks"`, `<rerunFailure`, "oh no"} {
		if !strings.Contains(string(report), want) {
			t.Errorf("the report lacks %s:\n%s", want, report)
		}
	}
}

func TestListLocalInTheShapeOfNextest(t *testing.T) {
	root, err := filepath.Abs("testdata")
	if err != nil {
		t.Fatal(err)
	}
	s := newShell(t)
	s.here(t)
	if code := s.podtest(t, "list", "--local", "-f", "run.yaml", "-E", "test(s)", "-o", "json", "--", "--skip", "skips"); code != 0 {
		t.Fatalf("exit code %d: %s", code, s.err.String())
	}
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	got := strings.ReplaceAll(s.out.String(), dir, "DIR")
	goldentest.Compare(t, filepath.Join(root, "list-local.json"), []byte(got))
}

func TestListLocalSaysWhyItCannot(t *testing.T) {
	s := newShell(t)
	s.here(t)
	code := s.podtest(t, "list", "--local", "--go", "./*.test")
	want := "matches no executable file: are the test binaries on this machine, and executable?"
	if code != 104 || !strings.Contains(s.err.String(), want) || s.out.Len() > 0 {
		t.Errorf("exit code %d: %s", code, s.err.String())
	}
}

func TestHarnessCheckSaysWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		args     []string
		wantCode int
		want     string
		wantErr  string
	}{
		"nothing": {
			args: []string{"--list", "./list", "--run", "sh -c 'test -n \"$2\" -a \"$1\" = adds || { echo no; exit 1; }' x {id} y"},
			want: "suite exec\n     ok  lists 3 tests, and twice the same\n     ok  ran 3 tests, twice each\n" +
				"     ok  a test that does not exist fails\nnothing is wrong\n",
		},
		"a test that does not exist passes; of a manifest": {
			args: []string{"-f", "run.yaml", "--sample", "1"}, wantCode: 96,
			want: "suite own\n     ok  lists 3 tests, and twice the same\n     ok  ran 1 test, twice each\n" +
				"  wrong  a test that does not exist counts as passed\n         -> end with another exit code than 0 and 77 " +
				"if there is no such test: one that is renamed, or vanishes between listing and running, would pass for ever\n1 wrong\n",
		},
		"half of what is needed": {
			args: []string{"--list", "./list"}, wantCode: 96,
			wantErr: "error: --list and --run go together: --run is missing\n",
		},
		"nothing to check": {
			wantCode: 96,
			wantErr: "error: nothing to check: say how tests are listed and run: podtest harness check --list './suite list' " +
				"--run './suite run {id}'\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t)
			s.here(t)
			if code := s.podtest(t, append([]string{"harness", "check"}, c.args...)...); code != c.wantCode {
				t.Errorf("exit code %d, want %d", code, c.wantCode)
			}
			if diff := cmp.Diff(c.want, s.out.String()); diff != "" {
				t.Errorf("standard output (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.wantErr, s.err.String()); diff != "" {
				t.Errorf("standard error (-want +got):\n%s", diff)
			}
		})
	}
}

package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/api/v1alpha1"
)

// onGitHub makes the environment that of a step on GitHub.
func onGitHub(t *testing.T) (summary, output string) {
	t.Helper()
	dir := t.TempDir()
	summary, output = filepath.Join(dir, "summary.md"), filepath.Join(dir, "output")
	t.Setenv("GITHUB_ACTIONS", "true")
	t.Setenv("GITHUB_STEP_SUMMARY", summary)
	t.Setenv("GITHUB_OUTPUT", output)
	t.Setenv("GITHUB_WORKSPACE", dir)
	t.Setenv("NO_COLOR", "")
	return summary, output
}

func written(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestOnGitHubAStepTellsOfARun(t *testing.T) {
	s := newShell(t)
	s.withRun(t)
	summary, output := onGitHub(t)
	if code := s.podtest(t, "watch", "shop", "-n", "ci"); code != 120 {
		t.Fatalf("exit code %d: %s", code, s.err.String())
	}
	out := s.out.String()
	_, rest, _ := strings.Cut(out, "::error")
	annotations := "::error" + rest
	want := "::error title=TestRun ci/shop%3A Error::1 test has no verdict\n" +
		"::error title=unit%3A%3Acart TestBad::took too long\n"
	if diff := cmp.Diff(want, annotations); diff != "" {
		t.Error(diff)
	}
	if !strings.Contains(out, "::group::output of unit::cart TestBad\n") || !strings.Contains(out, "\x1b[") {
		t.Errorf("no group, or no colours:\n%s", out)
	}
	if diff := cmp.Diff("run=shop\nnamespace=ci\nresult=Error\nexit-code=120\n", written(t, output)); diff != "" {
		t.Error(diff)
	}
	for _, want := range []string{"shop", "1 test has no verdict"} {
		if got := written(t, summary); !strings.Contains(got, want) {
			t.Errorf("no %q in the summary:\n%s", want, got)
		}
	}
}

func TestLaterStepsGetTheFirstRunThatFailed(t *testing.T) {
	_, output := onGitHub(t)
	f := ciFlags{}
	for _, run := range []*v1alpha1.TestRun{
		endedRun("a", v1alpha1.ResultPassed, new(v1alpha1.ExitPassed)),
		endedRun("b", v1alpha1.ResultFailed, new(v1alpha1.ExitTestsFailed)),
		endedRun("c", v1alpha1.ResultError, new(v1alpha1.ExitSetup)),
	} {
		if err := f.writeOutputs(run); err != nil {
			t.Fatal(err)
		}
	}
	want := "run=a\nnamespace=ci\nresult=Passed\nexit-code=0\nrun=b\nnamespace=ci\nresult=Failed\nexit-code=100\n"
	if diff := cmp.Diff(want, written(t, output)); diff != "" {
		t.Error(diff)
	}
}

func TestARunThatCouldNotBeListedIsToldOnGitHub(t *testing.T) {
	s := newShell(t, endedRun("shop", v1alpha1.ResultError, new(v1alpha1.ExitListFailed)))
	summary, _ := onGitHub(t)
	junit := filepath.Join(t.TempDir(), "junit.xml")
	if code := s.podtest(t, "watch", "shop", "-n", "ci", "--junit", junit); code != 104 {
		t.Fatalf("exit code %d: %s", code, s.err.String())
	}
	if want := "::error title=TestRun ci/shop%3A Error::for a reason\n"; !strings.HasSuffix(s.out.String(), want) {
		t.Errorf("want %q at the end of\n%s", want, s.out.String())
	}
	if diff := cmp.Diff("\n### TestRun ci/shop: Error\n\n    for a reason\n", written(t, summary)); diff != "" {
		t.Error(diff)
	}
	if want := "no report is written"; !strings.Contains(s.err.String(), want) {
		t.Errorf("no %q in %q", want, s.err.String())
	}
}

func TestASummaryThatCannotBeWrittenChangesNoExitCode(t *testing.T) {
	s := newShell(t, endedRun("shop", v1alpha1.ResultPassed, new(v1alpha1.ExitPassed)))
	onGitHub(t)
	t.Setenv("GITHUB_STEP_SUMMARY", "/nowhere/summary")
	if code := s.podtest(t, "watch", "shop", "-n", "ci"); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if want := "warning: telling GitHub: open /nowhere/summary: no such file or directory\n"; s.err.String() != want {
		t.Errorf("%q, want %q", s.err.String(), want)
	}
}

func TestCINoneTellsGitHubNothing(t *testing.T) {
	s := newShell(t)
	s.withRun(t)
	summary, output := onGitHub(t)
	s.podtest(t, "watch", "shop", "-n", "ci", "--ci", "none")
	if out := s.out.String(); strings.Contains(out, "::stop") || strings.Contains(out, "::error") || strings.Contains(out, "\x1b") {
		t.Errorf("it prints\n%s", out)
	}
	for _, file := range []string{summary, output} {
		if _, err := os.Stat(file); err == nil {
			t.Errorf("%s is written", file)
		}
	}
}

func TestOnGitLabOutputsFoldAndTheReportIsRemembered(t *testing.T) {
	for name, c := range map[string]struct {
		args     []string
		wantHint bool
	}{
		"without a JUnit report": {nil, true},
		"with a JUnit report":    {[]string{"--junit", filepath.Join(t.TempDir(), "junit.xml")}, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t)
			s.withRun(t)
			t.Setenv("GITLAB_CI", "true")
			t.Setenv("NO_COLOR", "1")
			s.podtest(t, append([]string{"watch", "shop", "-n", "ci"}, c.args...)...)
			out := s.out.String()
			if !strings.Contains(out, ":podtest_1[collapsed=true]\r\x1b[0K    output of unit::cart TestBad\n") {
				t.Errorf("nothing folds:\n%s", out)
			}
			if strings.Contains(out, "\x1b[1") {
				t.Errorf("colours in spite of NO_COLOR:\n%s", out)
			}
			if hint := strings.Contains(s.err.String(), "--junit"); hint != c.wantHint {
				t.Errorf("hint of --junit is %t: %q", hint, s.err.String())
			}
		})
	}
}

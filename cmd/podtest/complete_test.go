package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
)

func TestWhatAShellProposes(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"runs":                            {[]string{"watch", "-n", "ci", "sh"}, "shop"},
		"runs, before tests":              {[]string{"logs", "-n", "ci", ""}, "shop"},
		"tests of a run":                  {[]string{"logs", "-n", "ci", "shop", "TestB"}, "TestBad"},
		"tests that share a name":         {[]string{"logs", "-n", "ci", "shop", "unit::"}, "unit::cart TestSame\nunit::pay TestSame"},
		"a test to explain":               {[]string{"explain", "-n", "ci", "shop", "TestB"}, "TestBad"},
		"a test to reproduce":             {[]string{"repro", "-n", "ci", "shop", "TestB"}, "TestBad"},
		"no tests of a run that is not":   {[]string{"logs", "-n", "ci", "shoe", ""}, ""},
		"profiles":                        {[]string{"run", "-n", "ci", "--profile", ""}, "nightly"},
		"words of a flag":                 {[]string{"run", "--run-ignored", ""}, "default\nonly\nall"},
		"no files where none are wanted":  {[]string{"run", "--image", ""}, ""},
		"ways to write objects are names": {[]string{"run", "--dry-run="}, "none\nclient\nserver"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t, &v1alpha1.TestProfile{ObjectMeta: metav1.ObjectMeta{Namespace: "ci", Name: "nightly"}})
			s.withRun(t)
			if code := s.podtest(t, append([]string{"__complete"}, c.args...)...); code != 0 {
				t.Fatalf("exit code %d: %s", code, s.err.String())
			}
			proposed, directive, _ := strings.Cut("\n"+s.out.String(), "\n:")
			if diff := cmp.Diff(c.want, strings.TrimSpace(proposed)); diff != "" {
				t.Error(diff)
			}
			if directive != "4\n" {
				t.Errorf("directive %q, want no files", directive)
			}
		})
	}
}

func TestCompletionScriptsAreWritten(t *testing.T) {
	for _, of := range []string{"bash", "zsh", "fish", "powershell", "kubectl"} {
		s := newShell(t)
		if code := s.podtest(t, "completion", of); code != 0 || !strings.Contains(s.out.String(), "__complete") {
			t.Errorf("%s: exit code %d, %s", of, code, s.err.String())
		}
	}
}

func TestOptionsShowsEveryConnectionFlag(t *testing.T) {
	s := newShell(t)
	if code := s.podtest(t, "options"); code != 0 {
		t.Fatalf("exit code %d: %s", code, s.err.String())
	}
	for _, want := range []string{"--kubeconfig", "--as-group", "--token", "--server", "--namespace"} {
		if !strings.Contains(s.out.String(), want) {
			t.Errorf("no %s", want)
		}
	}
}

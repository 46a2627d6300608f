package ci_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/internal/goldentest"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/report/ci"
)

func TestTheSystemIsTheOneAskedForOrTheOneThatIsThere(t *testing.T) {
	for name, c := range map[string]struct {
		asked     string
		env       map[string]string
		want      ci.System
		wantError string
	}{
		"auto at home":                 {asked: "auto", want: ci.None},
		"auto on GitHub":               {asked: "auto", env: map[string]string{"GITHUB_ACTIONS": "true"}, want: ci.GitHub},
		"auto on GitLab":               {asked: "auto", env: map[string]string{"GITLAB_CI": "true"}, want: ci.GitLab},
		"auto elsewhere":               {asked: "auto", env: map[string]string{"CI": "true"}, want: ci.None},
		"none on GitHub":               {asked: "none", env: map[string]string{"GITHUB_ACTIONS": "true"}, want: ci.None},
		"github at home":               {asked: "github", want: ci.GitHub},
		"gitlab though it is GitHub":   {asked: "gitlab", env: map[string]string{"GITHUB_ACTIONS": "true"}, want: ci.GitLab},
		"one that nobody knows":        {asked: "hudson", want: ci.None, wantError: "--ci hudson: want one of auto, github, gitlab, none"},
		"GitHub's variable said false": {asked: "auto", env: map[string]string{"GITHUB_ACTIONS": "false"}, want: ci.None},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := ci.Detect(c.asked, func(key string) string { return c.env[key] })
			said := ""
			if err != nil {
				said = err.Error()
			}
			if got != c.want || said != c.wantError {
				t.Errorf("%s, %q; want %s, %q", got, said, c.want, c.wantError)
			}
		})
	}
}

const hostile = "::error::forged\n   ::set-output name=x::y\n##[set-env name=PATH]/evil\n::add-mask::e\n::stop-commands::mine\n::mine::\n" +
	"\x1b[0Ksection_end:1:podtest_1\r\x1b[0K\n::token::\n100% wrong\n"

// story is a run with a passed test, a failed one, a flaky one, and texts that would be commands.
func story() []report.Event {
	test := report.Name{Binary: "unit::cart", Name: "TestBad ##[error]forged"}
	failed := report.Attempt{
		Test: test, Row: outcome.Row{Outcome: outcome.Failed, Attempt: 1, Reason: outcome.ExitCode, Code: 1}, Allowed: 2,
		Of: 2, Excerpt: hostile,
	}
	passed := failed
	passed.Row, passed.Final, passed.Done, passed.Excerpt = outcome.Row{Outcome: outcome.Passed, Attempt: 2}, true, 1, ""
	return []report.Event{
		report.Begun{Namespace: "ci", Name: "shop"},
		report.Note{Word: "PENDING", Text: "no node\n::error::forged"},
		failed, passed,
		report.Ended{Result: "Passed", Message: "::warning::forged"},
	}
}

func logged(system ci.System, events []report.Event) string {
	l := ci.Log{System: system, Token: "0123abcd", Now: func() time.Time { return time.Unix(1_700_000_000, 0) }}
	p := report.NewPrinter(report.Options{})
	var b strings.Builder
	for _, e := range events {
		b.Write(l.Add(e, p.Print(e)))
	}
	return b.String()
}

func TestLogOnGitHub(t *testing.T) {
	log := logged(ci.GitHub, story())
	goldentest.Compare(t, "testdata/github.log", []byte(log))
	got, stopped := runner(t, log)
	want := []command{
		{"group", map[string]string{}, "output of unit::cart TestBad ##[error]forged"},
		{"endgroup", map[string]string{}, ""},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(command{})); diff != "" {
		t.Errorf("GitHub carries out (-want +got):\n%s", diff)
	}
	if stopped {
		t.Error("commands are still stopped at the end")
	}
}

func TestLogOnGitLab(t *testing.T) {
	log := logged(ci.GitLab, story())
	goldentest.Compare(t, "testdata/gitlab.log", []byte(log))
	if n := strings.Count(log, "\r\x1b[0K"); n != 2 {
		t.Errorf("%d section marks, want ours: 2", n)
	}
}

func TestLogElsewhereIsAsPrinted(t *testing.T) {
	if diff := cmp.Diff(string(report.Render(story(), report.Options{})), logged(ci.None, story())); diff != "" {
		t.Error(diff)
	}
}

func FuzzNoTextIsACommand(f *testing.F) {
	f.Add(hostile, hostile)
	f.Add("##[group]", "\u2028::error::x\v::error::x\u0085::error::x")
	f.Fuzz(func(t *testing.T, name, output string) {
		failed := report.Attempt{
			Test: report.Name{Binary: name, Name: name}, Row: outcome.Row{Outcome: outcome.Failed},
			Excerpt: output,
		}
		got, stopped := runner(t, logged(ci.GitHub, []report.Event{failed, report.Note{Word: "X", Text: output}}))
		for _, c := range got {
			if c.name != "group" && c.name != "endgroup" {
				t.Errorf("carries out %+v", c)
			}
		}
		if stopped {
			t.Error("commands are still stopped at the end")
		}
	})
}

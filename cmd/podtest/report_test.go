package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// begins is what each format begins with.
var begins = map[string]string{
	"html": "<!doctype html>", "trace": `{"traceEvents":[`, "markdown": "## 💥 `ci/shop`: Error", "ctrf": `{"reportFormat":"CTRF"`,
}

func TestReportIsTheSameInAFileAndOnStandardOutput(t *testing.T) {
	s := newShell(t)
	s.withRun(t)
	for format, begin := range begins {
		t.Run(format, func(t *testing.T) {
			if code := s.podtest(t, "report", "shop", "-n", "ci", "-o", format); code != 0 {
				t.Fatalf("exit code %d: %s", code, s.err.String())
			}
			printed, file := s.out.String(), filepath.Join(t.TempDir(), "report")
			if !strings.HasPrefix(printed, begin) {
				t.Errorf("it begins with %.40q, want %q", printed, begin)
			}
			for _, want := range []string{"TestBad", "no cart"} {
				if format != "trace" && !strings.Contains(printed, want) {
					t.Errorf("no %q in the report", want)
				}
			}
			if code := s.podtest(t, "report", "shop", "-n", "ci", "-o", format, "--output-file", file); code != 0 || s.out.Len() > 0 {
				t.Fatalf("exit code %d: %s", code, s.err.String())
			}
			written, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			if string(written) != printed {
				t.Error(cmp.Diff(printed, string(written)))
			}
		})
	}
}

func TestReportsAreWrittenWhenARunHasEnded(t *testing.T) {
	s := newShell(t)
	s.withRun(t)
	dir := t.TempDir()
	args := []string{"watch", "shop", "-n", "ci"}
	files := map[string]string{"report": "html", "trace": "trace", "markdown": "markdown", "ctrf": "ctrf", "junit": ""}
	for flag := range files {
		args = append(args, "--"+flag, filepath.Join(dir, flag))
	}
	if code := s.podtest(t, args...); code != 120 {
		t.Fatalf("exit code %d: %s", code, s.err.String())
	}
	for flag, format := range files {
		text, err := os.ReadFile(filepath.Join(dir, flag))
		if err != nil {
			t.Error(err)
		}
		if !strings.HasPrefix(string(text), begins[format]) {
			t.Errorf("--%s: it begins with %.40q", flag, text)
		}
	}
}

func TestWrongReports(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want string
	}{
		"a format that is none": {
			[]string{"-o", "pdf"}, "error: -o pdf: want one of ctrf, html, markdown, trace\n",
		},
		"too small a summary": {
			[]string{"-o", "markdown", "--max-bytes", "10"}, "error: --max-bytes 10: want at least 4096\n",
		},
		"a file that cannot be": {
			[]string{"--output-file", "/nowhere/report.html"},
			"error: writing a report: open /nowhere/report.html: no such file or directory\n  check the path\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t)
			s.withRun(t)
			if code := s.podtest(t, append([]string{"report", "shop", "-n", "ci"}, c.args...)...); code != 96 {
				t.Errorf("exit code %d, want 96", code)
			}
			if diff := cmp.Diff(c.want, s.err.String()); diff != "" {
				t.Error(diff)
			}
		})
	}
}

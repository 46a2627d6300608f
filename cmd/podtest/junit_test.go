package main

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestJUnitIsTheSameInAFileAndOnStandardOutput(t *testing.T) {
	s := newShell(t)
	s.withRun(t)
	if code := s.podtest(t, "junit", "shop", "-n", "ci"); code != 0 {
		t.Fatalf("exit code %d: %s", code, s.err.String())
	}
	printed, file := s.out.String(), filepath.Join(t.TempDir(), "junit.xml")
	var report struct {
		Tests    int    `xml:"tests,attr"`
		Failures int    `xml:"failures,attr"`
		UUID     string `xml:"uuid,attr"`
	}
	if err := xml.Unmarshal([]byte(printed), &report); err != nil {
		t.Fatal(err)
	}
	if report.Tests != 5 || report.Failures != 1 || report.UUID != "u1" {
		t.Errorf("%+v, want 5 tests of run u1, 1 failed", report)
	}
	for _, want := range []string{"<system-err>no cart</system-err>", `<skipped message="not run: Infrastructure">`} {
		if !strings.Contains(printed, want) {
			t.Errorf("no %s in\n%s", want, printed)
		}
	}
	if code := s.podtest(t, "junit", "shop", "-n", "ci", "--output-file", file); code != 0 || s.out.Len() > 0 {
		t.Fatalf("exit code %d: %s%s", code, s.err.String(), s.out.String())
	}
	written, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(printed, string(written)); diff != "" {
		t.Error(diff)
	}
}

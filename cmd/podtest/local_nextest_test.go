package main

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/test/zoo/workspace"
)

// verdictLine is a line that tells the verdict on a test, as nextest and podtest print it.
var verdictLine = regexp.MustCompile(`(?m)^\s*(\S.*?) \[.*?\] \(\s*\d+/\d+\) (.*)$`)

// testdata/nextest-run.txt is what `cargo nextest run --no-fail-fast` (0.9.151) says of test/zoo/nextest: the flags, the
// exit code, and the verdict on each test.
func TestRunLocalEndsAsNextestDoes(t *testing.T) {
	recorded, err := os.ReadFile("testdata/nextest-run.txt")
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "w")
	w, err := workspace.Build("../../test/zoo/nextest", dir)
	if err != nil {
		t.Fatal(err)
	}
	archive := filepath.Join(dir, "tests.tar.zst")
	if err := w.Pack(archive); err != nil {
		t.Fatal(err)
	}
	for want := range strings.SplitSeq(strings.TrimSpace(string(recorded)), "\n\n") {
		flags, _, _ := strings.Cut(strings.TrimPrefix(want, "# "), "\n")
		t.Run("nextest run "+flags, func(t *testing.T) {
			s := newShell(t)
			args := []string{"run", "--local", "--nextest-archive", archive}
			if flags != "(no flags)" {
				args = append(args, strings.Fields(flags)...)
			}
			code := s.podtest(t, args...)
			got := fmt.Sprintf("# %s\nexit %d\n%s", flags, code, strings.Join(verdictsIn(s.out.String()), "\n"))
			if diff := cmp.Diff(strings.TrimSpace(want), strings.TrimSpace(got)); diff != "" {
				t.Errorf("-nextest +podtest:\n%s\n%s", diff, s.err.String())
			}
		})
	}
}

// verdictsIn are the verdicts in a log of a run, up to its summary.
func verdictsIn(log string) []string {
	log, _, _ = strings.Cut(log, " Summary [")
	var all []string
	for _, m := range verdictLine.FindAllStringSubmatch(log, -1) {
		all = append(all, m[2]+": "+m[1])
	}
	slices.Sort(all)
	return all
}

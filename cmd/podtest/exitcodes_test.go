package main

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/goldentest"
)

// constants are the exit codes of the API, read from its source: none can be forgotten.
func constants(t *testing.T) []int32 {
	t.Helper()
	files, err := filepath.Glob("../../api/v1alpha1/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var codes []int32
	for _, file := range files {
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if !ok || len(spec.Values) == 0 || !regexp.MustCompile(`^Exit[A-Z]`).MatchString(spec.Names[0].Name) {
				return true
			}
			value, err := strconv.Atoi(spec.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			codes = append(codes, int32(value))
			return true
		})
	}
	slices.Sort(codes)
	return codes
}

func TestTheTableOfExitCodesIsThatOfTheAPI(t *testing.T) {
	var listed []int32
	for _, e := range exitCodes {
		listed = append(listed, e.code)
	}
	if diff := cmp.Diff(constants(t), listed); diff != "" || len(listed) == 0 {
		t.Errorf("constants of the API (-) and table (+):\n%s", diff)
	}
}

func TestTheDocumentHasTheTableOfExitCodes(t *testing.T) {
	text, err := os.ReadFile("../../docs/exit-codes.md")
	if err != nil {
		t.Fatal(err)
	}
	var want strings.Builder
	for _, e := range exitCodes {
		fmt.Fprintf(&want, "| %d | %s | %s |\n", e.code, e.result, e.meaning)
	}
	_, table, _ := strings.Cut(string(text), "|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	if diff := cmp.Diff(want.String(), table+"\n"); diff != "" {
		t.Errorf("table (-) and docs/exit-codes.md (+):\n%s", diff)
	}
}

func TestHelpTellsTheExitCodes(t *testing.T) {
	s := newShell(t)
	if code := s.podtest(t, "help", "exit-codes"); code != 0 {
		t.Fatalf("exit code %d: %s", code, s.err.String())
	}
	goldentest.Compare(t, "testdata/exit-codes.txt", s.out.Bytes())
}

// Every ending of a run, and what the command line makes of it, is in the golden file.
func TestEveryEndingHasItsExitCode(t *testing.T) {
	var b strings.Builder
	try := func(s *shell, args ...string) {
		code := s.podtest(t, args...)
		fmt.Fprintf(&b, "%4d  podtest %s\n", code, strings.Join(args, " "))
	}
	for _, end := range []struct {
		name   string
		result v1alpha1.Result
		code   int32
	}{
		{"passed", v1alpha1.ResultPassed, v1alpha1.ExitPassed},
		{"no-tests", v1alpha1.ResultFailed, v1alpha1.ExitNoTests},
		{"no-tests-is-fine", v1alpha1.ResultPassed, v1alpha1.ExitPassed},
		{"invalid-filter", v1alpha1.ResultError, v1alpha1.ExitFilter},
		{"invalid-spec", v1alpha1.ResultError, v1alpha1.ExitSetup},
		{"tests-failed", v1alpha1.ResultFailed, v1alpha1.ExitTestsFailed},
		{"list-failed", v1alpha1.ResultError, v1alpha1.ExitListFailed},
		{"fixture-failed", v1alpha1.ResultFailed, v1alpha1.ExitFixtureFailed},
		{"infrastructure", v1alpha1.ResultError, v1alpha1.ExitInfrastructure},
		{"cancelled", v1alpha1.ResultCancelled, v1alpha1.ExitCancelled},
	} {
		s := newShell(t, endedRun(end.name, end.result, &end.code))
		try(s, "watch", end.name, "-n", "ci")
	}
	s := newShell(t, endedRun("of-another-version", v1alpha1.ResultPassed, nil))
	s.withRun(t)
	for _, args := range [][]string{
		{"watch", "of-another-version"},
		{"watch", "shop"},
		{"watch", "shop", "--junit", filepath.Join(t.TempDir(), "j.xml")},
		{"watch", "shop", "--junit", "/nowhere/junit.xml"},
		{"watch", "none"},
		{"watch"},
		{"watch", "shop", "--ci", "hudson"},
		{"results", "shop"},
		{"results", "none"},
		{"junit", "shop"},
		{"list", "shop"},
		{"logs", "shop", "TestBad"},
		{"logs", "shop", "TestNone"},
		{"cancel", "shop"},
		{"run"},
		{"run", "-f", "/nowhere.yaml"},
		{"help"},
		{"bogus"},
		{"--bogus"},
	} {
		try(s, append(args, "-n", "ci")...)
	}
	text := regexp.MustCompile(`/tmp/\S+/j.xml`).ReplaceAllString(b.String(), "j.xml")
	goldentest.Compare(t, "testdata/endings.txt", []byte(text))
}

// endedRun has come to its end before its tests were known.
func endedRun(name string, result v1alpha1.Result, code *int32) *v1alpha1.TestRun {
	return &v1alpha1.TestRun{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ci", Name: name, UID: "u0"},
		Status: v1alpha1.TestRunStatus{
			Result: result, ExitCode: code, CompletionTime: new(metav1.NewTime(time.Unix(1e9, 0))),
			Conditions: []metav1.Condition{{
				Type: v1alpha1.ConditionComplete, Status: metav1.ConditionTrue, Reason: "Because", Message: "for a reason",
			}},
		},
	}
}

// closed is a standard output that nobody reads any more.
type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, errors.New("broken pipe") }

func TestAnOutputThatCannotBeWrittenHasACodeOfItsOwn(t *testing.T) {
	s := newShell(t)
	s.withRun(t)
	c := s.cli(nil, closed{})
	if code := c.run(t.Context(), []string{"watch", "shop", "-n", "ci"}); code != 110 {
		t.Errorf("exit code %d, want 110", code)
	}
	if want := "error: writing: broken pipe\n"; s.err.String() != want {
		t.Errorf("%q, want %q", s.err.String(), want)
	}
}

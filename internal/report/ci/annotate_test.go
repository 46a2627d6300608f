package ci_test

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/goldentest"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/report/ci"
	"github.com/podtest/podtest/internal/settings"
	"github.com/podtest/podtest/internal/wire"
)

func ended(result v1alpha1.Result, code int32, message string) *v1alpha1.TestRun {
	return &v1alpha1.TestRun{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ci", Name: "shop", UID: "u1"},
		Spec:       v1alpha1.TestRunSpec{TestSettings: v1alpha1.TestSettings{Retries: &v1alpha1.Retries{Count: 1}}},
		Status: v1alpha1.TestRunStatus{Result: result, ExitCode: &code, Conditions: []metav1.Condition{{
			Type: v1alpha1.ConditionComplete, Status: metav1.ConditionTrue, Message: message,
		}}},
	}
}

// input is a run of tests of one binary; what the attempts of each print says how it ends: what fails prints something.
func input(t *testing.T, run *v1alpha1.TestRun, binary string, tests []wire.Listed, printed map[report.Try]string) report.Input {
	t.Helper()
	cat := &catalog.Catalog{Binaries: []wire.Binary{{Suite: "unit", ID: binary}}, Tests: tests}
	set, err := settings.Resolve(&run.Spec, settings.Provenance{}, cat)
	if err != nil {
		t.Fatal(err)
	}
	book := report.NewBook(cat, set)
	var rows []outcome.Row
	outputs := map[report.Try]wire.Output{}
	for o := range tests {
		for attempt := uint16(1); attempt <= 2; attempt++ {
			try := report.Try{Ordinal: uint32(o), Attempt: attempt}
			text, failed := printed[try]
			if !failed {
				rows = append(rows, outcome.Row{Ordinal: try.Ordinal, Attempt: attempt, Outcome: outcome.Passed})
				break
			}
			rows = append(rows, outcome.Row{
				Ordinal: try.Ordinal, Attempt: attempt, Outcome: outcome.Failed, Reason: outcome.ExitCode, Code: 1,
			})
			outputs[try] = wire.Output{Ordinal: try.Ordinal, Attempt: attempt, Stdout: wire.Stream{Head: []byte(text)}}
		}
	}
	batch := &v1alpha1.TestBatch{ObjectMeta: metav1.ObjectMeta{Name: "shop-w00000"}}
	batch.Status.Ledger = outcome.Encode(rows)
	for try, text := range printed {
		batch.Status.Failures = append(batch.Status.Failures, v1alpha1.BatchFailure{
			Ordinal: int64(try.Ordinal), Attempt: int32(try.Attempt), Message: "exit code 1\n" + text,
		})
	}
	if _, err := book.Read(batch); err != nil {
		t.Fatal(err)
	}
	book.Cut()
	return report.Input{Run: run, Book: book, Outputs: outputs}
}

func twice(printed map[report.Try]string, ordinal uint32, text string) {
	printed[report.Try{Ordinal: ordinal, Attempt: 1}] = text
	printed[report.Try{Ordinal: ordinal, Attempt: 2}] = text
}

func TestAnnotationsNameTestAndPlace(t *testing.T) {
	printed := map[report.Try]string{{Ordinal: 2, Attempt: 1}: "panicked at src/lib.rs:20:5:\nno\n"}
	twice(printed, 1, "    cart_test.go:12: 100% wrong: a, b\r\n::error::forged\n")
	in := input(t, ended(v1alpha1.ResultFailed, 100, "1 of 3 tests failed"), "unit::pkg/cart/cart.test",
		[]wire.Listed{{Name: "TestAdd"}, {Name: "Test,Bad: 100%\n::error::x"}, {Name: "TestFlaky"}}, printed)
	a := ci.Annotations{Sources: ci.NewSources(fstest.MapFS{
		"pkg/pay/cart_test.go": {}, "svc/pkg/cart/cart_test.go": {}, "src/lib.rs": {}, ".git/cart/cart_test.go": {},
	})}
	text := string(a.Tests(in))
	goldentest.Compare(t, "testdata/annotations.txt", []byte(text))
	got, _ := runner(t, text)
	want := []command{
		{"error", map[string]string{
			"title": `unit::pkg/cart/cart.test Test,Bad: 100%\n::error::x`, "file": "svc/pkg/cart/cart_test.go", "line": "12",
		}, "exit code 1\n    cart_test.go:12: 100% wrong: a, b\n::error::forged"},
		{"warning", map[string]string{
			"title": "unit::pkg/cart/cart.test TestFlaky (flaky: passed on attempt 2)", "file": "src/lib.rs", "line": "20", "col": "5",
		}, "attempt 1: exit code 1\npanicked at src/lib.rs:20:5:\nno"},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(command{})); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestAStepAnnotatesNoMoreThanGitHubShows(t *testing.T) {
	printed := map[report.Try]string{}
	var tests []wire.Listed
	for i := range uint32(30) {
		tests = append(tests, wire.Listed{Name: fmt.Sprintf("Test%02d", i)})
		if printed[report.Try{Ordinal: i, Attempt: 1}] = "no"; i < 14 {
			twice(printed, i, "no")
		}
	}
	run := ended(v1alpha1.ResultFailed, 100, "14 of 30 tests failed")
	var a ci.Annotations
	first, _ := runner(t, string(a.Tests(input(t, run, "unit", tests, printed))))
	second, _ := runner(t, string(a.Tests(input(t, run, "unit", tests, printed))))
	count := map[string]int{}
	for _, c := range first {
		count[c.name]++
	}
	if diff := cmp.Diff(map[string]int{"error": 10, "warning": 10, "notice": 1}, count); diff != "" {
		t.Error(diff)
	}
	if last, want := first[20].data, "4 more failed, 6 more flaky: not annotated, for GitHub shows 10 a step; "+
		"the log and the summary have them"; last != want {
		t.Errorf("the notice says %q, want %q", last, want)
	}
	if len(second) != 1 || second[0].name != "notice" || !strings.HasPrefix(second[0].data, "14 more failed, 16 more flaky") {
		t.Errorf("the second run of the step: %v", second)
	}
}

func TestARunWithoutAVerdictOfItsTestsIsAnnotatedItself(t *testing.T) {
	run := ended(v1alpha1.ResultError, 104, "the binary cannot list\n::error::forged")
	var a ci.Annotations
	want := "::error title=TestRun ci/shop%3A Error::the binary cannot list%0A::error::forged\n"
	if diff := cmp.Diff(want, string(a.Run(run))); diff != "" {
		t.Error(diff)
	}
	if got := a.Run(ended(v1alpha1.ResultPassed, 0, "all passed")); len(got) > 0 {
		t.Errorf("a run that passed: %q", got)
	}
	in := input(t, ended(v1alpha1.ResultCancelled, 130, "cancelled"), "unit", []wire.Listed{{Name: "TestAdd"}}, nil)
	if diff := cmp.Diff("::error title=TestRun ci/shop%3A Cancelled::cancelled\n", string(a.Tests(in))); diff != "" {
		t.Error(diff)
	}
}

func TestPlacesInOutputs(t *testing.T) {
	tree := fstest.MapFS{
		"a/x_test.go": {}, "b/x_test.go": {}, "only/y_test.go": {}, "src/lib.rs": {}, "crates/net/src/lib.rs": {},
		"tests/test_pay.py": {}, "node_modules/only_test.go": {},
	}
	for name, c := range map[string]struct{ binary, output, want string }{
		"Go names no folder: the binary's tells which file": {"u::a/a.test", "    x_test.go:7: no", ",file=a/x_test.go,line=7"},
		"the only file of the name, wherever the binary is": {"u::tests/y.test", "y_test.go:7: no", ",file=only/y_test.go,line=7"},
		"several alike: as named":                           {"u::c/c.test", "x_test.go:7: no", ",file=x_test.go,line=7"},
		"a file that is not in the repository: as named":    {"u::c/c.test", "z_test.go:7: no", ",file=z_test.go,line=7"},
		"a path of where it was built":                      {"u", "/build/repo/crates/net/src/lib.rs:3:5:", ",file=crates/net/src/lib.rs,line=3,col=5"},
		"Rust":                                              {"u", "thread 'a' panicked at src/lib.rs:3:5:\n", ",file=src/lib.rs,line=3,col=5"},
		"pytest":                                            {"u", "tests/test_pay.py:12: AssertionError", ",file=tests/test_pay.py,line=12"},
		"not a file of the language's own": {
			"u", "at /rustc/abc/library/core/src/panicking.rs:1:2\nat src/lib.rs:9:1\n", ",file=src/lib.rs,line=9,col=1",
		},
		"no place":                   {"u", "wrong", ""},
		"a source that is no test":   {"u", "main.go:7: no", ""},
		"a line that is none":        {"u", "x_test.go:0: no", ""},
		"folders of others are none": {"u", "only_test.go:1: no", ",file=only_test.go,line=1"},
	} {
		t.Run(name, func(t *testing.T) {
			printed := map[report.Try]string{}
			twice(printed, 0, c.output)
			run := ended(v1alpha1.ResultFailed, 100, "")
			a := ci.Annotations{Sources: ci.NewSources(tree)}
			got := string(a.Tests(input(t, run, c.binary, []wire.Listed{{Name: "T"}}, printed)))
			want := "::error title=" + strings.ReplaceAll(c.binary, ":", "%3A") + " T" + c.want + "::"
			if !strings.HasPrefix(got, want) {
				t.Errorf("%s\nwant %s", got, want)
			}
		})
	}
}

func TestAStepSummaryFitsIntoWhatIsLeft(t *testing.T) {
	in := input(t, ended(v1alpha1.ResultPassed, 0, ""), "unit", []wire.Listed{{Name: "T"}}, nil)
	asked := 0
	fills := func(w io.Writer, _ report.Input, budget int) error {
		asked = budget
		_, err := io.WriteString(w, strings.Repeat("x", budget))
		return err
	}
	for there, want := range map[int64]int{0: 1<<20 - 1, 1 << 19: 1<<19 - 1, 1<<20 - 4097: 4096, 1<<20 - 4000: 0, 1 << 21: 0} {
		asked = 0
		text, err := ci.Summary(there, in, fills)
		if err != nil || asked != want || int64(len(text))+there > 1<<20 && len(text) > 0 {
			t.Errorf("%d bytes are there: %d added with a budget of %d, want %d; %v", there, len(text), asked, want, err)
		}
	}
	if _, err := ci.Summary(0, in, func(w io.Writer, _ report.Input, budget int) error {
		_, err := io.WriteString(w, strings.Repeat("x", budget+1))
		return err
	}); err == nil {
		t.Error("a summary that is too long is written")
	}
	broken := errors.New("broken")
	if _, err := ci.Summary(0, in, func(io.Writer, report.Input, int) error { return broken }); !errors.Is(err, broken) {
		t.Errorf("%v", err)
	}
}

func TestTheSummaryOfARunWithoutTestsSaysWhy(t *testing.T) {
	run := ended(v1alpha1.ResultError, 104, "the binary cannot list:\n```\n<script>\x1b[2J")
	got, err := ci.Summary(0, report.Input{Run: run}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := "\n### TestRun ci/shop: Error\n\n    the binary cannot list:\n    ```\n    <script>\n"
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestLaterStepsGetTheVerdict(t *testing.T) {
	want := "run=shop\nnamespace=ci\nresult=Failed\nexit-code=100\n"
	if diff := cmp.Diff(want, ci.Outputs(ended(v1alpha1.ResultFailed, 100, ""))); diff != "" {
		t.Error(diff)
	}
}

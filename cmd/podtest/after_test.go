package main

import (
	"encoding/json"
	"encoding/xml"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/report"
)

func TestVerbsThatReadARun(t *testing.T) {
	const none = "error: the tests of TestRun ci/new are not known: nobody has looked at the run yet: is podtest installed?\n"
	for name, c := range map[string]struct {
		args     []string
		wantCode int
		wantOut  string
		wantErr  string
	}{
		"results: by filterset, sorted": {
			args:    []string{"results", "shop", "-E", "test(Same) | test(=TestAdd)", "--sort", "duration", "--no-headers"},
			wantOut: "passed   0.021s   1   unit::cart   TestAdd    shop-w00000\npassed   0.000s   1   unit::cart   TestSame   shop-w00000\npassed   0.000s   1   unit::pay    TestSame   shop-w00000\n",
		},
		"results: a wrong filterset shows where, and is exit code 94": {
			args: []string{"results", "shop", "-E", "test(a) and and"}, wantCode: 94,
			wantErr: "error: --filterset: invalid filterset: expected a predicate, found the operator and\n  test(a) and and\n              ^^^\n",
		},
		"results: a filterset about a binary that there is not": {
			args: []string{"results", "shop", "-E", "binary_id(none)"}, wantCode: 94,
			wantErr: "error: --filterset: invalid filterset: no binary id of this run matches\n  binary_id(none)\n            ^^^^\n",
		},
		"results: names": {args: []string{"results", "shop", "-o", "name", "--outcome", "notRun"}, wantOut: "unit::pay TestLost\n"},
		"results: a JSON path": {
			args:    []string{"results", "shop", "-o", `jsonpath={.results[?(@.outcome=="timedOut")].name}`},
			wantOut: "TestBad",
		},
		"results: a template": {
			args:    []string{"results", "shop", "-o", `go-template={{range .results}}{{.name}},{{end}}`},
			wantOut: "TestAdd,TestBad,TestSame,TestLost,TestSame,",
		},
		"results: a format that is none": {
			args: []string{"results", "shop", "-o", "xml"}, wantCode: 96,
			wantErr: "error: -o xml: want one of table, wide, name, jsonl, json, yaml, jsonpath=…, go-template=…\n",
		},
		"results: an order that is none": {
			args: []string{"results", "shop", "--sort", "age"}, wantCode: 96,
			wantErr: "error: --sort age: want one of name, duration, memory, cpu\n",
		},
		"results: the newest run":  {args: []string{"results", "@latest"}, wantCode: 96, wantErr: none},
		"explain: tests not known": {args: []string{"explain", "new", "x"}, wantCode: 96, wantErr: none},
		"repro: tests not known":   {args: []string{"repro", "new", "x"}, wantCode: 96, wantErr: none},
		"compare: tests not known": {args: []string{"compare", "shop", "new"}, wantCode: 96, wantErr: none},
		"top: tests not known":     {args: []string{"top", "new"}, wantCode: 96, wantErr: none},
		"junit: tests not known":   {args: []string{"junit", "new"}, wantCode: 96, wantErr: none},
		"explain: a name that two tests have": {
			args: []string{"explain", "shop", "TestSame"}, wantCode: 96,
			wantErr: "error: TestRun ci/shop: 2 tests are called \"TestSame\": say the binary id too; these are like it:\n  unit::cart TestSame\n  unit::pay TestSame\n",
		},
		"explain: as a template": {
			args:    []string{"explain", "shop", "TestBad", "-o", "jsonpath={.attempts[*].outcome} {.settings[?(@.name==\"retries\")].source}"},
			wantOut: "failed timedOut spec",
		},
		"compare: with itself": {
			args:    []string{"compare", "shop", "shop", "--exit-code", "-o", "jsonpath={.sections[?(@.name==\"stillFailing\")].tests[*].name}"},
			wantOut: "TestBad",
		},
		"compare: newly failing": {
			args: []string{"compare", "good", "shop", "--exit-code", "-o", "markdown"}, wantCode: 100,
			wantOut: "### `good` → `shop`\n\n| | A | B | change |\n|---|---:|---:|---:|\n| passed | 0 | 3 | +3 |\n| timedOut | 0 | 1 | +1 |\n| notRun | 0 | 1 | +1 |\n| pending | 5 | 0 | -5 |\n\n**newly failing (1)**\n\n- `unit::cart TestBad` pending -> timedOut\n",
		},
		"compare: one name": {
			args: []string{"compare", "shop"}, wantCode: 96,
			wantErr: "error: want the name of a TestRun and another's: podtest compare A B (`podtest compare --help` tells more)\n",
		},
		"top: of one run": {
			args:    []string{"top", "shop", "--count", "1"},
			wantOut: "DURATION   CPU   MEMORY   ATTEMPTS   BINARY       TEST\n2.000s     -     -        2          unit::cart   TestBad\n",
		},
		"top: of many runs": {
			args:    []string{"top", "--all", "--by", "duration", "--count", "1"},
			wantOut: "FLAKY   FAILED   RUNS   LONGEST   MEAN     CPU   MEMORY   BINARY       TEST      LAST IN\n0       1        1      2.000s    2.000s   -     -        unit::cart   TestBad   shop\n",
		},
		"top: by label": {
			args:    []string{"top", "-l", "branch=main", "-o", "jsonpath={.by} {.runs} {.tests[*].name}"},
			wantOut: "flaky 1 ",
		},
		"top: neither one nor many": {
			args: []string{"top"}, wantCode: 96, wantErr: "error: want the name of a TestRun, or --all, or a selector with -l\n",
		},
		"top: by nothing": {
			args: []string{"top", "shop", "--by", "age"}, wantCode: 96, wantErr: "error: --by age: want one of duration, memory, cpu, flaky\n",
		},
		"repro: no quantity": {
			args: []string{"repro", "shop", "TestBad", "--memory", "much"}, wantCode: 96,
			wantErr: "error: --memory much: want a quantity such as 512Mi, 2Gi or 500m\n",
		},
		"junit: no size": {
			args: []string{"junit", "shop", "--max-size", "big"}, wantCode: 96, wantErr: "error: --max-size big: want a size such as 25M or 8Mi\n",
		},
		"junit: several files without a name": {
			args: []string{"junit", "shop", "--split"}, wantCode: 96, wantErr: "error: --split writes several files: name the first with --output-file FILE\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := threeRuns(t)
			if code := s.podtest(t, append(c.args, "-n", "ci")...); code != c.wantCode {
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

// threeRuns are shop; good, of which no test has ended yet; and new, the newest, of which nothing is known.
func threeRuns(t *testing.T) *shell {
	t.Helper()
	s := newShell(t, &v1alpha1.TestRun{ObjectMeta: metav1.ObjectMeta{
		Namespace: "ci", Name: "new", UID: "u3", CreationTimestamp: metav1.NewTime(time.Unix(2e9, 0)),
	}})
	s.withRun(t)
	s.goesOn(t, "good")
	return s
}

func TestOneDocumentOfResults(t *testing.T) {
	s := newShell(t)
	s.withRun(t)
	for format, read := range map[string]func([]byte, any) error{
		"json": json.Unmarshal, "yaml": func(text []byte, to any) error { return yaml.Unmarshal(text, to) },
	} {
		var got report.ResultList
		if code := s.podtest(t, "results", "shop", "-n", "ci", "-o", format, "--outcome", "timedOut"); code != 0 {
			t.Fatalf("exit code %d: %s", code, s.err.String())
		}
		if err := read(s.out.Bytes(), &got); err != nil {
			t.Fatal(err)
		}
		if got.Run != "shop" || !got.Complete || got.Result != "Error" || len(got.Results) != 1 || got.Results[0].Name != "TestBad" {
			t.Errorf("%s: %+v", format, got)
		}
	}
	if code := s.podtest(t, "results", "shop", "-n", "ci", "-o", "jsonpath={.results", "--outcome", "timedOut"); code != 96 {
		t.Errorf("a JSON path that is none: exit code %d", code)
	}
}

func TestReproWritesWhatRunTakes(t *testing.T) {
	s := newShell(t)
	s.withRun(t)
	if code := s.podtest(t, "repro", "shop", "unit::cart", "TestBad", "-n", "ci", "--memory", "1Gi"); code != 0 {
		t.Fatalf("exit code %d: %s", code, s.err.String())
	}
	var run v1alpha1.TestRun
	if err := yaml.UnmarshalStrict(s.out.Bytes(), &run); err != nil {
		t.Fatalf("%v in\n%s", err, s.out.String())
	}
	if run.Spec.Filter != "binary_id(=unit::cart) & test(=TestBad)" || run.GenerateName != "shop-repro-" || run.Namespace != "ci" {
		t.Errorf("%s %s %s", run.Namespace, run.GenerateName, run.Spec.Filter)
	}
	if want := "#   timedOut: It failed all 2 attempts that retries allow"; !strings.Contains(s.out.String(), want) {
		t.Errorf("no %q in\n%s", want, s.out.String())
	}
}

func TestJUnitIsSplit(t *testing.T) {
	s := newShell(t)
	s.withRun(t)
	file := filepath.Join(t.TempDir(), "junit.xml")
	if code := s.podtest(t, "junit", "shop", "-n", "ci", "--output-file", file, "--max-size", "1k", "--split"); code != 0 {
		t.Fatalf("exit code %d: %s", code, s.err.String())
	}
	tests := 0
	for _, name := range []string{"junit.xml", "junit-2.xml", "junit-3.xml", "junit-4.xml", "junit-5.xml"} {
		text, err := os.ReadFile(filepath.Join(filepath.Dir(file), name))
		if err != nil {
			t.Fatal(err)
		}
		var got struct {
			Tests int `xml:"tests,attr"`
		}
		if err := xml.Unmarshal(text, &got); err != nil {
			t.Fatal(err)
		}
		tests += got.Tests
	}
	if tests != 5 {
		t.Errorf("%d tests in five files", tests)
	}
}

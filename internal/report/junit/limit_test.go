package junit_test

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/report/junit"
	"github.com/podtest/podtest/internal/settings"
	"github.com/podtest/podtest/internal/wire"
)

// loud is a run of tests that printed: an even ordinal has failed, an odd one has passed.
func loud(t testing.TB, tests int, printed string, change ...func(*catalog.Catalog, *v1alpha1.TestRun)) report.Input {
	t.Helper()
	cat := &catalog.Catalog{Binaries: []wire.Binary{{Suite: "s", ID: "unit::cart"}, {Suite: "s", ID: "unit::pay"}}}
	run := &v1alpha1.TestRun{}
	run.Name, run.Namespace, run.UID = "loud", "ci", "u1"
	run.Spec.JUnit = &v1alpha1.JUnitPolicy{StoreSuccessOutput: new(true)}
	in := report.Input{Run: run, Outputs: map[report.Try]wire.Output{}, Now: start.Add(time.Minute)}
	for i := range tests {
		cat.Tests = append(cat.Tests, wire.Listed{Binary: 2 * i / tests, Name: fmt.Sprintf("test %05d", i)})
	}
	for _, c := range change {
		c(cat, run)
	}
	set, err := settings.Resolve(&run.Spec, settings.Provenance{}, cat)
	if err != nil {
		t.Fatal(err)
	}
	in.Book = report.NewBook(cat, set)
	batch := &v1alpha1.TestBatch{}
	var rows []outcome.Row
	for i := range len(set.Tests) {
		r := ran(uint32(i), 1, outcome.Passed, outcome.NoReason)
		if i%2 == 0 {
			r = exited(ran(uint32(i), 1, outcome.Failed, outcome.ExitCode))
		}
		rows = append(rows, r)
		in.Outputs[report.Try{Ordinal: r.Ordinal, Attempt: 1}] = wire.Output{Stdout: wire.Stream{Head: []byte(printed)}}
	}
	batch.Status.Ledger = outcome.Encode(rows)
	if _, err := in.Book.Read(batch); err != nil {
		t.Fatal(err)
	}
	return in
}

func built(t testing.TB, in report.Input, l junit.Limits) *junit.Report {
	t.Helper()
	made, err := junit.Build(in, l)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

type suites struct {
	Tests    int `xml:"tests,attr"`
	Failures int `xml:"failures,attr"`
	Cases    []struct {
		Name  string `xml:"name,attr"`
		Class string `xml:"classname,attr"`
		Out   string `xml:"system-out"`
		Bad   *struct {
			Text string `xml:",chardata"`
		} `xml:"failure"`
		Properties []struct {
			Name  string `xml:"name,attr"`
			Value string `xml:"value,attr"`
		} `xml:"properties>property"`
	} `xml:"testsuite>testcase"`
}

func read(t testing.TB, text []byte) suites {
	t.Helper()
	var s suites
	if err := xml.Unmarshal(text, &s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestALargeReportIsCutWhereTestsPassedFirst(t *testing.T) {
	in := loud(t, 40, strings.Repeat("<&\"'>\n\t", 1000)+"the end")
	whole := built(t, in, junit.Limits{})
	for name, c := range map[string]struct {
		limit      int
		failedTold bool // wholly
	}{
		"what passed tests printed is enough": {len(whole.Files[0]) * 3 / 4, true},
		"all is too much":                     {len(whole.Files[0]) / 10, false},
	} {
		t.Run(name, func(t *testing.T) {
			made := built(t, in, junit.Limits{MaxSize: int64(c.limit)})
			if len(made.Files) != 1 || len(made.Files[0]) > c.limit || made.Cut == 0 {
				t.Fatalf("%d files, the first of %d bytes; %d cut", len(made.Files), len(made.Files[0]), made.Cut)
			}
			if len(made.Files[0]) < c.limit*8/10 {
				t.Errorf("%d bytes of %d are used", len(made.Files[0]), c.limit)
			}
			parses(t, made.Files[0])
			validates(t, made.Files[0])
			if want := fmt.Sprintf("<!-- %d bytes of what tests printed are cut", made.Cut); !bytes.Contains(made.Files[0], []byte(want)) {
				t.Errorf("the report does not say: %s", want)
			}
			s := read(t, made.Files[0])
			if s.Tests != 40 || s.Failures != 20 || len(s.Cases) != 40 {
				t.Fatalf("%d tests, %d failures", s.Tests, s.Failures)
			}
			for _, k := range s.Cases {
				if whole := len(k.Out) == len(strings.Repeat("<&\"'>\n\t", 1000)+"the end"); k.Bad != nil && whole != c.failedTold || k.Bad == nil && whole {
					t.Errorf("%s: output is whole: %t", k.Name, whole)
				}
			}
		})
	}
}

func TestALargeReportIsSplitOnDemand(t *testing.T) {
	in := loud(t, 40, strings.Repeat("x", 10_000))
	made := built(t, in, junit.Limits{MaxSize: 100_000, Split: true})
	if len(made.Files) < 5 || made.Cut != 0 {
		t.Fatalf("%d files, %d bytes cut", len(made.Files), made.Cut)
	}
	seen := map[string]bool{}
	for _, text := range made.Files {
		if len(text) > 100_000 {
			t.Errorf("a file of %d bytes", len(text))
		}
		validates(t, text)
		s := read(t, text)
		if s.Tests != len(s.Cases) {
			t.Errorf("%d tests are said, %d there", s.Tests, len(s.Cases))
		}
		for _, k := range s.Cases {
			seen[k.Class+" "+k.Name] = true
		}
	}
	if len(seen) != 40 {
		t.Errorf("%d tests in all", len(seen))
	}
}

func TestATestThatIsLargerThanAFileIsCut(t *testing.T) {
	made := built(t, loud(t, 3, strings.Repeat("x", 100_000)), junit.Limits{MaxSize: 20_000, Split: true})
	if len(made.Files) != 3 || made.Cut < 240_000 {
		t.Errorf("%d files, %d bytes cut", len(made.Files), made.Cut)
	}
	for _, text := range made.Files {
		if len(text) > 20_000 {
			t.Errorf("a file of %d bytes", len(text))
		}
	}
}

func TestVerdictsAreNeverCut(t *testing.T) {
	made := built(t, loud(t, 40, "short"), junit.Limits{MaxSize: 1000})
	if s := read(t, made.Files[0]); s.Tests != 40 || s.Failures != 20 || len(made.Files) != 1 {
		t.Errorf("%d tests, %d failures", s.Tests, s.Failures)
	}
}

func TestNoTwoCasesAreCalledAlike(t *testing.T) {
	for name, change := range map[string]func(*catalog.Catalog, *v1alpha1.TestRun){
		"names that are neutralised to one": func(c *catalog.Catalog, _ *v1alpha1.TestRun) {
			for i, name := range []string{"a\x1b", `a\x1b`, `a\x1b (2)`, "a\u202e", `a\u202e`} {
				c.Tests[i] = wire.Listed{Name: name}
			}
		},
		"rounds of a stress run": func(c *catalog.Catalog, run *v1alpha1.TestRun) {
			c.Stress, run.Spec.Stress = true, &v1alpha1.Stress{Count: 3}
		},
	} {
		t.Run(name, func(t *testing.T) {
			text := built(t, loud(t, 8, "x", change), junit.Limits{}).Files[0]
			validates(t, text)
			seen := map[string]bool{}
			for _, k := range read(t, text).Cases {
				if key := k.Class + " " + k.Name; seen[key] {
					t.Errorf("%s is there twice", key)
				} else {
					seen[key] = true
				}
			}
		})
	}
}

func FuzzALimitHoldsForAnyOutput(f *testing.F) {
	f.Add([]byte(hostile), 9000)
	f.Add(bytes.Repeat([]byte("\xff\n<"), 3000), 5000)
	f.Fuzz(func(t *testing.T, printed []byte, limit int) {
		if limit < 5000 || limit > 1<<20 {
			return
		}
		for _, text := range built(t, loud(t, 4, string(printed)), junit.Limits{MaxSize: int64(limit)}).Files {
			parses(t, text)
			if len(text) > limit {
				t.Errorf("%d bytes, at most %d", len(text), limit)
			}
		}
	})
}

func BenchmarkTenThousandTests(b *testing.B) {
	in := loud(b, 10_000, strings.Repeat("a line of output\n", 200))
	for b.Loop() {
		built(b, in, junit.Limits{MaxSize: junit.DefaultMaxSize})
	}
}

package junit_test

import (
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/report/junit"
	"github.com/podtest/podtest/internal/settings"
	"github.com/podtest/podtest/internal/wire"
)

// validates checks a report against the schema. xmllint is of the package libxml2-utils.
func validates(t *testing.T, text []byte) {
	t.Helper()
	c := exec.Command("xmllint", "--huge", "--noout", "--schema", filepath.Join("testdata", "junit.xsd"), "-")
	c.Stdin = strings.NewReader(string(text))
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("%v (package libxml2-utils has xmllint)\n%s", err, out)
	}
}

// element is all of a report that does not depend on times, on pods and on what tests printed.
type element struct {
	Name     string
	Attrs    []string
	Text     bool
	Children []element
}

type node struct {
	XMLName  xml.Name
	Attrs    []xml.Attr `xml:",any,attr"`
	Text     string     `xml:",chardata"`
	Children []node     `xml:",any"`
}

var processID = regexp.MustCompile(`\(\d+\) panicked`)

func structure(t *testing.T, text []byte) element {
	t.Helper()
	var root node
	if err := xml.Unmarshal(text, &root); err != nil {
		t.Fatal(err)
	}
	return root.structure()
}

func (n node) structure() element {
	e := element{Name: n.XMLName.Local, Text: strings.TrimSpace(n.Text) != ""}
	for _, a := range n.Attrs {
		switch a.Name.Local {
		case "timestamp", "time", "uuid": // that there are some
			a.Value = ""
		}
		e.Attrs = append(e.Attrs, a.Name.Local+"="+processID.ReplaceAllString(a.Value, "(1) panicked"))
	}
	// Of a test that timed out nextest says nothing more, and we do.
	if slices.Contains(e.Attrs, "type=test timeout") {
		e.Text = false
		e.Attrs = slices.DeleteFunc(e.Attrs, func(a string) bool { return a == "message=took too long" })
	}
	slices.Sort(e.Attrs)
	for _, c := range n.Children {
		empty := strings.HasPrefix(c.XMLName.Local, "system-") && strings.TrimSpace(c.Text) == ""
		if c.XMLName.Local != "properties" && !empty { // the former are ours, the latter nextest's
			e.Children = append(e.Children, c.structure())
		}
	}
	// nextest's suites and cases come in the order in which tests end.
	if e.Name == "testsuites" || e.Name == "testsuite" {
		slices.SortFunc(e.Children, func(a, b element) int { return slices.Compare(a.Attrs, b.Attrs) })
	}
	return e
}

// nextestStory is what nextest-0.9.151.xml was written of, by
//
//	cargo nextest run --archive-file tests.tar.zst --profile junit -E 'package(anvil)'
//
// in test/zoo/nextest with retries = 1, fail-fast = false, slow-timeout = { period = "400ms", terminate-after = 1 } and
// junit.report-skipped = "ignored"; times, the UUID, process ids and what tests printed were taken out.
func nextestStory(t *testing.T) []byte {
	t.Helper()
	cat := &catalog.Catalog{
		Binaries: []wire.Binary{{Suite: "rust", ID: "anvil"}, {Suite: "rust", ID: "anvil::it"}, {Suite: "rust", ID: "anvil::bin/my-tool"}},
		Tests: []wire.Listed{
			{Name: "tests::fails"},
			{Name: "tests::is_ignored", Ignored: true},
			{Name: "tests::is_slow"},
			{Name: "tests::panics"},
			{Name: "tests::passes"},
			{Name: "tests::passes_the_second_time"},
			{Binary: 1, Name: "dies"},
			{Binary: 1, Name: "is_ignored", Ignored: true},
			{Binary: 1, Name: "knows_its_package"},
			{Binary: 1, Name: "knows_itself"},
			{Binary: 1, Name: "reads_a_file_of_its_package"},
			{Binary: 1, Name: "runs_the_tool"},
			{Binary: 2, Name: "greets"},
		},
	}
	var rows []outcome.Row
	add := func(o uint32, attempt uint16, as outcome.Outcome, why outcome.Reason, code uint8) {
		r := ran(o, attempt, as, why)
		r.Code = code
		rows = append(rows, r)
	}
	for o, test := range cat.Tests {
		switch n := uint32(o); test.Name {
		case "tests::fails":
			add(n, 1, outcome.Failed, outcome.ExitCode, 101)
			add(n, 2, outcome.Failed, outcome.ExitCode, 101)
		case "tests::is_slow":
			add(n, 1, outcome.TimedOut, outcome.SlowTimeout, 0)
			add(n, 2, outcome.TimedOut, outcome.SlowTimeout, 0)
		case "tests::passes_the_second_time":
			add(n, 1, outcome.Failed, outcome.ExitCode, 101)
			add(n, 2, outcome.Passed, outcome.NoReason, 0)
		case "dies":
			add(n, 1, outcome.Crashed, outcome.Signal, 6)
			add(n, 2, outcome.Crashed, outcome.Signal, 6)
		default:
			add(n, 1, outcome.Passed, outcome.NoReason, 0)
		}
	}
	run := &v1alpha1.TestRun{ObjectMeta: metav1.ObjectMeta{Namespace: "ci", Name: "anvil", UID: "u1", CreationTimestamp: metav1.NewTime(start)}}
	run.Spec.RunIgnored = v1alpha1.RunIgnoredDefault
	run.Spec.TestSettings = policy(v1alpha1.JUnitPolicy{ReportSkipped: v1alpha1.JUnitSkippedIgnored})
	run.Spec.Retries = &v1alpha1.Retries{Count: 1}
	ended(run)
	set, err := settings.Resolve(&run.Spec, settings.Provenance{}, cat)
	if err != nil {
		t.Fatal(err)
	}
	book := report.NewBook(cat, set)
	batch := &v1alpha1.TestBatch{ObjectMeta: metav1.ObjectMeta{Name: "anvil-w00000"}}
	batch.Status.Ledger = outcome.Encode(rows)
	outputs := map[report.Try]wire.Output{}
	for _, r := range rows {
		if r.Outcome.Good() {
			continue
		}
		batch.Status.Failures = append(batch.Status.Failures, v1alpha1.BatchFailure{
			Ordinal: int64(r.Ordinal), Attempt: int32(r.Attempt), Message: report.Why(r),
		})
		o := wire.Output{Stdout: wire.Stream{Head: []byte("\nrunning 1 test\n")}}
		if line := map[string]string{"tests::fails": "10:9", "tests::passes_the_second_time": "15:9"}[cat.Tests[r.Ordinal].Name]; line != "" {
			o.Stderr.Head = []byte("\nthread '" + cat.Tests[r.Ordinal].Name + "' (7) panicked at anvil/src/lib.rs:" + line + ":\nno\n")
		}
		outputs[report.Try{Ordinal: r.Ordinal, Attempt: r.Attempt}] = o
	}
	if _, err := book.Read(batch); err != nil {
		t.Fatal(err)
	}
	made, err := junit.Build(report.Input{Run: run, Book: book, Outputs: outputs, Now: start.Add(time.Minute)}, junit.Limits{})
	if err != nil {
		t.Fatal(err)
	}
	return made.Files[0]
}

func TestReportsAreBuiltAsNextestBuildsThem(t *testing.T) {
	theirs, err := os.ReadFile(filepath.Join("testdata", "nextest-0.9.151.xml"))
	if err != nil {
		t.Fatal(err)
	}
	ours := nextestStory(t)
	validates(t, theirs)
	validates(t, ours)
	if diff := cmp.Diff(structure(t, theirs), structure(t, ours)); diff != "" {
		t.Errorf("-nextest +podtest:\n%s", diff)
	}
}

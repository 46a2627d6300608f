// Package junit writes what became of a run as JUnit XML, in nextest's dialect: that of Jenkins and Surefire. All that
// comes from tests is neutralised on its way in. It is pure: no clock, no cluster.
package junit

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/settings"
	"github.com/podtest/podtest/internal/wire"
)

// input is what the report is made from.
type input struct {
	report.Input
	nodes map[string]string // of pods
}

// DefaultMaxSize is below what GitLab takes of a file: 30 MB.
const DefaultMaxSize = 25_000_000

// Limits say how large a file may be.
type Limits struct {
	MaxSize int64 // bytes; 0: no limit
	// Split writes several files rather than cut what tests printed.
	Split bool
}

// Report is a JUnit report: one file, or several if it was split.
type Report struct {
	Files [][]byte
	Cut   int64 // bytes of what tests printed that are not in it for want of room
}

// Write writes the report as one file of at most DefaultMaxSize.
func Write(w io.Writer, in report.Input) error {
	made, err := Build(in, Limits{MaxSize: DefaultMaxSize})
	if err != nil {
		return err
	}
	_, err = w.Write(made.Files[0])
	return err
}

// Build makes the report. Tests without a verdict are in it, as skipped.
func Build(in report.Input, l Limits) (*Report, error) {
	r := input{in, in.Book.Nodes()}
	pending := "not run: the run goes on"
	if c := report.Completed(r.Run); c != nil {
		pending = "not run: " + c.Reason
		r.Book.Cut()
	}
	cases := r.cases(pending)
	distinct(cases)
	whole, err := r.file(cases, "")
	switch size := int64(len(whole)); {
	case err != nil:
		return nil, err
	case l.MaxSize <= 0 || size <= l.MaxSize:
		return &Report{Files: [][]byte{whole}}, nil
	case l.Split:
		return r.split(cases, l.MaxSize)
	default:
		return r.cut(cases, size, l.MaxSize)
	}
}

// file is a file with these cases and, above them, a comment.
func (r input) file(cases []testCase, comment string) ([]byte, error) {
	all := r.suites(cases)
	var b bytes.Buffer
	b.WriteString(xml.Header)
	if comment != "" {
		b.WriteString("<!-- " + comment + " -->\n")
	}
	enc := xml.NewEncoder(&b)
	enc.Indent("", "    ")
	if err := enc.Encode(all); err != nil {
		return nil, fmt.Errorf("writing the report: %w", err)
	}
	b.WriteString("\n")
	return readable(b.Bytes()), nil
}

// readable has line ends and tabs as such: the encoder escapes them in text as if it were an attribute. Attributes here
// have no line ends, and a tab among them may become a space.
func readable(text []byte) []byte {
	return bytes.ReplaceAll(bytes.ReplaceAll(text, []byte("&#xA;"), []byte("\n")), []byte("&#x9;"), []byte("\t"))
}

// suites puts cases into suites by their binary.
func (r input) suites(cases []testCase) *testSuites {
	start := r.Run.CreationTimestamp.Time
	if s := r.Run.Status.StartTime; s != nil {
		start = s.Time
	}
	end := r.Now
	if c := r.Run.Status.CompletionTime; c != nil {
		end = c.Time
	}
	run := report.Line(r.Run.Namespace + "/" + r.Run.Name).String()
	all := &testSuites{
		Name: "nextest-run", UUID: string(r.Run.UID), Timestamp: timestamp(start), Time: seconds(max(0, end.Sub(start))),
		byName: map[string]*testSuite{}, properties: properties{[]property{{"run", run}}},
	}
	if pod := &r.Run.Spec.Template.Spec; len(pod.Containers) > 0 {
		image := report.Line(pod.Containers[v1alpha1.TestContainer(pod)].Image).String()
		all.properties.Properties = append(all.properties.Properties, property{"image", image})
	}
	for i := range cases {
		all.add(cases[i])
	}
	return all
}

// cases are those of all tests, of what is left out first, as in nextest.
func (r input) cases(pending string) []testCase {
	var cases []testCase
	r.Book.LeftOut(func(ordinal uint32, why settings.Reason) {
		policy := r.Book.Settings(ordinal).JUnit.ReportSkipped
		if policy == v1alpha1.JUnitSkippedAll || policy == v1alpha1.JUnitSkippedIgnored && why == settings.Ignored {
			cases = append(cases, r.named(ordinal, testCase{Time: seconds(0), Skipped: &skipped{leftOut[why]}}))
		}
	})
	r.Book.Selected(func(ordinal uint32, e report.Entry, decided bool) {
		c := testCase{Time: seconds(0), Skipped: &skipped{pending}}
		if decided {
			c = r.decided(ordinal, e)
		}
		cases = append(cases, r.named(ordinal, c))
	})
	return cases
}

// distinct gives cases different names, for readers drop all but the first of those that are called alike: different
// names may be neutralised to the same text.
func distinct(cases []testCase) {
	type key struct{ class, name string }
	seen := make(map[key]bool, len(cases))
	for i := range cases {
		c := &cases[i]
		name := c.Name
		for n := 2; seen[key{c.ClassName, c.Name}]; n++ {
			c.Name = fmt.Sprintf("%s (%d)", name, n)
		}
		seen[key{c.ClassName, c.Name}] = true
	}
}

// named is a case with its test's names: escaped rather than cut, for readers tell tests by them.
func (r input) named(ordinal uint32, c testCase) testCase {
	test := r.Book.Test(ordinal)
	c.ClassName, c.Name = test.Binary.String(), test.Name.String()
	return c
}

// leftOut are nextest's words.
var leftOut = map[settings.Reason]string{
	settings.Rerun:         "Skipped: test already passed",
	settings.Ignored:       "Skipped: test does not match the run-ignored option",
	settings.Filter:        "Skipped: test does not match the provided expression filters",
	settings.DefaultFilter: "Skipped: test is filtered out by the profile's default-filter",
	settings.Partition:     "Skipped: test is in a different partition",
}

// printed is the text of a stream.
func printed(s wire.Stream) string {
	text := report.Block(string(s.Head)).String()
	if s.Dropped > 0 {
		text += fmt.Sprintf("\n[%d bytes cut here]\n", s.Dropped)
	}
	return strings.TrimRight(text+report.Block(string(s.Tail)).String(), "\n")
}

func timestamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z07:00") }

func seconds(d time.Duration) string { return fmt.Sprintf("%.3f", d.Seconds()) }

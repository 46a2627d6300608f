// Package junit writes what became of a run as JUnit XML, in nextest's dialect: that of Jenkins and Surefire. All that
// comes from tests is neutralised on its way in. It is pure: no clock, no cluster.
package junit

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/settings"
	"github.com/podtest/podtest/internal/wire"
)

// input is what the report is made from.
type input struct{ report.Input }

// Write writes the report. Tests without a verdict are in it, as skipped.
func Write(w io.Writer, in report.Input) error {
	r := input{in}
	pending := "not run: the run goes on"
	if c := meta.FindStatusCondition(r.Run.Status.Conditions, v1alpha1.ConditionComplete); c != nil && c.Status == "True" {
		pending = "not run: " + c.Reason
		r.Book.Cut()
	}
	all := r.suites(pending)
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", "    ")
	if err := enc.Encode(all); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}

// suites are the tests by their binary, those that are left out first, as in nextest.
func (r input) suites(pending string) *testSuites {
	start := r.Run.CreationTimestamp.Time
	if s := r.Run.Status.StartTime; s != nil {
		start = s.Time
	}
	end := r.Now
	if c := r.Run.Status.CompletionTime; c != nil {
		end = c.Time
	}
	all := &testSuites{
		Name: "nextest-run", UUID: string(r.Run.UID), Timestamp: timestamp(start), Time: seconds(max(0, end.Sub(start))),
		byName: map[string]*testSuite{},
	}
	r.Book.LeftOut(func(ordinal uint32, why settings.Reason) {
		policy := r.Book.Settings(ordinal).JUnit.ReportSkipped
		if policy == v1alpha1.JUnitSkippedAll || policy == v1alpha1.JUnitSkippedIgnored && why == settings.Ignored {
			all.add(r.named(ordinal, testCase{Time: seconds(0), Skipped: &skipped{leftOut[why]}}))
		}
	})
	r.Book.Selected(func(ordinal uint32, e report.Entry, decided bool) {
		if decided {
			all.add(r.named(ordinal, r.decided(ordinal, e)))
			return
		}
		all.add(r.named(ordinal, testCase{Time: seconds(0), Skipped: &skipped{pending}}))
	})
	return all
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

package junit

import (
	"encoding/xml"
	"fmt"
	"strings"
	"time"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/report"
)

// decided is a test with a verdict. As in nextest, one that failed is described by its first attempt, and one that was
// flaky by the attempt that passed; the other failed attempts are beside it.
func (r input) decided(ordinal uint32, final report.Entry) testCase {
	policy := r.Book.Settings(ordinal).JUnit
	flakyFailed := final.Row.Reason == outcome.FlakyFailed
	good := final.Row.Outcome.Good() || flakyFailed
	main, others := final, r.failed(ordinal)
	if !good {
		main, others = others[0], others[1:]
	}
	c := r.ran(ordinal, main, good && policy.StoreSuccess || !good && policy.StoreFailure)
	kind := "rerun"
	if good {
		kind = "flaky"
	}
	switch {
	case final.Row.Outcome == outcome.Skipped:
		c.Skipped = &skipped{"Skipped: the test said so"}
		return c
	case flakyFailed && policy.FlakyFail == v1alpha1.JUnitFlakyFailure:
		const text = "test passed on attempt %d/%d but is configured to fail when flaky"
		c.Bad = &bad{
			XMLName: xml.Name{Local: "failure"}, Type: "flaky failure",
			Message: fmt.Sprintf(text, final.Row.Attempt, r.Book.Rule(ordinal).MaxAttempts),
		}
	case !good:
		b := r.bad("", main, policy.StoreFailure)
		b.Timestamp, b.Time, b.Out, b.Err = "", "", "", "" // those of the case
		c.Bad = &b
	}
	for _, e := range others {
		c.Others = append(c.Others, r.bad(kind, e, policy.StoreFailure))
	}
	return c
}

// failed are the attempts of a test that did.
func (r input) failed(ordinal uint32) []report.Entry {
	var failed []report.Entry
	for _, e := range r.Book.Attempts(ordinal) {
		if !e.Row.Outcome.Good() && e.Row.Reason != outcome.FlakyFailed {
			failed = append(failed, e)
		}
	}
	return failed
}

// ran is a case as an attempt has it, whatever its verdict.
func (r input) ran(ordinal uint32, e report.Entry, store bool) testCase {
	c := testCase{Timestamp: began(e.Row), Time: took(e.Row), Properties: &properties{}}
	add := func(name, value string) {
		if value != "" {
			c.Properties.Properties = append(c.Properties.Properties, property{name, value})
		}
	}
	add("pod", report.Line(e.Pod).String())
	add("node", report.Line(r.nodes[e.Pod]).String())
	add("class", report.Line(r.Book.Class(ordinal)).String())
	add("attempts", fmt.Sprint(e.Attempts))
	if e.Row.PeakRSS > 0 {
		add("peak-memory-bytes", fmt.Sprint(e.Row.PeakRSS<<10))
	}
	if e.Row.CPU > 0 {
		add("cpu-seconds", seconds(time.Duration(e.Row.CPU)*time.Microsecond))
	}
	if o, kept := r.Outputs[tryOf(e)]; kept && store {
		c.Out, c.Err = printed(o.Stdout), printed(o.Stderr)
	}
	return c
}

// bad is how an attempt failed, under a name that says what it is to its test: "", "rerun" or "flaky".
func (r input) bad(of string, e report.Entry, store bool) bad {
	name, kind := typeOf(e.Row)
	if of != "" {
		name = of + strings.ToUpper(name[:1]) + name[1:]
	}
	b := bad{
		XMLName: xml.Name{Local: name}, Timestamp: began(e.Row), Time: took(e.Row), Type: kind, Message: message(e.Row),
	}
	if !store {
		return b
	}
	b.Text = strings.TrimSpace(report.Block(e.Excerpt).String())
	if o, kept := r.Outputs[tryOf(e)]; kept {
		b.Out, b.Err = printed(o.Stdout), printed(o.Stderr)
		b.Message = said(b.Err, b.Message)
	}
	return b
}

// message is nextest's where it has one that says no less than ours.
func message(row outcome.Row) string {
	name := strings.TrimPrefix(report.Why(row), "ended by ")
	if row.Outcome == outcome.Crashed && strings.HasPrefix(name, "SIG") && row.Reason == outcome.Signal {
		return fmt.Sprintf("process aborted with signal %d (%s)", row.Code, name)
	}
	return report.Why(row)
}

// said is the line of an output that tells why a Rust test failed, which nextest makes the message.
func said(output, otherwise string) string {
	for line := range strings.Lines(output) {
		line = strings.TrimSpace(line)
		panicked := strings.HasPrefix(line, "thread '") && strings.Contains(line, "panicked at")
		if panicked || strings.HasPrefix(line, "Error: ") {
			return strings.TrimSuffix(line, ":")
		}
	}
	return otherwise
}

// typeOf is the element and the type that nextest has for how an attempt failed.
func typeOf(row outcome.Row) (element, kind string) {
	leaked, abort := "", "test abort"
	if row.Leaky {
		leaked, abort = ", and leaked handles", "test abort with leaked handles"
	}
	switch {
	case row.Reason == outcome.NotStarted:
		return "error", "execution failure"
	case row.Reason == outcome.Leaked:
		return "error", "test exited with code 0, but leaked handles so was marked failed"
	case row.Outcome == outcome.TimedOut:
		return "failure", "test timeout"
	case row.Outcome == outcome.Crashed:
		return "failure", abort
	case row.Outcome == outcome.OOMKilled:
		return "failure", "test out of memory"
	case row.Reason == outcome.ExitCode:
		return "failure", fmt.Sprintf("test failure with exit code %d", row.Code) + leaked
	}
	return "failure", "test failure" + leaked
}

func tryOf(e report.Entry) report.Try {
	return report.Try{Ordinal: e.Row.Ordinal, Attempt: e.Row.Attempt}
}

// began is empty for an attempt of which only the end is known.
func began(row outcome.Row) string {
	if row.Start == 0 {
		return ""
	}
	return timestamp(time.UnixMicro(row.Start))
}

func took(row outcome.Row) string { return seconds(time.Duration(row.Duration) * time.Microsecond) }

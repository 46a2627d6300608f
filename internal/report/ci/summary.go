package ci

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/report"
)

// maxSummary is how much GitHub shows of a step's summaries; of more it shows nothing.
const maxSummary = 1 << 20

// leastSummary is how much room a summary needs to be of use.
const leastSummary = 4096

// room is how many bytes may be added to a step's summary that holds so many; 0 if it is not worth it.
func room(there int64) int {
	if most := maxSummary - there - 1; most >= leastSummary { // 1: an empty line before it
		return int(most)
	}
	return 0
}

// Markdown renders a report within so many bytes.
type Markdown func(w io.Writer, in report.Input, budget int) error

// Summary is what to add to a step's summary that holds so many bytes; nothing if there is no room left.
func Summary(there int64, in report.Input, render Markdown) ([]byte, error) {
	most := room(there)
	if most == 0 {
		return nil, nil
	}
	b := bytes.NewBufferString("\n")
	if in.Book == nil {
		render = verdict
	}
	if err := render(b, in, most); err != nil {
		return nil, fmt.Errorf("making the step summary: %w", err)
	}
	if b.Len() > most+1 {
		return nil, fmt.Errorf("making the step summary: it has %d bytes, and there is room for %d", b.Len(), most)
	}
	return b.Bytes(), nil
}

// verdict renders what the status of a run says: why it ended, and its first failed tests.
func verdict(w io.Writer, in report.Input, budget int) error {
	var b bytes.Buffer
	run := in.Run
	fmt.Fprintf(&b, "### TestRun %s/%s: %s\n\n", run.Namespace, run.Name, run.Status.Result)
	if c := report.Completed(run); c != nil {
		b.WriteString(quoted(c.Message))
	}
	for _, f := range run.Status.Failures {
		text := fmt.Sprintf("\n%s: %s\n%s", f.Test, f.Outcome, f.Message)
		if part := quoted(text); b.Len()+len(part) <= budget {
			b.WriteString(part)
		}
	}
	_, err := w.Write(b.Bytes())
	return err
}

// quoted is text from anywhere as Markdown leaves it alone: a code block, each line indented.
func quoted(text string) string {
	text = strings.TrimRight(report.Block(text).String(), "\n ")
	if text == "" {
		return ""
	}
	return "    " + strings.ReplaceAll(text, "\n", "\n    ") + "\n"
}

// Outputs are the values that later steps may use, as GITHUB_OUTPUT wants them. None can hold a line end.
func Outputs(run *v1alpha1.TestRun) string {
	code := v1alpha1.ExitInfrastructure
	if run.Status.ExitCode != nil {
		code = *run.Status.ExitCode
	}
	return fmt.Sprintf("run=%s\nnamespace=%s\nresult=%s\nexit-code=%d\n", run.Name, run.Namespace, run.Status.Result, code)
}

package ci

import (
	"bytes"
	"fmt"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/report"
)

// maxSummary is how much GitHub shows of a step's summaries; of more it shows nothing.
const maxSummary = 1 << 20

// leastSummary is how much room a summary needs to be of use.
const leastSummary = 4096

// Room is how many bytes may be added to a step's summary that holds so many; 0 if it is not worth it.
func Room(there int64) int {
	if room := maxSummary - there - 1; room >= leastSummary { // 1: an empty line before it
		return int(room)
	}
	return 0
}

// Markdown renders a report within so many bytes.
type Markdown func(w io.Writer, in report.Input, budget int) error

// Summary is what to add to a step's summary that holds so many bytes; nothing if there is no room left.
func Summary(there int64, in report.Input, render Markdown) ([]byte, error) {
	room := Room(there)
	if room == 0 {
		return nil, nil
	}
	b := bytes.NewBufferString("\n")
	if in.Book == nil {
		render = Verdict
	}
	if err := render(b, in, room); err != nil {
		return nil, fmt.Errorf("making the step summary: %w", err)
	}
	if b.Len() > room+1 {
		return nil, fmt.Errorf("making the step summary: it has %d bytes, and there is room for %d", b.Len(), room)
	}
	return b.Bytes(), nil
}

// Verdict renders what the status of a run says: why it ended, and its first failed tests.
func Verdict(w io.Writer, in report.Input, budget int) error {
	var b bytes.Buffer
	run := in.Run
	fmt.Fprintf(&b, "### TestRun %s/%s: %s\n\n", run.Namespace, run.Name, run.Status.Result)
	if c := complete(run); c != nil {
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

func complete(run *v1alpha1.TestRun) *metav1.Condition {
	return meta.FindStatusCondition(run.Status.Conditions, v1alpha1.ConditionComplete)
}

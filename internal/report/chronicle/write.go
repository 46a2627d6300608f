package chronicle

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/podtest/podtest/internal/report"
)

// Write writes a line an entry, for people, in the time of a place. Warnings are marked with an exclamation mark.
func Write(w io.Writer, entries []Entry, place *time.Location) error {
	var b strings.Builder
	for _, e := range entries {
		mark, times := " ", ""
		if e.Warning {
			mark = "!"
		}
		if e.Count > 1 {
			times = fmt.Sprintf(" (x%d)", e.Count)
		}
		object := report.Line(strings.ToLower(e.Kind) + "/" + e.Object).String()
		fmt.Fprintf(&b, "%s %s %s %s: %s%s\n", e.Time.In(place).Format(time.TimeOnly), mark, object,
			report.Line(e.Reason), report.Line(strings.TrimSpace(e.Message)), times)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/podtest/podtest/api/v1alpha1"
)

func (e Progress) render(p *Printer) string {
	if p.o.Terminal {
		return p.bar(e)
	}
	if e.Tests.Selected == 0 || e.Elapsed-p.counted < counterEvery {
		return ""
	}
	p.counted = e.Elapsed
	return fmt.Sprintf("%s [%8.3fs] %s\n", p.status(good, e.Word), e.Elapsed.Seconds(), standing(e.Tests))
}

// The bar has so many columns, or as many as there is room for; with too few it says nothing.
const widestBar, narrowestBar = 24, 8

// bar is the line that is drawn again and again. It must not reach the last column: some terminals wrap there.
func (p *Printer) bar(e Progress) string {
	head := fmt.Sprintf("%*s [ %s] ", statusWidth, e.Word, clock(e.Elapsed))
	tail := standing(e.Tests)
	room := p.o.Width - 1 - len(head)
	if width := min(widestBar, room-len(tail)-2); e.Tests.Selected > 0 && width >= narrowestBar {
		full := int(done(e.Tests) * int64(width) / e.Tests.Selected)
		bar := strings.Repeat("=", full) + ">" + strings.Repeat("-", width)
		tail = bar[:width] + "  " + tail
	}
	if len(tail) > room {
		tail = tail[:max(0, room)]
	}
	if len(head) > p.o.Width-1 {
		return head[:p.o.Width-1]
	}
	return strings.Replace(head, e.Word, p.paint(good, e.Word), 1) + tail
}

func clock(d time.Duration) string {
	s := int(d.Seconds())
	return fmt.Sprintf("%02d:%02d:%02d", s/3600, s/60%60, s%60)
}

func done(t v1alpha1.TestCounts) int64 {
	return min(t.Selected, t.Passed+t.Failed+t.TimedOut+t.Crashed+t.OOMKilled+t.Skipped)
}

func standing(t v1alpha1.TestCounts) string {
	if t.Selected == 0 {
		return "waiting for the list of tests"
	}
	return fmt.Sprintf("%d/%d: %d running, %s", done(t), t.Selected, t.Running, tally(t, nil))
}

// tally is "1009 passed (1 flaky), 2 failed, 1 oom": passed and failed always, the rest if there are any.
func tally(t v1alpha1.TestCounts, alsoPassed []string) string {
	if t.Flaky > 0 {
		alsoPassed = append(alsoPassed, fmt.Sprintf("%d flaky", t.Flaky))
	}
	parts := []string{fmt.Sprintf("%d passed", t.Passed)}
	if len(alsoPassed) > 0 {
		parts[0] += " (" + strings.Join(alsoPassed, ", ") + ")"
	}
	parts = append(parts, fmt.Sprintf("%d failed", t.Failed))
	for _, more := range []struct {
		n    int64
		word string
	}{{t.Crashed, "crashed"}, {t.TimedOut, "timed out"}, {t.OOMKilled, "OOM-killed"}, {t.Skipped, "skipped"}} {
		if more.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", more.n, more.word))
		}
	}
	return strings.Join(parts, ", ")
}

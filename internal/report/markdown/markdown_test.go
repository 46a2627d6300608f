package markdown_test

import (
	"bytes"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/podtest/podtest/internal/goldentest"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/report/facts"
	"github.com/podtest/podtest/internal/report/markdown"
	"github.com/podtest/podtest/internal/report/reporttest"
)

func written(t testing.TB, made *reporttest.Made, most int) string {
	t.Helper()
	var b bytes.Buffer
	if err := markdown.Write(&b, facts.Of(made.Input(t), "podtest"), most); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestSummaries(t *testing.T) {
	for name, story := range reporttest.Stories {
		t.Run(name, func(t *testing.T) {
			text := written(t, story(), markdown.Comment)
			safe(t, text)
			goldentest.Compare(t, filepath.Join("testdata", name+".md"), []byte(text))
		})
	}
}

var (
	fence   = regexp.MustCompile("^(```+)text$")
	summary = regexp.MustCompile(`^<details(?: open)?><summary><code>[^<>]*</code>: [a-zA-Z0-9 ,:]+</summary>$`)
	ours    = regexp.MustCompile(`^[\p{So}\x{fe0f}\p{Mn}a-zA-Z0-9 #:.,|>/()…-]*$`)
)

// safe reads a summary as Markdown does and checks that what is left, without code, is nothing but our own words.
func safe(t testing.TB, text string) {
	t.Helper()
	lines := strings.Split(text, "\n")
	for i := 0; i < len(lines); i++ {
		line := lines[i]
		if m := fence.FindStringSubmatch(line); m != nil {
			for i++; lines[i] != m[1]; i++ {
				if run := strings.TrimSpace(lines[i]); strings.Trim(run, "`") == "" && len(run) >= len(m[1]) {
					t.Fatalf("line %d ends its block early", i+1)
				}
				if i+1 == len(lines) {
					t.Fatal("a block does not end")
				}
			}
			continue
		}
		if summary.MatchString(line) || line == "</details>" {
			continue
		}
		if rest := withoutSpans(line); !ours.MatchString(rest) {
			t.Errorf("line %d is not only our own words: %q", i+1, rest)
		}
	}
}

// withoutSpans takes code spans from a line: a run of backticks, up to the next run of the same length.
func withoutSpans(line string) string {
	runs := regexp.MustCompile("`+").FindAllStringIndex(line, -1)
	var b strings.Builder
	at := 0
	for i := 0; i < len(runs); i++ {
		for j := i + 1; j < len(runs); j++ {
			if runs[j][1]-runs[j][0] == runs[i][1]-runs[i][0] {
				b.WriteString(line[at:runs[i][0]])
				at, i = runs[j][1], j
				break
			}
		}
	}
	return b.String() + line[at:]
}

func TestASummaryKeepsToItsSize(t *testing.T) {
	many := reporttest.Many(20_000, 4) // 200 failures
	for _, most := range []int{markdown.Least, 10_000, markdown.Comment, markdown.StepSummary} {
		t.Run(fmt.Sprint(most), func(t *testing.T) {
			for name, made := range map[string]*reporttest.Made{"many": many, "hostile": reporttest.Hostile()} {
				text := written(t, made, most)
				safe(t, text)
				if len(text) > most {
					t.Errorf("%s: %d bytes", name, len(text))
				}
			}
			text := written(t, many, most)
			if more := strings.Contains(text, " more: `podtest results --namespace ci checkout`"); more != (most < 100_000) {
				t.Errorf("says that there is more: %t", more)
			}
			if !strings.Contains(text, "podtest rerun --namespace ci checkout") {
				t.Error("does not say how to go on")
			}
		})
	}
}

func FuzzAnyBytesGiveASafeSummary(f *testing.F) {
	f.Add(reporttest.Evil, reporttest.Evil)
	f.Add("`", "```\n````")
	f.Fuzz(func(t *testing.T, name, printed string) {
		made := reporttest.Green()
		made.Run.Spec.Template.Spec.Containers[0].Image = name
		o, flaky := made.Test(name), made.Test(printed)
		for i := range uint16(3) {
			made.Row(0, outcome.Row{Ordinal: o, Attempt: i + 1, Outcome: outcome.Failed, Reason: outcome.ExitCode}, 0, 1)
			made.Print(o, i+1, printed, printed)
		}
		made.Row(0, outcome.Row{Ordinal: flaky, Attempt: 1, Outcome: outcome.Failed, Reason: outcome.ExitCode}, 0, 1)
		made.Row(0, outcome.Row{Ordinal: flaky, Attempt: 2, Outcome: outcome.Passed}, 0, 1)
		text := written(t, made, markdown.Least)
		safe(t, text)
		if len(text) > markdown.Least {
			t.Errorf("%d bytes", len(text))
		}
	})
}

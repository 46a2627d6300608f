package facts

import (
	"fmt"
	"strings"
	"time"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/report"
)

// Took is a duration for people: "850 ms", "12.4 s", "2 m 11 s", "1 h 04 m".
func Took(d time.Duration) string {
	switch {
	case d < time.Millisecond:
		return fmt.Sprintf("%.1f ms", float64(d)/float64(time.Millisecond))
	case d < time.Second:
		return fmt.Sprintf("%d ms", d.Milliseconds())
	case d < 10*time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < time.Hour:
		d = d.Round(time.Second)
		return fmt.Sprintf("%d m %02d s", d/time.Minute, d%time.Minute/time.Second)
	}
	d = d.Round(time.Minute)
	return fmt.Sprintf("%d h %02d m", d/time.Hour, d%time.Hour/time.Minute)
}

// Memory is an amount of memory for people.
func Memory(kib uint64) string {
	switch {
	case kib < 1024:
		return fmt.Sprintf("%d KiB", kib)
	case kib < 1024*1024:
		return fmt.Sprintf("%.1f MiB", float64(kib)/1024)
	}
	return fmt.Sprintf("%.2f GiB", float64(kib)/1024/1024)
}

// Count is "1 test", "2 tests", "12,345 tests".
func Count[N int | int64](n N, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return Number(n) + " " + noun
}

// Number is a number with its thousands apart.
func Number[N int | int64](n N) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// Headline says in one sentence what became of the run's tests.
func (r *Run) Headline() string {
	c := r.Counts
	bad := c.Bad()
	switch {
	case !r.Over && c.Selected == 0:
		return "the tests are not known yet"
	case !r.Over:
		text := fmt.Sprintf("%s of %s done so far", Number(c.Decided), Count(c.Selected, "test"))
		if bad > 0 {
			text += fmt.Sprintf(", %s failed", Number(bad))
		}
		return text
	case c.Selected == 0:
		return "no test was selected"
	case bad > 0 && c.NotRun > 0:
		return fmt.Sprintf("%s of %s failed, %s did not run", Number(bad), Count(c.Selected, "test"), Number(c.NotRun))
	case bad > 0:
		return fmt.Sprintf("%s of %s failed", Number(bad), Count(c.Selected, "test"))
	case c.NotRun > 0:
		return fmt.Sprintf("%s of %s did not run", Number(c.NotRun), Count(c.Selected, "test"))
	case c.Passed == c.Selected:
		return "all " + Count(c.Selected, "test") + " passed"
	}
	return fmt.Sprintf("%s passed, %s skipped", Count(c.Passed, "test"), Number(c.Skipped))
}

// Commands are what to type next.
type Commands struct{ Rerun, Results, Watch, Report, command, where string }

func commandsFor(run *v1alpha1.TestRun, command string) Commands {
	where := " --namespace " + report.Quote(run.Namespace) + " " + report.Quote(run.Name)
	return Commands{
		Rerun: command + " rerun" + where, Results: command + " results" + where,
		Watch: command + " watch" + where, Report: command + " report" + where, command: command, where: where,
	}
}

// About is a command about the run.
func (c Commands) About(verb string) string { return c.command + " " + verb + c.where }

// Test is a command about one test: logs, repro, explain.
func (c Commands) Test(verb string, t *Test) string {
	return c.About(verb) + " " + report.Quote(t.String())
}

// Share is how much of the run's length something took, in words.
type Share struct {
	Kind   Kind
	Length time.Duration
	Text   string
	Tests  []Segment // of Testing: the longest, longest first
}

// says is what a kind is called in a sentence.
var says = map[Kind]string{
	Listing: "listing the tests",
	Waiting: "waiting for a worker pod to be made",
	Node:    "waiting for a node with room",
	Image:   "pulling images and starting the pod",
	Worker:  "the worker's first work",
	Between: "between two tests: delays of retries, or no work at hand",
	Closing: "closing: after the last test",
}

// Shares are the parts of the critical path by kind, in the order of Kinds.
func (r *Run) Shares() []Share {
	byKind := map[Kind]*Share{}
	for _, s := range r.Path {
		if byKind[s.Kind] == nil {
			byKind[s.Kind] = &Share{Kind: s.Kind}
		}
		share := byKind[s.Kind]
		share.Length += s.Length()
		if s.Kind == Testing {
			share.Tests = append(share.Tests, s)
		}
	}
	var shares []Share
	for _, k := range Kinds {
		s := byKind[k]
		if s == nil {
			continue
		}
		s.Text = says[k]
		if k == Testing {
			s.Text = "one test"
			if len(s.Tests) > 1 {
				s.Text = fmt.Sprintf("%s, one after the other", Count(len(s.Tests), "attempt"))
			}
			s.Tests = longest(s.Tests)
		}
		shares = append(shares, *s)
	}
	return shares
}

// Advice says what would make the run shorter; it is empty if nothing stands out.
func (r *Run) Advice() string {
	all, share := r.Length(), Share{}
	for _, s := range r.Shares() {
		if s.Length > share.Length {
			share = s
		}
	}
	if all < time.Second || share.Length*3 < all {
		return ""
	}
	switch share.Kind {
	case Listing:
		return "Listing took most of it: the image may be large, or the test binaries slow to list."
	case Node, Waiting:
		return "Most of it was waiting for room: the cluster or a quota had none for the pods."
	case Image:
		return "Most of it was pulling images: smaller images, or images that are on the nodes, would help most."
	case Testing:
		t := share.Tests[0]
		if t.Length()*2 > share.Length {
			return "No number of pods makes it shorter than its longest test: " + r.Tests[t.Test].String() + "."
		}
		return "Most of it was tests one after the other: more pods or more slots would help most."
	case Worker, Between, Closing:
	}
	return ""
}

func longest(segments []Segment) []Segment {
	const shown = 5
	sorted := append([]Segment{}, segments...)
	sortByLength(sorted)
	return sorted[:min(shown, len(sorted))]
}

// Title is what a page about the run is called.
func (r *Run) Title() string {
	return strings.TrimPrefix(r.Namespace.String()+"/"+r.Name.String(), "/") + ": " + r.Verdict
}

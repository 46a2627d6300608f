package report

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/goldentest"
	"github.com/podtest/podtest/internal/outcome"
)

var planned = []Planned{
	{Binary: "unit::cart", Name: "TestAdd", Class: "default", Weight: 1, Attempts: 2, SlowMS: 60_000, GraceMS: 10_000, LeakMS: 200},
	{
		Binary: "unit::pay", Name: "Test\x1b[2J<größe>\u202e", Class: "heavy", OwnPod: true, Group: "db", Weight: 4, Priority: -5,
		Attempts: 1, SlowMS: 60_000, TerminateMS: 90_500, GraceMS: 10_000, LeakMS: 200, FlakyFails: true, TimeoutPasses: true,
		LeakFails: true, Env: []string{"A=<b>"}, Wrapper: []string{"strace", "-f"}, ExtraArgs: []string{"--nocapture"},
		Sources: map[string]string{"weight": "spec.overrides[1] (heavy)", "group": "profile ci overrides[0]"},
	},
	{Binary: "unit::pay\r\n", Name: "TestOut", NotSelected: "ignored", OwnPod: true, Weight: 1, Attempts: 1},
}

func TestWritePlan(t *testing.T) {
	for name, write := range map[string]func(*bytes.Buffer) error{
		"plan-table":      func(b *bytes.Buffer) error { return WritePlan(b, planned) },
		"plan-json":       func(b *bytes.Buffer) error { return WriteJSONLines(b, planned) },
		"plan-no-tests":   func(b *bytes.Buffer) error { return WritePlan(b, nil) },
		"plan-of-a-story": func(b *bytes.Buffer) error { return WritePlan(b, Plan(newStory().cat, resolved(newStory()), true)) },
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			if err := write(&b); err != nil {
				t.Fatal(err)
			}
			goldentest.Compare(t, filepath.Join("testdata", name+".txt"), b.Bytes())
		})
	}
}

func TestPlanTellsWhatLeavesATestOut(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*v1alpha1.TestRunSpec)
		all    bool
		want   []string
	}{
		"only the selected ones": {func(*v1alpha1.TestRunSpec) {}, false, []string{"TestAdd", "TestCard", "TestRefund\x1b[2J"}},
		"all, with the reason": {
			func(*v1alpha1.TestRunSpec) {}, true, []string{"TestAdd", "TestHuge ignored", "TestCard", "TestRefund\x1b[2J"},
		},
		"a filter": {
			func(s *v1alpha1.TestRunSpec) { s.Filter = "test(=TestCard)" }, true,
			[]string{"TestAdd filter", "TestHuge ignored", "TestCard", "TestRefund\x1b[2J filter"},
		},
		"the default filter": {
			func(s *v1alpha1.TestRunSpec) { s.DefaultFilter = "not test(=TestAdd)" }, true,
			[]string{"TestAdd defaultFilter", "TestHuge ignored", "TestCard", "TestRefund\x1b[2J"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory()
			c.change(&s.run.Spec)
			var got []string
			for _, p := range Plan(s.cat, resolved(s), c.all) {
				line := p.Name
				if p.NotSelected != "" {
					line += " " + p.NotSelected
				}
				got = append(got, line)
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// bookOf is the book of the story, changed, with such ledgers.
func bookOf(t *testing.T, change func(*story), ledgers ...[]outcome.Row) (*Book, story) {
	t.Helper()
	s := newStory()
	change(&s)
	book := NewBook(s.cat, resolved(s))
	for i, rows := range ledgers {
		if _, err := book.Read(s.batch(int32(i), rows)); err != nil {
			t.Fatal(err)
		}
	}
	return book, s
}

func flakyFails(s *story) { s.run.Spec.FlakyResult = v1alpha1.Fail }

func TestAFlakyTestFailsIfItIsToFail(t *testing.T) {
	book, s := bookOf(t, flakyFails, []outcome.Row{added, card1}, []outcome.Row{card2})
	if diff := cmp.Diff(outcome.Tally{Passed: 1, Failed: 1}, book.Tally); diff != "" {
		t.Error(diff)
	}
	var got []string
	for _, r := range book.Results(s.at("", "", ended)) {
		got = append(got, brief(r))
	}
	want := []string{"0 passed 1", "2 failed(flakyFailed) 2 flaky", "3 notRun(TestsFailed) 0"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	var attempts []outcome.Outcome
	for _, e := range book.Attempts(2) {
		attempts = append(attempts, e.Row.Outcome)
	}
	if diff := cmp.Diff([]outcome.Outcome{outcome.Failed, outcome.Failed}, attempts); diff != "" {
		t.Error(diff)
	}
}

func TestABookThatIsCut(t *testing.T) {
	as := func(*story) {}
	for name, c := range map[string]struct {
		change func(*story)
		before []outcome.Row
		after  []outcome.Row
		want   outcome.Tally
	}{
		"what failed and was not tried again has failed": {as, []outcome.Row{added, card1}, nil, outcome.Tally{Passed: 1, Failed: 1}},
		"what never ended an attempt has no verdict":     {as, []outcome.Row{added}, nil, outcome.Tally{Passed: 1}},
		"a verdict that is there stays": {
			as, []outcome.Row{card1, card2, crashed1, crashed2}, nil, outcome.Tally{Passed: 1, Flaky: 1, Crashed: 1},
		},
		"a row that is read later is taken in, and the rest stays cut": {
			as, []outcome.Row{card1, crashed1}, []outcome.Row{card2}, outcome.Tally{Passed: 1, Flaky: 1, Crashed: 1},
		},
		"one that comes to nothing new likewise": {
			as, []outcome.Row{card1, crashed1}, []outcome.Row{crashed2}, outcome.Tally{Failed: 1, Crashed: 1},
		},
		"with flaky tests that fail": {
			flakyFails, []outcome.Row{card1, card2, crashed1}, nil, outcome.Tally{Failed: 1, Crashed: 1},
		},
		"in a run with many retries": {
			func(s *story) { s.run.Spec.Retries.Count = 9 },
			[]outcome.Row{card1, crashed1},
			[]outcome.Row{crashed2},
			outcome.Tally{Failed: 1, Crashed: 1},
		},
	} {
		t.Run(name, func(t *testing.T) {
			book, s := bookOf(t, c.change, c.before)
			for range 2 {
				book.Cut()
			}
			if _, err := book.Read(s.batch(1, c.after)); err != nil {
				t.Fatal(err)
			}
			book.Cut()
			if diff := cmp.Diff(c.want, book.Tally); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNamesOfAStressRunTellTheRound(t *testing.T) {
	stress := func(s *story) {
		s.run.Spec.Stress = &v1alpha1.Stress{Duration: &metav1.Duration{}}
		s.cat.Stress = true
	}
	book, s := bookOf(t, stress, []outcome.Row{added, ran(4, 1, outcome.Passed, 0), ran(5, 1, outcome.Passed, 0)})
	var got []string
	for _, r := range book.Results(s.at("", "", ended)) {
		got = append(got, r.Outcome+" "+r.Binary+" "+r.Name)
	}
	want := []string{
		"passed unit::cart@stress-0 TestAdd", "notRun unit::pay@stress-0 TestCard",
		"notRun unit::pay@stress-0 TestRefund\x1b[2J", "passed unit::cart@stress-1 TestAdd",
	}
	if diff := cmp.Diff(want, got[:4]); diff != "" {
		t.Error(diff)
	}
	if want := `unit::pay@stress-1 TestRefund\x1b[2J`; book.Test(7).String() != want {
		t.Errorf("a test of the second round is called %q, want %q", book.Test(7), want)
	}
}

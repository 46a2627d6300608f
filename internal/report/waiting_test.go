package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

// underway is a Follower of a run of the story whose tests are known.
func underway(t *testing.T, s story, f *Follower) *Follower {
	t.Helper()
	f.Run(s.at(v1alpha1.ReasonRunning, "tests are running", listed), start)
	if _, err := f.Catalog(s.cat, resolved(s), start); err != nil {
		t.Fatal(err)
	}
	return f
}

// inBrief are events as "TestCard 1: no such card".
func inBrief(events []Event) []string {
	var all []string
	for _, e := range events {
		switch e := e.(type) {
		case Attempt:
			text := e.Excerpt
			if e.Output != nil {
				text = "output " + e.Output.Stderr.Head
			}
			all = append(all, fmt.Sprintf("%s %d (%d): %s", e.Test.Name, e.Row.Attempt, e.Done, text))
		case Slow:
			word := "slow"
			if e.Terminating {
				word = "terminating"
			}
			all = append(all, fmt.Sprintf("%s %d: %s %v", e.Test.Name, e.Attempt, word, e.Elapsed.Seconds()))
		case Cancelling:
			all = append(all, fmt.Sprintf("cancelling: %s, %d", e.Reason, e.Running))
		}
	}
	return all
}

func printed(ordinal uint32, attempt uint16, text string) []wire.Output {
	return []wire.Output{{Ordinal: ordinal, Attempt: attempt, Stderr: wire.Stream{Head: []byte(text)}}}
}

func TestAFailureWaitsForItsOutputAndNothingWaitsForIt(t *testing.T) {
	for name, c := range map[string]struct {
		f    Follower
		show v1alpha1.OutputPolicy
		rows []outcome.Row
		then func(f *Follower) []Event
		// wantAtOnce is told with the batch, wantThen afterwards.
		wantAtOnce, wantThen []string
	}{
		"until it comes": {
			rows: []outcome.Row{card1, added}, then: func(f *Follower) []Event { return f.Outputs(printed(2, 1, "no such card"), start) },
			wantAtOnce: []string{"TestAdd 1 (1): "}, wantThen: []string{"TestCard 1 (1): output no such card"},
		},
		"for two seconds, if it does not come": {
			rows: []outcome.Row{card1, added}, then: func(f *Follower) []Event {
				return append(f.Tick(start.Add(time.Second)), f.Tick(start.Add(2*time.Second))...)
			},
			wantAtOnce: []string{"TestAdd 1 (1): "}, wantThen: []string{"TestCard 1 (1): \x1b[31mno such card\x1b[0m"},
		},
		"no longer than the run lasts": {
			rows: []outcome.Row{card1}, then: func(f *Follower) []Event { return f.Late(start) },
			wantThen: []string{"TestCard 1 (0): \x1b[31mno such card\x1b[0m"},
		},
		"not, if it shows none": {
			rows: []outcome.Row{card1}, show: v1alpha1.OutputNever, then: func(*Follower) []Event { return nil },
			wantAtOnce: []string{"TestCard 1 (0): \x1b[31mno such card\x1b[0m"},
		},
		"not, if none is asked for": {
			rows: []outcome.Row{card1}, f: Follower{FailureOutput: v1alpha1.OutputNever}, then: func(*Follower) []Event { return nil },
			wantAtOnce: []string{"TestCard 1 (0): \x1b[31mno such card\x1b[0m"},
		},
		"and later attempts of the test behind it": {
			rows: []outcome.Row{card1, card2}, then: func(f *Follower) []Event { return f.Outputs(printed(2, 1, "no"), start) },
			wantThen: []string{"TestCard 1 (0): output no", "TestCard 2 (1): "},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory()
			s.run.Spec.FailureOutput = c.show
			f := underway(t, s, &c.f)
			atOnce, err := f.Batch(s.batch(0, c.rows, said), start)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.wantAtOnce, inBrief(atOnce)); diff != "" {
				t.Errorf("at once (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(c.wantThen, inBrief(c.then(f))); diff != "" {
				t.Errorf("then (-want +got):\n%s", diff)
			}
		})
	}
}

func TestOutputMayComeBeforeItsAttempt(t *testing.T) {
	s := newStory()
	f := underway(t, s, &Follower{})
	f.Outputs(printed(2, 1, "no such card"), start)
	events, err := f.Batch(s.batch(0, []outcome.Row{card1}, said), start)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"TestCard 1 (0): output no such card"}, inBrief(events)); diff != "" {
		t.Error(diff)
	}
	f.Outputs(printed(2, 1, "once more"), start)
	if n := len(f.waiting.outputs); n > 0 {
		t.Errorf("%d outputs are kept that nothing waits for", n)
	}
}

func TestOutputOfPassedTestsIsWaitedForOnlyIfItIsKept(t *testing.T) {
	for name, c := range map[string]struct {
		kept v1alpha1.OutputPolicy
		f    Follower
		want []string
	}{
		"it is not kept":             {f: Follower{SuccessOutput: v1alpha1.OutputImmediate}, want: []string{"TestAdd 1 (1): "}},
		"it is kept and shown":       {kept: v1alpha1.OutputFinal},
		"it is kept and not asked":   {kept: v1alpha1.OutputFinal, f: Follower{SuccessOutput: v1alpha1.OutputNever}, want: []string{"TestAdd 1 (1): "}},
		"it is not kept, nor wanted": {want: []string{"TestAdd 1 (1): "}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory()
			s.run.Spec.SuccessOutput = c.kept
			events, err := underway(t, s, &c.f).Batch(s.batch(0, []outcome.Row{added}), start)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.want, inBrief(events)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// runs has the status show attempts that have run since the start of the story.
func runs(ordinals ...int64) func(*v1alpha1.TestRunStatus) {
	return func(st *v1alpha1.TestRunStatus) {
		for _, o := range ordinals {
			st.Running = append(st.Running, v1alpha1.RunningTest{
				Ordinal: o, Attempt: 1, Pod: "shop-w00000", StartTime: metav1.NewMicroTime(start),
			})
		}
	}
}

func TestASlowTestIsToldOnceForEachPeriod(t *testing.T) {
	s := newStory()
	s.run.Spec.SlowTimeout = &v1alpha1.SlowTimeout{Period: &metav1.Duration{Duration: 10 * time.Second}, TerminateAfter: 3}
	f := underway(t, s, &Follower{})
	f.Run(s.at(v1alpha1.ReasonRunning, "", listed, runs(0, 2)), start)
	var got []string
	for second := 5; second <= 45; second += 5 {
		now := start.Add(time.Duration(second) * time.Second)
		if second == 15 { // TestAdd has ended, and the status does not know it yet
			if _, err := f.Batch(s.batch(0, []outcome.Row{added}), now); err != nil {
				t.Fatal(err)
			}
		}
		got = append(got, inBrief(f.Tick(now))...)
	}
	want := []string{"TestAdd 1: slow 10", "TestCard 1: slow 10", "TestCard 1: slow 20", "TestCard 1: terminating 30"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestProgressTellsWhatRuns(t *testing.T) {
	s := newStory()
	f := underway(t, s, &Follower{})
	f.Run(s.at(v1alpha1.ReasonRunning, "", listed, runs(0, 1, 2, 99)), start) // 1 is not selected, 99 is none
	if _, err := f.Batch(s.batch(0, []outcome.Row{added}), start); err != nil {
		t.Fatal(err)
	}
	want := []Running{{
		Test: Name{Binary: "unit::pay", Name: "TestCard"}, Attempt: 1, Elapsed: 61e6, Slow: true, Pod: "shop-w00000",
	}}
	if diff := cmp.Diff(want, f.Progress(start.Add(61*time.Second)).Running); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := f.Progress(start.Add(-time.Hour)).Running; got[0].Elapsed != 0 {
		t.Errorf("a node's clock that goes before ours makes %v", got[0].Elapsed)
	}
}

func TestARunThatStartsNoMoreTestsSaysWhy(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*v1alpha1.TestRun)
		want   []string
	}{
		"it was cancelled":      {func(r *v1alpha1.TestRun) { r.Spec.Cancel = true }, []string{"cancelling: cancellation, 1"}},
		"enough tests failed":   {func(r *v1alpha1.TestRun) { r.Spec.FailFast = &v1alpha1.FailFast{MaxFail: 1} }, []string{"cancelling: test failure, 1"}},
		"not enough failed yet": {func(r *v1alpha1.TestRun) { r.Spec.FailFast = &v1alpha1.FailFast{MaxFail: 2} }, nil},
		"its time is over": {func(r *v1alpha1.TestRun) {
			r.Spec.GlobalTimeout = &metav1.Duration{Duration: time.Second}
			r.Status.TestsStartTime = new(metav1.NewTime(start))
		}, []string{"cancelling: global timeout, 1"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStory()
			f := underway(t, s, &Follower{})
			if _, err := f.Batch(s.batch(0, []outcome.Row{added, crashed1, crashed2}), start); err != nil {
				t.Fatal(err)
			}
			f.Late(start)
			run := s.at(v1alpha1.ReasonRunning, "", listed)
			c.change(run)
			got := append(inBrief(f.Run(run, start)), inBrief(f.Tick(start.Add(time.Minute)))...)
			got = append(got, inBrief(f.Tick(start.Add(time.Hour)))...)
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if word := f.Progress(start).Word; (word == wordCancelling) != (c.want != nil) {
				t.Errorf("the bar says %s", word)
			}
		})
	}
}

func TestSkippedTestsAreToldIfAskedFor(t *testing.T) {
	s := newStory()
	f := &Follower{Skipped: true}
	f.Run(s.at(v1alpha1.ReasonRunning, "", listed), start)
	events, err := f.Catalog(s.cat, resolved(s), start)
	if err != nil {
		t.Fatal(err)
	}
	got := string(Render(events, Options{Status: "skip"}))
	if want := "SKIP [         ] (───) unit::cart TestHuge (ignored)\n"; !strings.HasSuffix(got, want) {
		t.Errorf("got %q, want %q at its end", got, want)
	}
}

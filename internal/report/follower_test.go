package report

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/goldentest"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/settings"
	"github.com/podtest/podtest/internal/wire"
)

var start = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// story is a run with one retry over four tests, one of them ignored, as it goes by.
type story struct {
	run *v1alpha1.TestRun
	cat *catalog.Catalog
}

func newStory() story {
	return story{
		run: &v1alpha1.TestRun{
			ObjectMeta: metav1.ObjectMeta{Namespace: "ci", Name: "shop", UID: "u1", CreationTimestamp: metav1.NewTime(start)},
			Spec: v1alpha1.TestRunSpec{
				RunIgnored: v1alpha1.RunIgnoredDefault, TestSettings: v1alpha1.TestSettings{Retries: &v1alpha1.Retries{Count: 1}},
				Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{Containers: []corev1.Container{{Image: "shop-tests:1"}}}},
			},
		},
		cat: &catalog.Catalog{
			Binaries: []wire.Binary{{Suite: "unit", ID: "unit::cart"}, {Suite: "unit", ID: "unit::pay"}},
			Tests: []wire.Listed{
				{Binary: 0, Name: "TestAdd"},
				{Binary: 0, Name: "TestHuge", Ignored: true},
				{Binary: 1, Name: "TestCard"},
				{Binary: 1, Name: "TestRefund\x1b[2J"},
			},
		},
	}
}

func resolved(s story) *settings.Resolved {
	set, err := settings.Resolve(&s.run.Spec, settings.Provenance{}, s.cat)
	if err != nil {
		panic(err)
	}
	return set
}

func (s story) at(reason, message string, change ...func(*v1alpha1.TestRunStatus)) *v1alpha1.TestRun {
	run := s.run.DeepCopy()
	run.Status.StartTime = new(metav1.NewTime(start))
	run.Status.Conditions = []metav1.Condition{
		{Type: v1alpha1.ConditionReconciling, Status: metav1.ConditionTrue, Reason: reason, Message: message},
	}
	for _, f := range change {
		f(&run.Status)
	}
	return run
}

func listed(st *v1alpha1.TestRunStatus) {
	st.Catalog = &v1alpha1.CatalogRef{Digest: "d", Records: 1}
	st.Tests = v1alpha1.TestCounts{Listed: 4, Selected: 3, NotSelected: 1, Pending: 3, Running: 2}
}

func ended(st *v1alpha1.TestRunStatus) {
	listed(st)
	st.Result, st.ExitCode, st.Duration = v1alpha1.ResultFailed, ptr.To(v1alpha1.ExitTestsFailed), "12.3s"
	st.CompletionTime = new(metav1.NewTime(start.Add(12 * time.Second)))
	st.Tests = v1alpha1.TestCounts{Listed: 4, Selected: 3, NotSelected: 1, Passed: 2, Flaky: 1, Crashed: 1}
	st.Conditions = []metav1.Condition{
		{Type: v1alpha1.ConditionComplete, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonTestsFailed, Message: "1 of 3 tests failed"},
	}
}

func (s story) batch(index int32, rows []outcome.Row, change ...func(*v1alpha1.TestBatchStatus)) *v1alpha1.TestBatch {
	b := &v1alpha1.TestBatch{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ci", Name: manifest.BatchName("shop", int(index))},
		Spec:       v1alpha1.TestBatchSpec{Run: v1alpha1.RunRef{Name: "shop", UID: s.run.UID}, Index: index},
	}
	b.Status.Ledger = outcome.Encode(rows)
	for _, f := range change {
		f(&b.Status)
	}
	return b
}

func ran(ordinal uint32, attempt uint16, o outcome.Outcome, end time.Duration) outcome.Row {
	return outcome.Row{
		Ordinal: ordinal, Attempt: attempt, Outcome: o, Duration: 250_000,
		Start: start.Add(end).UnixMicro() - 250_000, CPU: 9000, PeakRSS: 4096,
	}
}

var (
	added    = ran(0, 1, outcome.Passed, 3*time.Second)
	card1    = ran(2, 1, outcome.Failed, 2*time.Second)
	card2    = ran(2, 2, outcome.Passed, 4*time.Second)
	crashed1 = crashed(ran(3, 1, outcome.Crashed, 5*time.Second))
	crashed2 = crashed(ran(3, 2, outcome.Crashed, 6*time.Second))
)

func crashed(r outcome.Row) outcome.Row {
	r.Reason, r.Code = outcome.Signal, 11
	return r
}

func said(st *v1alpha1.TestBatchStatus) {
	st.Failures = []v1alpha1.BatchFailure{{Ordinal: 2, Attempt: 1, Message: "exit code 1\n\x1b[31mno such card\x1b[0m"}}
}

func evicted(st *v1alpha1.TestBatchStatus) {
	st.End = &v1alpha1.BatchEnd{
		Cause: v1alpha1.CauseEvicted, Message: "The node was low on memory.", Lost: []v1alpha1.LostAttempt{{Ordinal: 3, Attempt: 1}},
	}
}

// told plays the story to a Follower. Batches come before the catalog and twice, as they do after a broken watch.
func (s story) told(t *testing.T) []Event {
	t.Helper()
	f := &Follower{Command: "podtest"}
	var events []Event
	now := start
	see := func(more []Event, errs ...error) {
		t.Helper()
		for _, err := range errs {
			if err != nil {
				t.Fatal(err)
			}
		}
		now = now.Add(time.Second)
		events = append(append(events, more...), f.Progress(now))
	}
	see(f.Run(s.run, now))
	see(f.Run(s.at(v1alpha1.ReasonListing, "the test binaries are asked for their tests"), now))
	see(f.Run(s.at(v1alpha1.ReasonUnschedulable, "waiting: 0/3 nodes are available"), now))
	see(f.Run(s.at(v1alpha1.ReasonUnschedulable, "waiting: 0/3 nodes are available"), now))
	see(f.Run(s.at(v1alpha1.ReasonRunning, "tests are running", listed), now))
	see(f.Batch(s.batch(0, []outcome.Row{added, card1}, said), now))
	see(f.Catalog(s.cat, resolved(s), now))
	see(f.Batch(s.batch(0, []outcome.Row{added, card1}, said), now))
	see(f.Outputs([]wire.Output{{Ordinal: 2, Attempt: 1, Stdout: wire.Stream{Head: []byte("paying\xff\n")}, Stderr: wire.Stream{Head: []byte("\x1b[31mno such card\x1b[0m\n")}}}, now))
	see(f.Batch(s.batch(0, []outcome.Row{added, card1}, said, evicted), now))
	see(f.Batch(s.batch(1, []outcome.Row{card2, crashed1}), now))
	see(f.Run(s.at("", "", ended), now))
	see(f.Batch(s.batch(1, []outcome.Row{card2, crashed1, crashed2}), now))
	see(f.Late(now))
	return append(events, f.Ended(now))
}

func TestFollowerTellsARun(t *testing.T) {
	goldentest.Compare(t, filepath.Join("testdata", "story.txt"), Render(newStory().told(t), Options{}))
}

func TestProgressCountsWhatWasPrinted(t *testing.T) {
	var got []string
	for _, e := range newStory().told(t) {
		if p, ok := e.(Progress); ok {
			got = append(got, p.Word+" "+standing(p.Tests).plain())
		}
	}
	const listing = "Listing waiting for the list of tests"
	want := []string{
		listing, listing, listing, listing, listing, listing,
		"Running 1/3: 2 running, 1 passed, 1 skipped", "Running 1/3: 2 running, 1 passed, 1 skipped",
		"Running 1/3: 2 running, 1 passed, 1 skipped", "Running 1/3: 2 running, 1 passed, 1 skipped",
		"Running 2/3: 1 running, 2 passed (1 flaky), 1 skipped",
		"Running 2/3: 0 running, 2 passed (1 flaky), 1 skipped",
		"Running 3/3: 0 running, 2 passed (1 flaky), 1 failed (1 crashed), 1 skipped",
		"Running 3/3: 0 running, 2 passed (1 flaky), 1 failed (1 crashed), 1 skipped",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("progress (-want +got):\n%s", diff)
	}
}

func TestResults(t *testing.T) {
	s := newStory()
	for name, c := range map[string]struct {
		run     *v1alpha1.TestRun
		batches []*v1alpha1.TestBatch
		want    []string
	}{
		"a test without a verdict is pending while the run goes on": {
			s.at(v1alpha1.ReasonRunning, "", listed),
			[]*v1alpha1.TestBatch{s.batch(0, []outcome.Row{added, crashed1})},
			[]string{"0 passed 1", "2 pending 0", "3 pending 1"},
		},
		"and notRun, with the run's reason, at its end": {
			s.at("", "", ended),
			[]*v1alpha1.TestBatch{s.batch(0, []outcome.Row{added, crashed1})},
			[]string{"0 passed 1", "2 notRun(TestsFailed) 0", "3 crashed(signal 11) 1"},
		},
		"attempts may be in the ledgers of several batches": {
			s.at("", "", ended),
			[]*v1alpha1.TestBatch{s.batch(1, []outcome.Row{card2, crashed2}), s.batch(0, []outcome.Row{card1, crashed1})},
			[]string{"0 notRun(TestsFailed) 0", "2 passed 2 flaky", "3 crashed(signal 11) 2"},
		},
		"a row of a test that is not selected is nothing": {
			s.at("", "", ended),
			[]*v1alpha1.TestBatch{s.batch(0, []outcome.Row{ran(1, 1, outcome.Passed, 0), ran(99, 1, outcome.Failed, 0)})},
			[]string{"0 notRun(TestsFailed) 0", "2 notRun(TestsFailed) 0", "3 notRun(TestsFailed) 0"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			book := NewBook(s.cat, resolved(s))
			for _, b := range c.batches {
				if _, err := book.Read(b); err != nil {
					t.Fatal(err)
				}
			}
			var got []string
			for _, r := range book.Results(c.run) {
				got = append(got, brief(r))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("results (-want +got):\n%s", diff)
			}
		})
	}
}

func TestATestThatPassedAfterItsVerdictHasPassed(t *testing.T) {
	s := newStory()
	book := NewBook(s.cat, resolved(s))
	late := ran(3, 3, outcome.Passed, time.Minute)
	for i, rows := range [][]outcome.Row{{crashed1, crashed2}, {late}} {
		if _, err := book.Read(s.batch(int32(i), rows)); err != nil {
			t.Fatal(err)
		}
	}
	if want := (outcome.Tally{Passed: 1, Flaky: 1}); book.Tally != want {
		t.Errorf("tally %+v, want %+v", book.Tally, want)
	}
}

func TestTheLastWordTellsWhatFailedAndWasNotTriedAgain(t *testing.T) {
	s := newStory()
	f := &Follower{}
	f.Run(s.at("", "", ended), start)
	if _, err := f.Catalog(s.cat, resolved(s), start); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Batch(s.batch(0, []outcome.Row{added, card1, crashed1, crashed2}), start); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, a := range f.Ended(start).Repeated {
		got = append(got, a.Test.text().String()+" "+a.Row.Outcome.String())
	}
	if diff := cmp.Diff([]string{"unit::pay TestCard failed", `unit::pay TestRefund\x1b[2J crashed`}, got); diff != "" {
		t.Error(diff)
	}
}

func TestRunThatNobodyLooksAt(t *testing.T) {
	s := newStory()
	f := &Follower{}
	f.Run(s.run, start)
	var got []bool
	for _, after := range []time.Duration{0, 9 * time.Second, 11 * time.Second, 12 * time.Second} {
		_, told := f.neglected(start.Add(after))
		got = append(got, told)
	}
	if diff := cmp.Diff([]bool{false, false, true, false}, got); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}

func TestBrokenLedgerIsAnError(t *testing.T) {
	s := newStory()
	b := s.batch(0, nil)
	b.Status.Ledger = []byte("nonsense")
	if _, err := NewBook(s.cat, resolved(s)).Read(b); err == nil {
		t.Error("nonsense was read as a ledger")
	}
}

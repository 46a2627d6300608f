package collector_test

import (
	"context"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/wire"
)

func TestAWorkerRunsAllTestsAndItsLedgerIsSealed(t *testing.T) {
	w := newWorld(t, 30, interceptor.Funcs{})
	b := w.batch(0)
	l := w.leader()
	p := newReporter(t, b.Name)
	p.hello(l)
	p.work(l, func(a wire.Assignment) bool { return a.Ordinal == 7 || (a.Ordinal == 9 && a.Attempt == 1) })

	s := w.stored(b.Name).Status
	if !s.Sealed || s.Attempts != 32 || s.Acked != int64(len(p.messages)) || p.acked != s.Acked {
		t.Errorf("sealed %v, attempts %d, acked %d of %d", s.Sealed, s.Attempts, s.Acked, len(p.messages))
	}
	if diff := cmp.Diff(p.rows, w.rows(b.Name)); diff != "" {
		t.Errorf("the ledger is not what was reported: %s", diff)
	}
	if c := counts(l); c.Passed != 29 || c.Failed != 1 || c.Flaky != 1 || c.Pending != 0 {
		t.Errorf("counts are %+v", c)
	}
	wantFailures := []v1alpha1.Failure{{
		Test: "unit::a Test0007", Outcome: "failed", Message: "exited with code 1: Test0007",
		Attempts: 2, Duration: "8ms", Pod: b.Name,
	}}
	if diff := cmp.Diff(wantFailures, l.live.Failures()); diff != "" {
		t.Error(diff)
	}
	if slow := l.live.Slowest(); len(slow) != 10 || slow[0].Test != "unit::a Test0029" {
		t.Errorf("slowest are %v", slow)
	}
	if !l.live.Sealed(b.Name) {
		t.Error("the batch is not sealed")
	}
	closeBatch(t, l, b.Name, plan.End{Cause: plan.Finished}, nil)
	wantEnd := &v1alpha1.BatchEnd{Cause: "Finished"}
	if diff := cmp.Diff(wantEnd, w.stored(b.Name).Status.End); diff != "" {
		t.Error(diff)
	}
	if code := p.send(l, false); code != http.StatusGone {
		t.Errorf("a report to a closed batch was answered %d", code)
	}
}

func closeBatch(t *testing.T, l *leader, batch string, e plan.End, late []outcome.Row) {
	t.Helper()
	pod := v1alpha1.BatchPod{Name: batch, UID: "pod-uid"}
	if err := l.live.Close(context.Background(), batch, pod, e, late); err != nil {
		t.Fatal(err)
	}
}

func TestTheEndIsWrittenWithWhatCameAnotherWay(t *testing.T) {
	w := newWorld(t, 10, interceptor.Funcs{})
	b := w.batch(0)
	l := w.leader()
	p := newReporter(t, b.Name)
	p.hello(l)
	first := p.lease(l, 0, 0).Attempts
	p.ran(first[0], outcome.Passed)
	p.say(wire.Message{Kind: wire.KindStarted, Started: []wire.Held{{Ordinal: first[1].Ordinal, Attempt: 1}}})
	p.send(l, false)
	late := []outcome.Row{p.rows[0], {Ordinal: 5, Attempt: 1, Outcome: outcome.Passed}}
	closeBatch(t, l, b.Name, plan.End{Cause: plan.NodeLost, Message: "the node is gone"}, late)
	closeBatch(t, l, b.Name, plan.End{Cause: plan.Finished}, nil)

	if diff := cmp.Diff([]outcome.Row{p.rows[0], late[1]}, w.rows(b.Name)); diff != "" {
		t.Errorf("the ledger: %s", diff)
	}
	wantEnd := &v1alpha1.BatchEnd{
		Cause: "NodeLost", Message: "the node is gone",
		Lost: []v1alpha1.LostAttempt{{Ordinal: int64(first[1].Ordinal), Attempt: 1}},
	}
	if diff := cmp.Diff(wantEnd, w.stored(b.Name).Status.End); diff != "" {
		t.Error(diff)
	}
	if c := counts(l); c.Passed != 2 || c.Discarded != 0 || c.WorkersLost != 1 || c.Interrupted != 1 {
		t.Errorf("counts are %+v", c)
	}
}

func TestATestThatKillsItsLonePodIsOOMKilled(t *testing.T) {
	w := newWorld(t, 1, interceptor.Funcs{})
	b := w.batch(0, 0)
	l := w.leader()
	p := newReporter(t, b.Name)
	p.hello(l)
	a := p.lease(l, 0, 0).Attempts
	if len(a) != 1 {
		t.Fatalf("the lone worker got %v", a)
	}
	p.say(wire.Message{Kind: wire.KindStarted, Started: []wire.Held{{Ordinal: 0, Attempt: 1}}})
	p.send(l, false)
	closeBatch(t, l, b.Name, plan.End{Cause: plan.OOMKilled}, nil)
	want := []outcome.Row{{Ordinal: 0, Attempt: 1, Outcome: outcome.OOMKilled, Reason: outcome.KilledItsPod}}
	if diff := cmp.Diff(want, w.rows(b.Name)); diff != "" {
		t.Error(diff)
	}
}

func TestASealThatDoesNotAgreeLeavesTheLedgerOpen(t *testing.T) {
	w := newWorld(t, 4, interceptor.Funcs{})
	b := w.batch(0)
	l := w.leader()
	p := newReporter(t, b.Name)
	p.hello(l)
	p.ran(p.lease(l, 0, 0).Attempts[0], outcome.Passed)
	p.rows[0].Outcome = outcome.Skipped // the reporter's own book says otherwise
	p.messages[1].Row = &outcome.Row{Ordinal: p.rows[0].Ordinal, Attempt: 1, Outcome: outcome.Passed}
	p.seal()
	if code := p.send(l, true); code != http.StatusOK {
		t.Fatalf("the seal was answered %d", code)
	}
	if s := w.stored(b.Name).Status; s.Sealed || s.Acked != 3 {
		t.Errorf("sealed %v, acked %d", s.Sealed, s.Acked)
	}
}

func TestWhatWasNotAskedForIsDiscarded(t *testing.T) {
	w := newWorld(t, 4, interceptor.Funcs{})
	b := w.batch(0)
	l := w.leader()
	p := newReporter(t, b.Name)
	p.hello(l)
	ran := p.lease(l, 0, 0).Attempts[0]
	p.ran(ran, outcome.Passed)
	p.ran(ran, outcome.Failed)                                               // twice, with another verdict
	p.ran(wire.Assignment{Ordinal: 99, Attempt: 1}, outcome.Passed)          // not listed
	p.ran(wire.Assignment{Ordinal: 3, Attempt: 1}, outcome.NotRun)           // nothing that a worker may say
	p.ran(wire.Assignment{Ordinal: 3, Attempt: 0}, outcome.Passed)           // no attempt
	p.ran(wire.Assignment{Ordinal: 1 << 31, Attempt: 9}, outcome.Outcome(9)) // nonsense
	if code := p.send(l, true); code != http.StatusOK {
		t.Fatalf("answered %d", code)
	}
	s := w.stored(b.Name).Status
	if s.Attempts != 1 || s.Discarded != 5 || s.Acked != int64(len(p.messages)) {
		t.Errorf("attempts %d, discarded %d, acked %d", s.Attempts, s.Discarded, s.Acked)
	}
	p.seal()
	p.send(l, true)
	if !w.stored(b.Name).Status.Sealed {
		t.Error("a seal that counts what was discarded does not agree")
	}
}

func TestAfterTheVerdictNothingChanges(t *testing.T) {
	w := newWorld(t, 4, interceptor.Funcs{})
	b := w.batch(0)
	l := w.leader()
	p := newReporter(t, b.Name)
	p.hello(l)
	p.ran(p.lease(l, 0, 0).Attempts[0], outcome.Passed)
	before := counts(l)
	l.live.Freeze()
	if lease := p.lease(l, 0, 0); !lease.Drain || len(lease.Attempts) > 0 {
		t.Errorf("a worker got %+v after the end", lease)
	}
	p.seal()
	if code := p.send(l, true); code != http.StatusOK || p.acked != 3 {
		t.Errorf("the last report was answered %d, acked %d", code, p.acked)
	}
	late := []outcome.Row{{Ordinal: 2, Attempt: 1, Outcome: outcome.Passed}}
	closeBatch(t, l, b.Name, plan.End{Cause: plan.RunEnded}, late)
	if rows := w.rows(b.Name); len(rows) != 0 {
		t.Errorf("the ledger has %v", rows)
	}
	if after := counts(l); after.Passed != before.Passed {
		t.Errorf("counts are %+v", after)
	}
}

package collector_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/collector"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/wire"
)

// writes makes hooks of what happens to a write of a batch's status.
func writes(f func(write func() error) error) interceptor.Funcs {
	return interceptor.Funcs{SubResourceUpdate: func(
		ctx context.Context, c client.Client, sub string, obj client.Object, opts ...client.SubResourceUpdateOption,
	) error {
		return f(func() error { return c.SubResource(sub).Update(ctx, obj, opts...) })
	}}
}

func TestNothingIsAcknowledgedBeforeItIsDurable(t *testing.T) {
	arrived, goOn := make(chan struct{}), make(chan struct{})
	w := newWorld(t, 4, writes(func(write func() error) error {
		arrived <- struct{}{}
		<-goOn
		return write()
	}))
	b := w.batch(0)
	l := w.leader()
	p := newReporter(t, b.Name)
	p.hello(l)
	p.ran(p.lease(l, 0, 0).Attempts[0], outcome.Passed)
	p.send(l, false)
	if p.acked != 0 {
		t.Errorf("%d is acknowledged, and nothing is written", p.acked)
	}
	flushed := make(chan error, 1)
	go func() { flushed <- l.live.Flush(context.Background()) }()
	wantDone(t, "the write", arrived)
	if p.send(l, false); p.acked != 0 {
		t.Errorf("%d is acknowledged, and the write is under way", p.acked)
	}
	close(goOn)
	if err := <-flushed; err != nil {
		t.Fatal(err)
	}
	if p.send(l, false); p.acked != 2 {
		t.Errorf("%d is acknowledged after the write, want 2", p.acked)
	}
}

func TestAWriteWhoseAnswerIsLostCountsOnce(t *testing.T) {
	lose := true
	w := newWorld(t, 4, writes(func(write func() error) error {
		err := write()
		if lose {
			lose = false
			return errors.Join(err, errors.New("connection lost"))
		}
		return err
	}))
	b := w.batch(0)
	l := w.leader()
	p := newReporter(t, b.Name)
	p.hello(l)
	p.ran(p.lease(l, 0, 0).Attempts[0], outcome.Passed)
	if code := p.send(l, true); code != http.StatusServiceUnavailable || p.acked != 0 {
		t.Fatalf("answered %d, acked %d", code, p.acked)
	}
	if code := p.send(l, true); code != http.StatusOK || p.acked != 2 {
		t.Fatalf("answered %d, acked %d", code, p.acked)
	}
	if diff := cmp.Diff(p.rows, w.rows(b.Name)); diff != "" {
		t.Error(diff)
	}
	if c := counts(l); c.Passed != 1 || c.Discarded != 0 {
		t.Errorf("counts are %+v", c)
	}
}

func TestTheNextLeaderGoesOnWhereTheLedgerEnds(t *testing.T) {
	synctest.Test(t, takeOver)
}

func takeOver(t *testing.T) {
	w := newWorld(t, 8, interceptor.Funcs{})
	b := w.batch(0)
	first := w.leader()
	defer first.stop()
	p := newReporter(t, b.Name)
	p.hello(first)
	a := p.lease(first, 0, 0).Attempts
	p.ran(a[0], outcome.Passed)
	if p.send(first, true); p.acked != 2 {
		t.Fatalf("acked %d", p.acked)
	}
	p.ran(a[1], outcome.Failed)
	p.send(first, false) // taken in, never written

	second := w.leader()
	defer second.stop()
	if code := p.send(second, false); code != http.StatusConflict {
		t.Errorf("a reporter that has not said hello was answered %d", code)
	}
	p.hello(second)
	if p.acked != 2 {
		t.Errorf("the new leader has %d, want 2", p.acked)
	}
	p.send(second, false)
	p.work(second, nil)

	if diff := cmp.Diff(sorted(p.rows), sorted(w.rows(b.Name))); diff != "" {
		t.Errorf("lost or doubled: %s", diff)
	}
	if c := counts(second); c.Passed != 8 || c.Flaky != 1 || c.Discarded != 0 {
		t.Errorf("counts are %+v", c)
	}
	if !w.stored(b.Name).Status.Sealed {
		t.Error("the ledger is not sealed")
	}
}

func TestAReporterThatLostItsMemoryBeginsWhereTheLedgerEnds(t *testing.T) {
	w := newWorld(t, 8, interceptor.Funcs{})
	b := w.batch(0)
	l := w.leader()
	p := newReporter(t, b.Name)
	p.hello(l)
	p.ran(p.lease(l, 0, 0).Attempts[0], outcome.Passed)
	p.send(l, false)

	var reply wire.HelloReply
	l.ask(context.Background(), p.token, wire.PathHello, wire.Hello{Version: wire.Version, Ended: true}, &reply)
	if reply.Acked != 2 {
		t.Errorf("it is told to go on after %d, want 2: its forerunner has sent as much", reply.Acked)
	}
}

func TestWhatIsAcknowledgedOutlivesTwoLeadersAtOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t, 12, interceptor.Funcs{})
		b := w.batch(0)
		leaders := []*leader{w.leader(), w.leader()}
		p := newReporter(t, b.Name)
		at := leaders[0]
		p.hello(at)
		waiting := p.lease(at, 0, 0).Attempts
		for range rapid.IntRange(1, 40).Draw(t, "steps") {
			step := rapid.SampledFrom([]string{"switch", "run", "run", "send", "wait", "flush", "flush"}).Draw(t, "step")
			switch step {
			case "switch":
				at = leaders[rapid.IntRange(0, 1).Draw(t, "leader")]
				p.hello(at)
			case "run":
				if len(waiting) == 0 {
					waiting = tryLease(p, at)
				}
				if len(waiting) > 0 {
					p.ran(waiting[0], rapid.SampledFrom([]outcome.Outcome{outcome.Passed, outcome.Failed}).Draw(t, "outcome"))
					waiting = waiting[1:]
				}
			case "send", "wait":
				if p.send(at, step == "wait") == http.StatusConflict {
					p.hello(at)
				}
			case "flush":
				l := leaders[rapid.IntRange(0, 1).Draw(t, "flusher")]
				if err := l.live.Flush(context.Background()); err != nil {
					t.Fatalf("flush: %v", err)
				}
			}
			ledgerHoldsWhatIsAcknowledged(t, w, p)
		}
		for p.hello(at); p.send(at, true) == http.StatusConflict; p.hello(at) {
			t.Log("the leader had not read what the other has written")
		}
		if p.acked != int64(len(p.messages)) {
			t.Fatalf("%d of %d messages are acknowledged at the end", p.acked, len(p.messages))
		}
		for _, l := range leaders {
			if err := l.live.Flush(context.Background()); err != nil {
				t.Fatalf("flush: %v", err)
			}
		}
		ledgerHoldsWhatIsAcknowledged(t, w, p)
	})
}

func tryLease(p *reporter, l *leader) []wire.Assignment {
	var ready bool
	l.live.Update(func(s *plan.State) {
		c := s.Counts()
		ready = c.Pending > 0
	})
	if !ready || len(p.held) > 0 {
		return nil
	}
	ctx, stop := context.WithCancel(context.Background())
	stop() // what cannot be had at once is not waited for
	var lease wire.Lease
	req := wire.LeaseRequest{Version: wire.Version, Epoch: p.epoch}
	l.ask(ctx, p.token, wire.PathLease, req, &lease)
	for _, a := range lease.Attempts {
		p.held[[2]int{int(a.Ordinal), int(a.Attempt)}] = false
	}
	return lease.Attempts
}

// ledgerHoldsWhatIsAcknowledged: each acknowledged row is in the ledger, and no attempt is there twice.
func ledgerHoldsWhatIsAcknowledged(t *rapid.T, w *world, p *reporter) {
	t.Helper()
	seen := map[[2]int]outcome.Row{}
	for _, row := range w.rows(w.names[0]) {
		k := [2]int{int(row.Ordinal), int(row.Attempt)}
		if _, twice := seen[k]; twice {
			t.Fatalf("attempt %v is in the ledger twice", k)
		}
		seen[k] = row
	}
	for _, m := range p.messages[:p.acked] {
		if m.Row == nil {
			continue
		}
		if _, there := seen[[2]int{int(m.Row.Ordinal), int(m.Row.Attempt)}]; !there {
			t.Fatalf("row %+v is acknowledged and not in the ledger", *m.Row)
		}
	}
}

func TestABatchThatAnotherLeaderEndedIsReadAgain(t *testing.T) {
	w := newWorld(t, 8, interceptor.Funcs{})
	b := w.batch(0)
	old, next := w.leader(), w.leader()
	p := newReporter(t, b.Name)
	p.hello(old)
	p.ran(p.lease(old, 0, 0).Attempts[0], outcome.Passed)
	p.send(old, false) // the old leader has a row that is not written

	pod := v1alpha1.BatchPod{Name: b.Name, UID: "pod-uid"}
	if err := next.live.Close(context.Background(), b.Name, pod, plan.End{Cause: plan.Deleted}, nil); err != nil {
		t.Fatal(err)
	}
	if code := p.send(old, true); code != http.StatusServiceUnavailable || p.acked != 0 {
		t.Errorf("answered %d, acked %d", code, p.acked)
	}
	if old.runs.Get(runUID) != nil {
		t.Error("the old leader goes on with rows that will never be durable")
	}
	reopened := old.runs.Open(w.run, w.known(), w.facts(), w.batches())
	if reopened == old.live {
		t.Error("the run was not opened anew")
	}
	if rows := w.rows(b.Name); len(rows) != 0 {
		t.Errorf("rows were added after the end: %v", rows)
	}
}

func TestABatchThatIsGoneHasTheRunReadAgain(t *testing.T) {
	w := newWorld(t, 8, interceptor.Funcs{})
	b := w.batch(0)
	l := w.leader()
	p := newReporter(t, b.Name)
	p.hello(l)
	p.ran(p.lease(l, 0, 0).Attempts[0], outcome.Passed)
	if err := w.api.Delete(context.Background(), w.stored(b.Name)); err != nil {
		t.Fatal(err)
	}
	if code := p.send(l, true); code != http.StatusServiceUnavailable || p.acked != 0 {
		t.Errorf("answered %d, acked %d", code, p.acked)
	}
	if l.runs.Get(runUID) != nil {
		t.Error("the run goes on without its batch")
	}
}

func TestALedgerThatACacheHasStrippedIsReadBeforeItIsWritten(t *testing.T) {
	w := newWorld(t, 8, interceptor.Funcs{})
	b := w.batch(0)
	first := w.leader()
	p := newReporter(t, b.Name)
	p.hello(first)
	a := p.lease(first, 0, 0).Attempts
	p.ran(a[0], outcome.Passed)
	p.send(first, true)

	for name, second := range map[string]func() *leader{
		"at Open": func() *leader {
			stripped := w.batches()
			stripped[0].Status.Ledger = nil
			facts := w.facts()
			facts.Batches[0].Rows = nil
			l := &leader{t: t, runs: collector.NewRuns(w.api, collector.WithPace(0, 1000))}
			l.http = collector.Handler(l.runs, byToken{})
			l.live = l.runs.Open(w.run, w.known(), facts, stripped)
			return l
		},
		"at AddBatch": func() *leader {
			facts := w.facts()
			facts.Batches = nil
			l := &leader{t: t, runs: collector.NewRuns(w.api, collector.WithPace(0, 1000))}
			l.http = collector.Handler(l.runs, byToken{})
			l.live = l.runs.Open(w.run, w.known(), facts, nil)
			l.live.Update(func(s *plan.State) { s.Next(w.run.CreationTimestamp.Time) })
			l.live.AddBatch(w.stored(b.Name))
			return l
		},
	} {
		t.Run(name, func(t *testing.T) {
			l := second()
			p.hello(l)
			if err := l.live.Flush(context.Background()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(p.rows[:1], w.rows(b.Name)); diff != "" {
				t.Errorf("the ledger: %s", diff)
			}
			if c := counts(l); c.Passed != 1 {
				t.Errorf("counts are %+v", c)
			}
		})
	}
}

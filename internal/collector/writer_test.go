package collector_test

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/collector"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/records"
	"github.com/podtest/podtest/internal/wire"
)

// leading runs f with a leader that writes in the background.
func leading(t *testing.T, w *world, f func(*leader)) {
	t.Helper()
	l := w.leader(collector.WithPace(time.Second, 20))
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.runs.Start(ctx) }()
	defer func() {
		stop()
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}()
	f(l)
}

func TestALedgerIsWrittenAtMostOnceASecond(t *testing.T) {
	var n atomic.Int64
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 600, writes(func(write func() error) error {
			n.Add(1)
			return write()
		}))
		b := w.batch(0)
		leading(t, w, func(l *leader) {
			p := newReporter(t, b.Name)
			p.hello(l)
			for i := range 500 { // 100 a second
				p.ran(wire.Assignment{Ordinal: uint32(i), Attempt: 1}, outcome.Passed)
				p.send(l, false)
				time.Sleep(10 * time.Millisecond)
			}
			time.Sleep(2 * time.Second)
			if got := n.Load(); got < 4 || got > 6 {
				t.Errorf("%d writes in 5 s of results", got)
			}
			if p.send(l, false); p.acked != 1000 {
				t.Errorf("acked %d of 1000", p.acked)
			}
		})
	})
}

func TestAllLedgersTogetherKeepTheBudget(t *testing.T) {
	var n atomic.Int64
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 400, writes(func(write func() error) error {
			n.Add(1)
			return write()
		}))
		var all []*reporter
		for i := range 100 {
			all = append(all, newReporter(t, w.batch(i).Name))
		}
		leading(t, w, func(l *leader) {
			for i, p := range all {
				p.hello(l)
				p.ran(wire.Assignment{Ordinal: uint32(i), Attempt: 1}, outcome.Passed)
				p.send(l, false)
			}
			time.Sleep(2 * time.Second)
			if got := n.Load(); got < 30 || got > 60 {
				t.Errorf("%d writes in 2 s, want about 40", got)
			}
			time.Sleep(5 * time.Second)
			if got := n.Load(); got != 100 {
				t.Errorf("%d writes in all, want 100", got)
			}
		})
	})
}

func TestALeaderThatEndsWritesWhatItHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 4, interceptor.Funcs{})
		b := w.batch(0)
		leading(t, w, func(l *leader) {
			p := newReporter(t, b.Name)
			p.hello(l)
			p.ran(wire.Assignment{Ordinal: 1, Attempt: 1}, outcome.Passed)
			p.send(l, false)
		})
		if rows := w.rows(b.Name); len(rows) != 1 {
			t.Errorf("the ledger has %v", rows)
		}
	})
}

func TestTheReconcilerIsToldOnceASecondAndAtOnceOfTheFirstFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 400, interceptor.Funcs{})
		b := w.batch(0)
		leading(t, w, func(l *leader) {
			var told []time.Duration
			began := time.Now()
			var listener sync.WaitGroup
			listener.Go(func() {
				for len(told) < 5 {
					e := <-l.runs.Changed()
					if e.Object.GetName() != "smoke" || e.Object.GetNamespace() != "ns" {
						t.Errorf("told of %s", e.Object.GetName())
					}
					told = append(told, time.Since(began).Round(10*time.Millisecond))
				}
			})
			p := newReporter(t, b.Name)
			p.hello(l)
			for i := range 300 {
				o := outcome.Passed
				if i == 150 {
					o = outcome.Failed
				}
				p.ran(wire.Assignment{Ordinal: uint32(i), Attempt: 1}, o)
				if o == outcome.Failed {
					p.ran(wire.Assignment{Ordinal: uint32(i), Attempt: 2}, o)
				}
				p.send(l, false)
				time.Sleep(10 * time.Millisecond)
			}
			listener.Wait()
			want := []time.Duration{0, time.Second, 1500 * time.Millisecond, 2500 * time.Millisecond, 3500 * time.Millisecond}
			if !slices.Equal(told, want) {
				t.Errorf("told at %v, want %v", told, want)
			}
		})
	})
}

func TestOutputIsKeptAndMayBeDropped(t *testing.T) {
	w := newWorld(t, 400, interceptor.Funcs{})
	b := w.batch(0)
	synctest.Test(t, func(t *testing.T) {
		big := make([]byte, 5<<19)
		leading(t, w, func(l *leader) {
			p := newReporter(t, b.Name)
			p.hello(l)
			out := func(ordinal uint32, text []byte) wire.Output {
				return wire.Output{Ordinal: ordinal, Attempt: 1, Stdout: wire.Stream{Head: text}}
			}
			for _, outputs := range [][]wire.Output{
				{out(1, []byte("one\xff")), out(2, []byte("two"))},
				{out(9999, []byte("of no test"))},
				{out(3, big), out(4, big)}, // the second is too much
			} {
				req := wire.OutputReport{Version: 1, Epoch: p.epoch, Outputs: outputs}
				if code := l.ask(context.Background(), p.token, wire.PathOutput, req, nil); code != 200 {
					t.Fatalf("answered %d", code)
				}
				time.Sleep(10 * time.Second)
			}
		})
	})
	var got []uint32
	err := records.LoadOutputs(context.Background(), w.api, w.run, func(batch string, o wire.Output) error {
		got = append(got, o.Ordinal)
		if batch != b.Name || (o.Ordinal == 1 && string(o.Stdout.Head) != "one\xff") {
			t.Errorf("batch %s printed %q", batch, o.Stdout.Head)
		}
		return nil
	})
	if err != nil || !slices.Equal(got, []uint32{1, 2, 3}) {
		t.Errorf("outputs of %v are kept, error %v", got, err)
	}
	var list v1alpha1.TestRecordList
	if err := w.api.List(context.Background(), &list); err != nil || len(list.Items) != 2 {
		t.Errorf("%d records, error %v", len(list.Items), err)
	}
}

package collector_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/collector"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/wire"
)

// meddling makes a third of all writes go wrong: not done, done without an answer, or preceded by another's.
func meddling() interceptor.Funcs {
	return interceptor.Funcs{SubResourceUpdate: func(
		ctx context.Context, c client.Client, sub string, obj client.Object, opts ...client.SubResourceUpdateOption,
	) error {
		switch rand.IntN(9) {
		case 0:
			return errors.New("not done")
		case 1:
			return errors.Join(c.SubResource(sub).Update(ctx, obj, opts...), errors.New("done, but nobody was told"))
		case 2:
			other := &v1alpha1.TestBatch{}
			if err := c.Get(ctx, client.ObjectKeyFromObject(obj), other); err != nil {
				return err
			}
			other.Labels = map[string]string{"meddled": time.Now().Format("150405.000000")}
			if err := c.Update(ctx, other); err != nil {
				return err
			}
		}
		return c.SubResource(sub).Update(ctx, obj, opts...)
	}}
}

func TestManyWorkersAndBadLuckLeaveSoundLedgers(t *testing.T) {
	const tests, workers = 1000, 16
	w := newWorld(t, tests, meddling())
	var all []*reporter
	for i := range workers {
		all = append(all, newReporter(t, w.batch(i).Name))
	}
	l := w.leader(collector.WithPace(5*time.Millisecond, 10_000))
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- l.runs.Start(ctx) }()
	var wg sync.WaitGroup
	for _, p := range all {
		wg.Go(func() { toil(t, l, p) })
	}
	wg.Wait()
	if c := counts(l); c.Passed != tests || c.Pending != 0 || c.WorkersFinished != workers {
		t.Errorf("counts are %+v", c)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	next := w.leader()
	defer next.stop()
	if c := counts(next); c.Passed != tests || c.Discarded != 0 || c.WorkersFinished != workers {
		t.Errorf("the next leader counts %+v", c)
	}
}

// toil is a worker's life, with a client that asks again after any error.
func toil(t *testing.T, l *leader, p *reporter) {
	ask := func(path string, body, reply any) {
		for l.ask(context.Background(), p.token, path, body, reply) != 200 {
			time.Sleep(time.Millisecond)
		}
	}
	var hello wire.HelloReply
	ask(wire.PathHello, wire.Hello{Version: wire.Version}, &hello)
	p.epoch = hello.Epoch
	for drain := false; !drain; {
		var lease wire.Lease
		ask(wire.PathLease, wire.LeaseRequest{Version: wire.Version, Epoch: p.epoch}, &lease)
		for _, a := range lease.Attempts {
			p.ran(a, passedAfterOne(a))
		}
		p.send(l, false)
		drain = lease.Drain
	}
	p.seal()
	for p.send(l, true) != 200 || p.acked < int64(len(p.messages)) {
		time.Sleep(time.Millisecond)
	}
	pod := v1alpha1.BatchPod{Name: "pod", UID: "pod-uid"}
	batch := p.token[:len("smoke-w00000")]
	if !l.live.Sealed(batch) {
		t.Errorf("batch %s is not sealed", batch)
	}
	for l.live.Close(context.Background(), batch, pod, plan.End{Cause: plan.Finished}, nil) != nil {
		time.Sleep(time.Millisecond)
	}
}

package reporter

import (
	"context"
	"sync"
	"time"

	"github.com/podtest/podtest/internal/wire"
)

const (
	// emptyPause keeps a collector that answers at once, with nothing, from being asked without end.
	emptyPause = 100 * time.Millisecond
	// fullPause is how long a runner that wants nothing is left alone. Then it is asked for all the same: the answer
	// may be that what runs is to be ended.
	fullPause = 500 * time.Millisecond
	// drainedPause is likewise for a runner that gets no more work.
	drainedPause = time.Second
)

// askForWork asks until the runner is gone, one request at a time, and hands on what it gets.
func (r *reporter) askForWork(ctx context.Context, n *runner) {
	if r.config.Mode != "run" {
		return
	}
	for drained := false; ; {
		pause := fullPause
		if drained {
			pause = drainedPause
		}
		ask, err := r.awaitHunger(ctx, pause, drained)
		if err != nil {
			return
		}
		// What ended before must be known to who decides what comes next.
		if r.book.flush(ctx) != nil {
			return
		}
		lease, err := r.ask(ctx, ask)
		if err != nil {
			return
		}
		if drained && lease.Stop == "" {
			continue
		}
		drained = drained || lease.Drain
		if n.send(wire.ToRunner{Lease: &lease}) != nil {
			return
		}
		if len(lease.Attempts) == 0 {
			linger(ctx, emptyPause)
		}
	}
}

// ask waits for the answer. If the runner grows hungry meanwhile, the collector is told at once what has started: it
// looks again then.
func (r *reporter) ask(ctx context.Context, ask wire.LeaseRequest) (wire.Lease, error) {
	waiting, answered := context.WithCancel(ctx)
	var telling sync.WaitGroup
	telling.Go(func() {
		for {
			select {
			case <-waiting.Done():
				return
			case <-r.book.hunger:
			}
			if hungry, _ := r.book.wants(); hungry && r.book.flush(waiting) != nil {
				return
			}
		}
	})
	defer telling.Wait()
	defer answered()
	var lease wire.Lease
	err := r.session.call(ctx, wire.PathLease, func(epoch string) any {
		lease = wire.Lease{}
		ask.Version, ask.Epoch = wire.Version, epoch
		return ask
	}, &lease)
	if err == nil {
		lease.Attempts = r.book.lease(&lease)
	}
	return lease, err
}

// awaitHunger returns the question when the runner could take more, or when it was left alone for long enough.
func (r *reporter) awaitHunger(ctx context.Context, pause time.Duration, drained bool) (wire.LeaseRequest, error) {
	alone := time.NewTimer(pause)
	defer alone.Stop()
	for {
		hungry, ask := r.book.wants()
		if hungry && !drained {
			return ask, ctx.Err()
		}
		select {
		case <-ctx.Done():
			return ask, ctx.Err()
		case <-alone.C:
			return ask, nil
		case <-r.book.hunger:
		}
	}
}

package collector

import (
	"context"
	"errors"
	"sync"
	"time"

	ctrl "sigs.k8s.io/controller-runtime"
)

var log = ctrl.Log.WithName("collector")

// lastWrites is how long a leader that ends has to write what it holds. What it does not write is resent by the
// reporters to the next one.
const lastWrites = 5 * time.Second

// saveAgain is after how long a write that failed is tried again.
const saveAgain = time.Second

// NeedLeaderElection makes only the leader write.
func (r *Runs) NeedLeaderElection() bool { return true }

// Start writes what is to be written in the background and feeds Changed, until ctx is done.
func (r *Runs) Start(ctx context.Context) error {
	var wg sync.WaitGroup
	wg.Go(func() { r.notices.send(ctx) })
	wg.Go(func() { r.writeOutputs(ctx) })
	for range parallelSaves {
		wg.Go(func() { r.writeLedgers(ctx) })
	}
	<-ctx.Done()
	r.notices.queue.ShutDown()
	r.dirty.ShutDown()
	r.spools.ShutDown()
	wg.Wait()
	ctx, stop := context.WithTimeout(context.WithoutCancel(ctx), lastWrites)
	defer stop()
	if err := r.flush(ctx); err != nil {
		log.Info("not all ledgers were written at the end: reporters will send again", "error", err.Error())
	}
	return nil
}

func (r *Runs) flush(ctx context.Context) error {
	r.mu.Lock()
	all := make([]*Run, 0, len(r.open))
	for _, run := range r.open {
		all = append(all, run)
	}
	r.mu.Unlock()
	var errs []error
	for _, run := range all {
		errs = append(errs, run.Flush(ctx))
	}
	return errors.Join(errs...)
}

func (r *Runs) writeLedgers(ctx context.Context) {
	for {
		l, down := r.dirty.Get()
		if down {
			return
		}
		err := l.save(ctx)
		if err != nil && !errors.Is(err, errReopened) && ctx.Err() == nil {
			log.Info("a ledger could not be written, and will be again", "batch", l.batch.Name, "error", err.Error())
			r.dirty.AddAfter(l, saveAgain)
		}
		r.dirty.Done(l)
	}
}

func (r *Runs) writeOutputs(ctx context.Context) {
	for {
		s, down := r.spools.Get()
		if down {
			return
		}
		if err := s.write(ctx); err != nil && ctx.Err() == nil {
			log.Info("output was dropped", "error", err.Error())
		}
		r.spools.Done(s)
	}
}

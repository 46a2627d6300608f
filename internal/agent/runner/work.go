package runner

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/podtest/podtest/internal/agent/process"
	"github.com/podtest/podtest/internal/wire"
)

// longestGrace bounds how long running tests have when the whole pod is ended: the kubelet does not wait either.
const longestGrace = 10 * time.Second

// work runs what the reporter hands over, on as many slots as configured.
func (r *runner) work(ctx context.Context) error {
	if err := r.send(wire.ToReporter{Want: &wire.Want{}}); err != nil {
		return err
	}
	temp := newTempRoot()
	defer temp.remove()
	q := newQueue()
	stopped := make(chan struct{})
	served := r.serve(q, temp, stopped)
	ended := make(chan error, 1)
	go func() { ended <- r.receive(func(m wire.ToRunner) bool { return take(q, m) }) }()

	var err error
	select {
	case <-served: // drained
	case err = <-ended: // nobody waits for results any more
		close(stopped)
	case <-ctx.Done():
		close(stopped)
	}
	q.close()
	<-served
	r.options.Family.Sweep("")
	return r.farewell(ctx, err)
}

// serve starts the slots; the channel is closed when all of them have ended.
func (r *runner) serve(q *queue, temp tempRoot, stopped <-chan struct{}) <-chan struct{} {
	served := make(chan struct{})
	var running sync.WaitGroup
	for range max(1, r.config.Slots) {
		s := r.newSlot(temp, stopped)
		running.Go(func() { s.serve(q) })
	}
	go func() {
		running.Wait()
		close(served)
	}()
	return served
}

// take does what a line from the reporter says; false: exit.
func take(q *queue, m wire.ToRunner) bool {
	if m.Lease != nil {
		q.add(m.Lease)
		if m.Lease.Drain {
			q.close()
		}
	}
	return m.Done == nil
}

func (r *runner) farewell(ctx context.Context, err error) error {
	switch {
	case err != nil:
		return err
	case ctx.Err() != nil:
		return r.bye(fmt.Sprintf("ended from outside: %s", context.Cause(ctx)), context.Cause(ctx))
	}
	return r.bye("", nil)
}

func (r *runner) newSlot(temp tempRoot, stopped <-chan struct{}) *slot {
	ms := func(n int64) time.Duration { return time.Duration(n) * time.Millisecond }
	grace := ms(r.config.GraceMS)
	return &slot{
		runner: r, temp: tempDir{root: temp}, oom: openOOMCounter(), environ: newEnviron(r.options.Environ, r.config),
		limits:  process.Limits{Terminate: ms(r.config.TerminateMS), Grace: grace, Leak: ms(r.config.LeakMS)},
		process: process.Runner{Stop: stopped, StopGrace: min(grace, longestGrace), Family: r.options.Family},
	}
}

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
	r.live = r.newLive()
	defer r.live.close()
	q, stop := newQueue(max(1, r.config.Slots)), process.NewStopper()
	served := r.serve(q, temp, stop)
	ended := make(chan error, 1)
	go func() { ended <- r.receive(func(m wire.ToRunner) bool { return take(q, stop, m) }) }()

	var err error
	drained := false
	select {
	case <-served:
		drained = true
	case err = <-ended: // nobody waits for results any more
	case <-ctx.Done():
	}
	q.close()
	if !drained {
		stop.Stop(min(ms(r.config.GraceMS), longestGrace))
	}
	<-served
	r.options.Family.Sweep()
	return r.farewell(ctx, err)
}

// serve starts the slots; the channel is closed when all of them have ended.
func (r *runner) serve(q *queue, temp tempRoot, stop *process.Stopper) <-chan struct{} {
	served := make(chan struct{})
	var running sync.WaitGroup
	for range q.slots {
		s := r.newSlot(temp, stop)
		running.Go(func() { s.serve(q) })
	}
	go func() {
		running.Wait()
		close(served)
	}()
	return served
}

// take does what a line from the reporter says; false: exit.
func take(q *queue, stop *process.Stopper, m wire.ToRunner) bool {
	if m.Lease != nil {
		q.add(m.Lease)
		if m.Lease.Drain || m.Lease.Stop != "" {
			q.close()
		}
		switch m.Lease.Stop {
		case wire.StopTerminate:
			stop.Stop(process.OwnGrace)
		case wire.StopKill:
			stop.Stop(0)
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

func (r *runner) newSlot(temp tempRoot, stop *process.Stopper) *slot {
	return &slot{
		runner: r, temp: tempDir{root: temp}, oom: openOOMCounter(), environ: r.options.environ(r.config),
		process: process.Runner{Stop: stop, Family: r.options.Family},
	}
}

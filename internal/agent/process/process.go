// Package process starts the processes of tests and sees them to their end: each the leader of a process group of
// its own, nothing on standard input, both streams captured in bounded memory and never blocked, and nothing of the
// group left when it is over. It knows nothing of tests, and Linux only.
package process

import (
	"io"
	"os"
	"syscall"
	"time"
)

// Command says what to start.
type Command struct {
	Argv []string
	Dir  string
	Env  []string
	// Mark is an entry of Env that no other process that runs now has: what left the group is known by it. It may be
	// empty.
	Mark string
	// Watch, if set, is given all of standard output as it comes, whatever is kept of it.
	Watch io.Writer
}

// Limits says how long things may take.
type Limits struct {
	Terminate time.Duration // when the group is sent SIGTERM; 0: never
	Grace     time.Duration // from SIGTERM to SIGKILL
	Leak      time.Duration // how long the streams may stay open, and descendants live, after the process has ended
}

// End is how a process ended.
type End struct {
	Status   syscall.WaitStatus
	Start    time.Time
	Duration time.Duration
	CPU      time.Duration
	PeakRSS  uint64 // KiB
	TimedOut bool   // ended for Limits.Terminate
	Stopped  bool   // ended by Stop
	Open     bool   // a stream was still open after Limits.Leak
	Leaky    bool   // it was, or a descendant was still alive
	// Survivors are the descendants that were alive then, such as "sleep (pid 7)"; a few, for people.
	Survivors []string
}

// Runner runs one process at a time and uses its memory again for the next. The zero value is ready.
type Runner struct {
	Stdout, Stderr Stream
	// Stop ends the process that runs.
	Stop *Stopper
	// Family is told of each process; nil: nobody looks after orphans.
	Family *Family

	buffers [2][]byte
}

// Run starts a process and returns when it has ended and its group is gone. An error says that it could not be started.
func (r *Runner) Run(c Command, l Limits) (End, error) {
	r.Stdout.Reset()
	r.Stderr.Reset()
	out, err := newPipe()
	if err != nil {
		return End{}, err
	}
	defer out.close()
	errs, err := newPipe()
	if err != nil {
		return End{}, err
	}
	defer errs.close()

	start := time.Now()
	pid, err := r.Family.spawn(c, out, errs)
	if err != nil {
		return End{Start: start}, err
	}
	out.started()
	errs.started()
	end := r.follow(child{pid: pid, start: start, pipes: [2]*pipe{out, errs}}, c, l)
	r.Family.forget(pid)
	return end, nil
}

type child struct {
	pid   int
	start time.Time
	pipes [2]*pipe
}

// follow sees a process to its end. The leader stays a zombie until its group has been killed, so that the group's
// number cannot be another's by then.
func (r *Runner) follow(c child, cmd Command, l Limits) End {
	drained := make(chan struct{}, 2)
	go r.capture(0, c.pipes[0].read, tee(&r.Stdout, cmd.Watch), drained)
	go r.capture(1, c.pipes[1].read, &r.Stderr, drained)
	exited := make(chan struct{})
	go func() {
		awaitExit(c.pid)
		close(exited)
	}()

	end := End{Start: c.start}
	(&ending{pid: c.pid, exited: exited, limits: l, stop: r.Stop, end: &end}).await()
	end.Duration = time.Since(c.start)
	leakAt := time.Now().Add(l.Leak)
	kin := kin{leader: c.pid, mark: cmd.Mark}
	end.Open = !r.awaitDrained(drained, c, l.Leak)
	if !end.Stopped {
		end.Survivors = r.survivors(kin, end.Open, leakAt)
	}
	end.Leaky = end.Open || len(end.Survivors) > 0
	kill(c.pid, syscall.SIGKILL)
	r.Family.end(kin)
	reap(c.pid, &end)
	return end
}

// awaitDrained waits for both streams to end; false: they were held open for too long. When all is to be stopped, they
// are not waited for, and nobody is blamed.
func (r *Runner) awaitDrained(drained <-chan struct{}, c child, leak time.Duration) bool {
	deadline := time.NewTimer(leak)
	defer deadline.Stop()
	left, ok := 2, true
	stopped, _, changed := r.Stop.order()
	for left > 0 && ok && !stopped {
		select {
		case <-drained:
			left--
		case <-deadline.C:
			ok = false
		case <-changed:
			stopped = true
		}
	}
	if left > 0 {
		for _, p := range c.pipes {
			_ = p.read.SetReadDeadline(time.Unix(1, 0))
		}
	}
	for range left {
		<-drained
	}
	return ok
}

const readSize = 32 << 10

func (r *Runner) capture(i int, from *os.File, to io.Writer, drained chan<- struct{}) {
	if r.buffers[i] == nil {
		r.buffers[i] = make([]byte, readSize)
	}
	for {
		n, err := from.Read(r.buffers[i])
		_, _ = to.Write(r.buffers[i][:n])
		if err != nil {
			drained <- struct{}{}
			return
		}
	}
}

func tee(kept *Stream, watch io.Writer) io.Writer {
	if watch == nil {
		return kept
	}
	return io.MultiWriter(kept, watch)
}

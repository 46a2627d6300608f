package process

import (
	"syscall"
	"time"
)

// ending is a process that is seen to its end.
type ending struct {
	pid      int
	exited   <-chan struct{}
	limits   Limits
	stop     *Stopper
	signaled bool      // SIGTERM was sent
	killAt   time.Time // once signaled
	end      *End
}

// await returns when the process has exited, and ends it when its time is over or when told to.
func (e *ending) await() {
	timeout := after(e.limits.Terminate)
	for {
		stopped, longest, changed := e.stop.order()
		if stopped && !isClosed(e.exited) {
			// A test whose time was over before has its verdict already.
			e.end.Stopped = !e.end.TimedOut
			e.within(min(e.limits.Grace, longest))
		}
		var deadline <-chan time.Time
		if e.signaled {
			deadline = time.After(time.Until(e.killAt))
		}
		select { // most processes need no timer
		case <-e.exited:
			return
		case <-changed:
		case <-timeout:
			timeout = nil
			if !e.signaled {
				e.end.TimedOut = true
				e.within(e.limits.Grace)
			}
		case <-deadline:
			kill(e.pid, syscall.SIGKILL)
			<-e.exited
			return
		}
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}

// within ends the process: SIGKILL comes so much later than SIGTERM, or earlier if that was said before.
func (e *ending) within(grace time.Duration) {
	at := time.Now().Add(grace)
	if !e.signaled || at.Before(e.killAt) {
		e.killAt = at
	}
	if !e.signaled && grace > 0 {
		kill(e.pid, syscall.SIGTERM)
	}
	e.signaled = true
}

func after(d time.Duration) <-chan time.Time {
	if d <= 0 {
		return nil
	}
	return time.After(d)
}

package collector

import (
	"context"
	"time"

	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/wire"
)

// How long a worker's question waits for work. One that was told with attempts still waiting grows stale sooner.
const (
	longPoll  = 20 * time.Second
	shortPoll = 2 * time.Second
)

// lease answers when there is work for the caller, when there never will be, or when it is time to ask anew.
func (r *Run) lease(ctx context.Context, c Caller, req wire.LeaseRequest) (wire.Lease, error) {
	poll := make(chan struct{})
	l, err := r.takePlace(c, req.Epoch, poll)
	if err != nil {
		return wire.Lease{}, err
	}
	defer r.leavePlace(l, poll)
	limit := longPoll
	if req.Queued > 0 {
		limit = shortPoll
	}
	timeout := time.NewTimer(limit)
	defer timeout.Stop()
	for {
		a, err := r.grant(ctx, l, req, poll)
		if err != nil || a.final {
			return a.lease, err
		}
		select {
		case <-a.wake:
		case <-l.nudge:
		case <-a.again(r.now()):
		case <-poll:
		case <-timeout.C:
			return wire.Lease{}, nil
		case <-ctx.Done():
			return wire.Lease{}, errNotYet
		}
	}
}

// takePlace makes a question the one of its batch; one that waits already is answered with nothing.
func (r *Run) takePlace(c Caller, epoch string, poll chan struct{}) (*ledger, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l, err := r.enter(c, epoch)
	if err != nil {
		return nil, err
	}
	l.cancelPoll()
	l.poll = poll
	return l, nil
}

func (r *Run) leavePlace(l *ledger, poll chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l.poll == poll {
		l.poll = nil
	}
}

// answer is what can be said to a worker now, and if it is not final, when to look again.
type answer struct {
	lease wire.Lease
	final bool
	wake  <-chan struct{}
	at    time.Time
}

// again fires when looking again may help though nothing happens.
func (a answer) again(now time.Time) <-chan time.Time {
	if a.at.IsZero() {
		return nil
	}
	return time.After(max(a.at.Sub(now), 10*time.Millisecond))
}

func (r *Run) grant(ctx context.Context, l *ledger, req wire.LeaseRequest, poll chan struct{}) (answer, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.dropped:
		return answer{}, errNotYet
	case l.end != nil:
		return answer{}, errOver
	case l.poll != poll || ctx.Err() != nil: // nobody would hear the answer
		return answer{final: true}, nil
	case r.frozen:
		return answer{lease: wire.Lease{Drain: true}, final: true}, nil
	}
	queued, running := l.load(req)
	g := r.state.Grant(l.index, plan.Ask{Queued: queued, Running: running, Load: req.Load}, r.now())
	if len(g.Attempts) == 0 && !g.Drain {
		return answer{wake: r.wake, at: g.Again}, nil
	}
	for _, h := range g.Attempts {
		l.held[attempt{h.Ordinal, h.Attempt}] = time.Time{}
	}
	return answer{lease: manifest.Lease(r.cat, r.set, r.told, g), final: true}, nil
}

// load is how much the worker has to do: what it told when it asked, but no more than what is known by now.
func (l *ledger) load(req wire.LeaseRequest) (queued, running int) {
	begun := 0
	for _, began := range l.held {
		if !began.IsZero() {
			begun++
		}
	}
	return max(0, min(req.Queued, len(l.held)-begun)), max(0, min(req.Running, begun))
}

package collector

import (
	"context"
	"time"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/wire"
)

// hello greets the reporter of a worker: what it holds is taken for what it holds. What had come before is made
// durable, so that a reporter that has lost its memory begins where the ledger ends.
func (r *Run) hello(ctx context.Context, c Caller, h wire.Hello) (wire.HelloReply, error) {
	l, err := r.greet(c, h)
	if err != nil {
		return wire.HelloReply{}, err
	}
	r.mu.Lock()
	behind := l.unread || l.received != l.acked()
	r.mu.Unlock()
	if behind {
		if err := l.save(ctx); err != nil {
			return wire.HelloReply{}, err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return wire.HelloReply{Epoch: r.epoch, Acked: l.acked(), Config: manifest.AgentConfig(r.run, manifest.AgentRuns)}, nil
}

func (r *Run) greet(c Caller, h wire.Hello) (*ledger, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l, err := r.find(c)
	if err != nil {
		return nil, err
	}
	if l.pod == nil || l.pod.UID == "" {
		node := c.Pod.Node
		if node == "" {
			node = cut(h.Node, 253)
		}
		l.pod = &v1alpha1.BatchPod{Name: c.Pod.Name, UID: c.Pod.UID, Node: node}
	}
	l.cancelPoll() // its answer would come too late: what it brought is not among what is held
	known := l.known()
	held := h.Held[:0:0]
	before := l.held
	l.held = map[attempt]time.Time{}
	for _, one := range h.Held {
		a := attempt{one.Ordinal, one.Attempt}
		if known[a] || (h.Ended && !one.Started) { // what a dead runner has not started it never will
			continue
		}
		l.held[a] = time.Time{}
		if one.Started {
			l.held[a] = before[a]
			l.begins(a)
		}
		held = append(held, one)
	}
	l.greeted = true
	if !r.frozen {
		r.state.Announce(l.index, heldOf(held), r.now())
	}
	r.rouse()
	return l, nil
}

func (l *ledger) cancelPoll() {
	if l.poll != nil {
		close(l.poll)
		l.poll = nil
	}
}

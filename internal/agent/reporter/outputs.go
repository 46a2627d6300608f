package reporter

import (
	"context"
	"sync"

	"github.com/podtest/podtest/internal/wire"
)

// Limits of what failed tests printed, in bytes.
const (
	outputsHeld    = 8 << 20
	outputsAtATime = 1 << 20
)

// outputs is a bounded queue: what does not fit is dropped and counted, never waited for.
type outputs struct {
	mu      sync.Mutex
	waiting []wire.Output
	size    int
	dropped int64
	closed  bool
	taken   int // being sent
	news    chan struct{}
}

func newOutputs() *outputs { return &outputs{news: make(chan struct{}, 1)} }

func sizeOf(o wire.Output) int {
	return 128 + len(o.Stdout.Head) + len(o.Stdout.Tail) + len(o.Stderr.Head) + len(o.Stderr.Tail)
}

func (q *outputs) add(o wire.Output) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed || q.size+sizeOf(o) > outputsHeld {
		q.dropped++
		return
	}
	q.waiting = append(q.waiting, o)
	q.size += sizeOf(o)
	signal(q.news)
}

// close says that nothing follows; true: and nothing is left to be sent.
func (q *outputs) close() bool {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.closed = true
	signal(q.news)
	return len(q.waiting)+q.taken == 0
}

// take removes what to send next; more is false when nothing will follow.
func (q *outputs) take() (some []wire.Output, dropped int64, more bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	size, n := 0, 0
	for n < len(q.waiting) && (n == 0 || size+sizeOf(q.waiting[n]) <= outputsAtATime) {
		size += sizeOf(q.waiting[n])
		n++
	}
	some, q.taken = q.waiting[:n:n], n
	q.waiting, q.size = q.waiting[n:], q.size-size
	return some, q.dropped, n > 0 || !q.closed
}

// sendOutputs sends what failed tests printed, beside everything else.
func (r *reporter) sendOutputs(ctx context.Context) {
	select {
	case <-r.configured:
	case <-ctx.Done():
		return
	}
	for {
		some, dropped, more := r.outputs.take()
		if !more {
			return
		}
		if len(some) == 0 {
			select {
			case <-r.outputs.news:
			case <-ctx.Done():
				return
			}
			continue
		}
		err := r.session.call(ctx, wire.PathOutput, func(epoch string) any {
			return wire.OutputReport{Version: wire.Version, Epoch: epoch, Outputs: some, Dropped: dropped}
		}, nil)
		if err != nil {
			return
		}
	}
}

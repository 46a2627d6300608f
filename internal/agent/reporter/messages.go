package reporter

import (
	"context"
	"slices"
	"time"

	"github.com/podtest/podtest/internal/wire"
)

// When what is new is sent.
const (
	batchResults = 100
	batchBytes   = 64 << 10
	batchDelay   = 100 * time.Millisecond
)

// add numbers a message. Call with mu held.
func (b *book) add(m wire.Message, size int) {
	m.Seq = b.next
	b.next++
	b.messages = append(b.messages, m)
	b.size += size
	first := b.sent == m.Seq-1
	if first {
		b.since = time.Now()
	}
	if first || b.urgent || b.full() {
		signal(b.news)
	}
}

func (b *book) full() bool { return b.next-1-b.sent >= batchResults || b.size >= batchBytes }

// welcomed: the collector knows all up to acked; the rest is to be sent again.
func (b *book) welcomed(acked int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.next == 1 { // numbers that a forerunner used are not used again
		b.next = acked + 1
	}
	b.acknowledge(acked)
	b.sent, b.urgent = b.acked(), true
	signal(b.news)
}

// acked is the number of the last message that was acknowledged. Call with mu held.
func (b *book) acked() int64 {
	if len(b.messages) == 0 {
		return b.next - 1
	}
	return b.messages[0].Seq - 1
}

// answered: a report up to the message sent was answered.
func (b *book) answered(sent, acked int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.acknowledge(acked)
	b.sent = max(b.sent, sent)
	if b.sent == b.next-1 {
		b.size, b.urgent = 0, false
	}
	b.since = time.Now()
	signal(b.flushed)
}

// acknowledge forgets what is durable. Call with mu held.
func (b *book) acknowledge(upTo int64) {
	n := 0
	for n < len(b.messages) && b.messages[n].Seq <= upTo {
		if row := b.messages[n].Row; row != nil {
			b.forget(key{row.Ordinal, row.Attempt})
		}
		n++
	}
	b.messages = slices.Delete(b.messages, 0, n)
}

// again makes all that is not acknowledged be sent once more.
func (b *book) again() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sent, b.urgent = b.acked(), true
	signal(b.news)
}

// batch is what to send next, in order.
func (b *book) batch() (messages []wire.Message, wait bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	size := 0
	for _, m := range b.messages {
		if m.Seq <= b.sent {
			continue
		}
		size += 256 + len(m.Excerpt) + 24*len(m.Started)
		if len(messages) == batchResults || len(messages) > 0 && size > batchBytes {
			break
		}
		messages = append(messages, m)
		b.offered = max(b.offered, m.Seq)
	}
	return messages, b.finished
}

// settled reports whether all is said and acknowledged.
func (b *book) settled() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.finished && len(b.messages) == 0
}

// awaitDue returns when there is something to send now.
func (b *book) awaitDue(ctx context.Context) error {
	for {
		due, in := b.due(time.Now())
		if due {
			return nil
		}
		var timer <-chan time.Time
		if in > 0 {
			timer = time.After(in)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-b.news:
		case <-timer:
		}
	}
}

// due reports whether to send now, or in which time; 0: not before there is news.
func (b *book) due(now time.Time) (due bool, in time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.sent == b.next-1 {
		return b.finished, 0
	}
	in = batchDelay - now.Sub(b.since)
	return b.urgent || b.full() || in <= 0, in
}

// flush has all that is known now sent, and returns when it is.
func (b *book) flush(ctx context.Context) error {
	b.mu.Lock()
	target := b.next - 1
	b.mu.Unlock()
	for !b.isSent(target) {
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-b.flushed:
		}
	}
	return nil
}

func (b *book) isSent(target int64) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.sent >= target {
		return true
	}
	if !b.urgent {
		b.urgent = true
		signal(b.news)
	}
	return false
}

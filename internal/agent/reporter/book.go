package reporter

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"time"

	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

// When what is new is sent.
const (
	batchResults = 100
	batchBytes   = 64 << 10
	batchDelay   = 100 * time.Millisecond
)

type key struct {
	ordinal uint32
	attempt uint16
}

type stage uint8

const (
	waiting stage = iota
	running
	done // has a result, which is not acknowledged yet
)

// book is all that the reporter knows: the attempts it holds and the messages that are not acknowledged.
type book struct {
	mu       sync.Mutex
	held     map[key]stage
	counts   [done + 1]int // of held, by stage
	messages []wire.Message
	rows     []outcome.Row // of all results, for the seal
	next     int64         // number of the next message
	sent     int64         // all up to here have been sent since the last Hello
	size     int           // about how many bytes are not sent
	since    time.Time     // when the first of them came
	urgent   bool
	ended    bool
	died     string
	lost     []wire.Held
	sealSeq  int64 // 0: not sealed
	finished bool  // nothing follows, with or without a seal

	news    chan struct{} // something may be due to be sent
	hunger  chan struct{} // work may be wanted
	flushed chan struct{} // sent has grown
}

func newBook() *book {
	return &book{
		held: map[key]stage{}, next: 1,
		news: make(chan struct{}, 1), hunger: make(chan struct{}, 1), flushed: make(chan struct{}, 1),
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// move puts an attempt into a stage. Call with mu held.
func (b *book) move(k key, to stage) {
	if from, known := b.held[k]; known {
		b.counts[from]--
	}
	b.held[k] = to
	b.counts[to]++
}

// lease notes attempts that were handed to this pod.
func (b *book) lease(l wire.Lease) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, a := range l.Attempts {
		k := key{a.Ordinal, a.Attempt}
		if _, known := b.held[k]; !known {
			b.move(k, waiting)
		}
	}
}

// start notes that an attempt is about to start.
func (b *book) start(h wire.Held) {
	b.mu.Lock()
	defer b.mu.Unlock()
	k := key{h.Ordinal, h.Attempt}
	if at, known := b.held[k]; !known || at != waiting {
		return
	}
	b.move(k, running)
	if last := len(b.messages) - 1; last >= 0 && b.messages[last].Kind == wire.KindStarted && b.messages[last].Seq > b.sent {
		b.messages[last].Started = append(b.messages[last].Started, h)
	} else {
		b.add(wire.Message{Kind: wire.KindStarted, Started: []wire.Held{h}}, 64)
	}
	signal(b.hunger)
}

// result notes how an attempt ended. False: it is none of ours.
func (b *book) result(row outcome.Row, excerpt string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	k := key{row.Ordinal, row.Attempt}
	if at, known := b.held[k]; !known || at != running {
		return false
	}
	b.move(k, done)
	b.rows = append(b.rows, row)
	b.urgent = b.urgent || !row.Outcome.Good() || b.counts[waiting]+b.counts[running] == 0
	b.add(wire.Message{Kind: wire.KindResult, Row: &row, Excerpt: excerpt}, 256+len(excerpt))
	return true
}

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

// end notes that the runner is gone, and how: what was running is lost.
func (b *book) end(died string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended, b.died, b.urgent = true, died, true
	for k, at := range b.held {
		if at == running {
			b.lost = append(b.lost, wire.Held{Ordinal: k.ordinal, Attempt: k.attempt, Started: true})
		}
	}
	slices.SortFunc(b.lost, byOrdinal)
	signal(b.news)
}

func byOrdinal(a, b wire.Held) int {
	return cmp.Or(cmp.Compare(a.Ordinal, b.Ordinal), cmp.Compare(a.Attempt, b.Attempt))
}

// seal closes the book; a pod that only lists has nothing to seal.
func (b *book) seal(batch bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if batch {
		b.add(wire.Message{Kind: wire.KindSeal, Seal: &wire.Seal{
			Count: len(b.rows), Digest: outcome.Digest(b.rows), Lost: b.lost, Died: b.died,
		}}, 256)
		b.sealSeq = b.next - 1
	}
	b.finished, b.urgent = true, true
	signal(b.news)
}

// hello is the word to a collector that does not know us.
func (b *book) hello() ([]wire.Held, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	held := make([]wire.Held, 0, len(b.held))
	for k, at := range b.held {
		held = append(held, wire.Held{Ordinal: k.ordinal, Attempt: k.attempt, Started: at != waiting})
	}
	slices.SortFunc(held, byOrdinal)
	return held, b.ended
}

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
			k := key{row.Ordinal, row.Attempt}
			b.counts[b.held[k]]--
			delete(b.held, k)
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

// wants reports whether the runner can take more, with fewer than slots attempts waiting, and what it has now.
func (b *book) wants(slots int) (want bool, queued, busy int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.ended && b.counts[waiting] < slots, b.counts[waiting], b.counts[running]
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

// lastWords are what the collector has not acknowledged.
func (b *book) lastWords() wire.LastWords {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.sealSeq > 0 && len(b.messages) == 0 {
		return wire.LastWords{}
	}
	words := wire.LastWords{Lost: b.lost}
	for _, m := range b.messages {
		if m.Row != nil {
			words.Rows = append(words.Rows, *m.Row)
		}
	}
	return words
}

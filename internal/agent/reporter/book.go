package reporter

import (
	"cmp"
	"slices"
	"sync"
	"time"

	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

type key struct {
	ordinal uint32
	attempt uint16
}

// holding is an attempt that this pod holds, as far as the collector has to be told of it.
type holding struct {
	stage           stage
	load            int // slots
	slot, groupSlot int32
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
	held     map[key]holding
	counts   [done + 1]int // of held, by stage
	loads    [done + 1]int // likewise, in slots
	slots    int           // of the runner
	messages []wire.Message
	rows     []outcome.Row // of all results, for the seal
	told     map[key]bool  // has a result
	next     int64         // number of the next message
	sent     int64         // all up to here have been sent since the last Hello
	offered  int64         // all up to here have been on their way once: they do not change any more
	size     int           // about how many bytes are not sent
	since    time.Time     // when the first of them came
	urgent   bool
	ended    bool
	died     string
	lost     []wire.Held
	sealSeq  int64 // 0: not sealed
	worker   bool  // of a worker, which is sealed at the end; a listing is not
	finished bool  // nothing follows but the seal

	news    chan struct{} // something may be due to be sent
	hunger  chan struct{} // work may be wanted
	flushed chan struct{} // sent has grown
}

func newBook() *book {
	return &book{
		held: map[key]holding{}, told: map[key]bool{}, next: 1,
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
	h := b.held[k]
	b.forget(k)
	h.stage = to
	b.hold(k, h)
}

// hold notes an attempt. Call with mu held.
func (b *book) hold(k key, h holding) {
	b.held[k] = h
	b.counts[h.stage]++
	b.loads[h.stage] += h.load
}

// forget is the opposite of hold. Call with mu held.
func (b *book) forget(k key) {
	h, known := b.held[k]
	if known {
		b.counts[h.stage]--
		b.loads[h.stage] -= h.load
		delete(b.held, k)
	}
}

// lease notes attempts that were handed to this pod, and returns those that are new: none is run twice here.
func (b *book) lease(l *wire.Lease) []wire.Assignment {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.DeleteFunc(l.Attempts, func(a wire.Assignment) bool {
		k := key{a.Ordinal, a.Attempt}
		_, held := b.held[k]
		if held || b.told[k] {
			return true
		}
		b.hold(k, holding{
			stage: waiting, load: l.SettingsOf(a).Load(b.slots), slot: a.Slot, groupSlot: a.GroupSlot,
		})
		return false
	})
}

// start notes that an attempt is about to start.
func (b *book) start(h wire.Held) {
	b.mu.Lock()
	defer b.mu.Unlock()
	k := key{h.Ordinal, h.Attempt}
	if at, known := b.held[k]; !known || at.stage != waiting {
		return
	}
	b.move(k, running)
	last := len(b.messages) - 1
	if last >= 0 && b.messages[last].Kind == wire.KindStarted && b.messages[last].Seq > b.offered {
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
	if at, known := b.held[k]; !known || at.stage != running {
		return false
	}
	b.move(k, done)
	b.told[k] = true
	b.rows = append(b.rows, row)
	b.urgent = b.urgent || !row.Outcome.Good() || b.counts[waiting]+b.counts[running] == 0
	b.add(wire.Message{Kind: wire.KindResult, Row: &row, Excerpt: excerpt}, 256+len(excerpt))
	return true
}

// end notes that the runner is gone, and how: what was running is lost.
func (b *book) end(died string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ended, b.died, b.urgent = true, died, true
	for k, h := range b.held {
		if h.stage == running {
			b.lost = append(b.lost, wire.Held{Ordinal: k.ordinal, Attempt: k.attempt, Started: true})
		}
	}
	slices.SortFunc(b.lost, byOrdinal)
	signal(b.news)
}

func byOrdinal(a, b wire.Held) int {
	return cmp.Or(cmp.Compare(a.Ordinal, b.Ordinal), cmp.Compare(a.Attempt, b.Attempt))
}

// configure tells whether this is a worker's book, which is sealed at the end, or a listing's.
func (b *book) configure(c wire.Config) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.worker, b.slots = c.Mode == "run", max(1, c.Slots)
	b.seal()
}

// finish closes the book.
func (b *book) finish() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.finished, b.urgent = true, true
	b.seal()
	signal(b.news)
}

// seal is put on once all is known. Call with mu held.
func (b *book) seal() {
	if b.finished && b.worker && b.sealSeq == 0 {
		b.add(wire.Message{Kind: wire.KindSeal, Seal: &wire.Seal{
			Count: len(b.rows), Digest: outcome.Digest(b.rows), Lost: b.lost, Died: b.died,
		}}, 256)
		b.sealSeq = b.next - 1
	}
}

// hello is the word to a collector that does not know us.
func (b *book) hello() ([]wire.Held, bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	held := make([]wire.Held, 0, len(b.held))
	for k, h := range b.held {
		held = append(held, wire.Held{
			Ordinal: k.ordinal, Attempt: k.attempt, Started: h.stage != waiting, Slot: h.slot, GroupSlot: h.groupSlot,
		})
	}
	slices.SortFunc(held, byOrdinal)
	return held, b.ended
}

// wants is the question for more work, and whether the runner can take more: what waits would not fill its slots.
func (b *book) wants() (hungry bool, ask wire.LeaseRequest) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return !b.ended && b.loads[waiting] < b.slots, wire.LeaseRequest{
		Queued: b.counts[waiting], Running: b.counts[running], Load: b.loads[waiting] + b.loads[running],
	}
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

package process

import (
	"slices"
	"sync"
)

// How much of a stream is kept: its beginning, and its end in a ring.
const (
	HeadSize = 16 << 10
	TailSize = 48 << 10
)

// Stream keeps the beginning and the end of what a process wrote, in constant memory. It is an io.Writer that
// never fails and never waits. While it is written, others may read it with Since; all else is for its owner.
type Stream struct {
	mu   sync.Mutex
	head []byte
	ring []byte
	past int64 // bytes written after the head
	life int   // how often it was reset
}

// Write keeps what fits.
func (s *Stream) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(p)
	if room := HeadSize - len(s.head); room > 0 {
		k := min(room, len(p))
		s.head = append(s.head, p[:k]...)
		p = p[k:]
	}
	if len(p) > 0 {
		s.keepTail(p)
	}
	return n, nil
}

func (s *Stream) keepTail(p []byte) {
	if s.ring == nil {
		s.ring = make([]byte, TailSize)
	}
	if skip := len(p) - TailSize; skip > 0 {
		s.past += int64(skip)
		p = p[skip:]
	}
	at := int(s.past % TailSize)
	k := copy(s.ring[at:], p)
	copy(s.ring, p[k:])
	s.past += int64(len(p))
}

// Reset forgets all that was written; the memory is used again.
func (s *Stream) Reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.head, s.past = s.head[:0], 0
	s.life++
}

// Place is where somebody is who reads a stream while it is written. The zero value is the beginning.
type Place struct {
	life int
	at   int64
}

// Piece is a part of a stream, and how many bytes are missing before it.
type Piece struct {
	Cut  int64
	Text []byte
}

// Since is what was written after a place, as far as it is kept, and the place after it. What was reset begins anew.
func (s *Stream) Since(from Place) (pieces []Piece, next Place) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if from.life != s.life {
		from = Place{life: s.life}
	}
	next = Place{life: s.life, at: s.Len()}
	if from == next {
		return nil, next
	}
	if from.at < int64(len(s.head)) {
		pieces = append(pieces, Piece{Text: slices.Clone(s.head[from.at:])})
		from.at = int64(len(s.head))
	}
	tail := s.Tail()
	switch begins := next.at - int64(len(tail)); {
	case from.at == next.at:
	case begins > from.at:
		pieces = append(pieces, Piece{Cut: begins - from.at, Text: tail})
	default:
		pieces = append(pieces, Piece{Text: tail[from.at-begins:]})
	}
	return pieces, next
}

// Clone is a copy that the next test does not write over.
func (s *Stream) Clone() *Stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &Stream{head: slices.Clone(s.head), ring: slices.Clone(s.ring), past: s.past, life: s.life}
}

// Head is the beginning of the stream. It is valid until the next Write or Reset.
func (s *Stream) Head() []byte { return s.head }

// Tail is a copy of the end of the stream that is not in Head.
func (s *Stream) Tail() []byte {
	if s.past == 0 {
		return nil
	}
	if s.past <= TailSize {
		return append([]byte(nil), s.ring[:s.past]...)
	}
	at := int(s.past % TailSize)
	return append(append(make([]byte, 0, TailSize), s.ring[at:]...), s.ring[:at]...)
}

// Dropped is how many bytes between Head and Tail were cut.
func (s *Stream) Dropped() int64 { return max(0, s.past-TailSize) }

// Len is how many bytes were written in all.
func (s *Stream) Len() int64 { return int64(len(s.head)) + s.past }

// End is a copy of the last n bytes of the stream, or of all that is kept if that is less.
func (s *Stream) End(n int) []byte {
	end := s.Tail()
	if len(end) < n && s.Dropped() == 0 {
		end = append(append([]byte(nil), s.head...), end...)
	}
	return end[max(0, len(end)-n):]
}

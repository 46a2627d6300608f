package process

// How much of a stream is kept: its beginning, and its end in a ring.
const (
	HeadSize = 16 << 10
	TailSize = 48 << 10
)

// Stream keeps the beginning and the end of what a process wrote, in constant memory. It is an io.Writer that
// never fails and never waits.
type Stream struct {
	head []byte
	ring []byte
	past int64 // bytes written after the head
}

// Write keeps what fits.
func (s *Stream) Write(p []byte) (int, error) {
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
func (s *Stream) Reset() { s.head, s.past = s.head[:0], 0 }

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

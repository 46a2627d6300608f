package facts

import (
	"unicode/utf8"

	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/wire"
)

// Stream is what is kept of what an attempt wrote to one of its streams.
type Stream struct {
	Name string // stdout or stderr
	raw  wire.Stream
}

func streams(o wire.Output) []Stream {
	var all []Stream
	for _, s := range []Stream{{"stdout", o.Stdout}, {"stderr", o.Stderr}} {
		if len(s.raw.Head)+len(s.raw.Tail) > 0 || s.raw.Dropped > 0 {
			all = append(all, s)
		}
	}
	return all
}

// Cut is a stream with nothing left in it that could harm; Dropped bytes are missing between head and tail.
type Cut struct {
	Head, Tail report.Text
	Dropped    int64
}

// Within is the head and the tail of a stream, in at most so many bytes. Neutralising makes text longer, so the limit
// holds for what comes out of it.
func (s Stream) Within(limit int) Cut {
	for room := limit; ; room /= 2 {
		cut := s.raw
		if kept := len(cut.Head) + len(cut.Tail); kept > room {
			all := append(append([]byte{}, cut.Head...), cut.Tail...)
			headRoom := room / 2
			if cut.Dropped > 0 {
				headRoom = min(len(cut.Head), max(room/2, room-len(cut.Tail)))
			}
			head := whole(all[:headRoom])
			tail := begin(all[max(headRoom, kept-(room-headRoom)):])
			cut = wire.Stream{Head: head, Tail: tail, Dropped: cut.Dropped + int64(kept-len(head)-len(tail))}
		}
		c := Cut{report.Block(string(cut.Head)), report.Block(string(cut.Tail)), cut.Dropped}
		if len(c.Head.String())+len(c.Tail.String()) <= limit || room < 64 {
			return c
		}
	}
}

// whole is text without a rune that was cut at its end.
func whole(text []byte) []byte {
	for i := 1; i <= min(utf8.UTFMax, len(text)); i++ {
		if c := text[len(text)-i]; utf8.RuneStart(c) {
			if !utf8.FullRune(text[len(text)-i:]) {
				return text[:len(text)-i]
			}
			return text
		}
	}
	return text
}

// begin is text without the rest of a rune that was cut at its beginning.
func begin(text []byte) []byte {
	for i := range min(utf8.UTFMax-1, len(text)) {
		if utf8.RuneStart(text[i]) {
			return text[i:]
		}
	}
	return text
}

// Share is how many bytes each stream of a test may have, so that together they have at most so many.
func (t *Test) Share(limit int) int {
	n := 0
	for i := range t.Attempts {
		n += len(t.Attempts[i].Streams)
	}
	return limit / max(1, n)
}

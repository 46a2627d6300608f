package process_test

import (
	"bytes"
	"testing"

	"github.com/podtest/podtest/internal/agent/process"
)

func FuzzAStreamKeepsItsBeginningAndItsEnd(f *testing.F) {
	f.Add(uint32(10), uint16(3))
	f.Add(uint32(process.HeadSize), uint16(100))
	f.Add(uint32(process.HeadSize+process.TailSize), uint16(60_000))
	f.Add(uint32(process.HeadSize+process.TailSize+1), uint16(7))
	f.Add(uint32(1_000_000), uint16(65_535))
	f.Fuzz(func(t *testing.T, size uint32, piece uint16) {
		all := make([]byte, size%2_000_000)
		for i := range all {
			all[i] = byte(i % 251)
		}
		var s process.Stream
		_, _ = s.Write([]byte("what was before"))
		s.Reset()
		for rest := all; len(rest) > 0; {
			n := min(len(rest), int(piece)+1)
			_, _ = s.Write(rest[:n])
			rest = rest[n:]
		}
		head, tail := s.Head(), s.Tail()
		if !bytes.HasPrefix(all, head) || !bytes.HasSuffix(all, tail) {
			t.Error("what is kept is not what was written")
		}
		if int64(len(head)+len(tail))+s.Dropped() != int64(len(all)) || s.Len() != int64(len(all)) {
			t.Errorf("%d bytes: head %d, dropped %d, tail %d", len(all), len(head), s.Dropped(), len(tail))
		}
		if s.Dropped() > 0 && (len(head) != process.HeadSize || len(tail) != process.TailSize) {
			t.Errorf("dropped although there was room: head %d, tail %d", len(head), len(tail))
		}
		if end := s.End(1024); !bytes.HasSuffix(all, end) || len(end) != min(1024, len(all)) {
			t.Errorf("the end is %d bytes", len(end))
		}
	})
}

func FuzzWhoReadsAStreamWhileItIsWrittenMissesWhatHeIsToldHeMisses(f *testing.F) {
	f.Add(uint32(10), uint16(3), uint8(1))
	f.Add(uint32(process.HeadSize+process.TailSize+1), uint16(7000), uint8(3))
	f.Add(uint32(1_000_000), uint16(65_535), uint8(2))
	f.Fuzz(func(t *testing.T, size uint32, piece uint16, each uint8) {
		all := make([]byte, size%2_000_000)
		for i := range all {
			all[i] = byte(i % 251)
		}
		var s process.Stream
		var place, end process.Place
		var pieces []process.Piece
		at := 0
		read := func(s *process.Stream) {
			pieces, place = s.Since(place)
			for _, p := range pieces {
				at += int(p.Cut)
				if !bytes.HasPrefix(all[at:], p.Text) {
					t.Fatalf("at %d it is told something else", at)
				}
				at += len(p.Text)
			}
		}
		for i, rest := 0, all; len(rest) > 0; i++ {
			n := min(len(rest), int(piece)+1)
			_, _ = s.Write(rest[:n])
			rest = rest[n:]
			if i%(int(each)+1) == 0 {
				read(&s)
			}
		}
		clone := s.Clone()
		s.Reset()
		_, _ = s.Write([]byte("what came after"))
		read(clone)
		if at != len(all) {
			t.Errorf("it read up to %d of %d", at, len(all))
		}
		if pieces, end = s.Since(place); len(pieces) != 1 || string(pieces[0].Text) != "what came after" || end == place {
			t.Errorf("of what came after the reset it is told %+v", pieces)
		}
	})
}

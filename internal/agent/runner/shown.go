package runner

import (
	"sync"
	"time"

	"github.com/podtest/podtest/internal/agent/process"
	"github.com/podtest/podtest/internal/wire"
)

// shown is an attempt that runs, or has just ended and is looked at.
type shown struct {
	attempt
	ended chan struct{} // closed when last is there

	mu      sync.Mutex // held while the streams are read: they are the slot's, until it runs the next attempt
	lookers int
	streams [2]*process.Stream
	last    wire.LiveOutput
}

func (s *shown) enter() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lookers++
}

func (s *shown) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lookers--
}

// over notes how the attempt ended. The slot writes over its streams next.
func (s *shown) over(result *wire.Result) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.lookers > 0 {
		s.streams = [2]*process.Stream{s.streams[0].Clone(), s.streams[1].Clone()}
	}
	s.last = wire.LiveOutput{Attempt: s.number, End: wire.LiveStopped}
	if result != nil {
		s.last.End, s.last.Row, s.last.Excerpt = wire.LiveEnded, &result.Row, result.Excerpt
	}
	close(s.ended)
}

// livePace is the time between two looks at a stream: who writes it does not wait for those who read it.
const livePace = 100 * time.Millisecond

// tell says what the attempt prints until it has ended, or if it is not to be followed, what it has printed.
func (s *shown) tell(follow bool, left <-chan struct{}, say func(wire.LiveOutput) bool) {
	tick := time.NewTicker(livePace)
	defer tick.Stop()
	var places [2]process.Place
	last := wire.LiveOutput{Attempt: s.number, End: wire.LiveRunning}
	over := !follow
	for {
		line := s.read(&places)
		if len(line.Stdout)+len(line.Stderr) > 0 && !say(line) {
			return
		}
		if over {
			say(last)
			return
		}
		select {
		case <-s.ended:
			last, over = s.last, true
		case <-tick.C:
		case <-left:
			return
		}
	}
}

// read is what was printed since the places, which it moves on.
func (s *shown) read(places *[2]process.Place) wire.LiveOutput {
	s.mu.Lock()
	defer s.mu.Unlock()
	var pieces [2][]wire.LivePiece
	for i, stream := range s.streams {
		var some []process.Piece
		some, places[i] = stream.Since(places[i])
		for _, p := range some {
			pieces[i] = append(pieces[i], wire.LivePiece(p))
		}
	}
	return wire.LiveOutput{Attempt: s.number, Stdout: pieces[0], Stderr: pieces[1]}
}

package runner

import (
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/podtest/podtest/internal/agent/process"
	"github.com/podtest/podtest/internal/wire"
)

// live shows what tests print while they run to `agent output`, which people start in this container. What is shown is
// what is kept anyway, and who looks never makes a test wait. Tests cannot look: see process.Stranger.
type live struct {
	listener *net.UnixListener // nil: nobody can look
	seats    chan struct{}
	talks    sync.WaitGroup

	mu      sync.Mutex
	running map[attempt]*shown
}

type attempt struct {
	ordinal uint32
	number  uint16
}

// Limits of those who look.
const (
	liveSeats    = 16              // at a time
	livePatience = 5 * time.Second // for a request, and for a line to be taken
	liveFarewell = time.Second     // for the last line to be read before the runner exits
	liveRequest  = 4 << 10         // bytes of a request
)

// newLive begins to serve. Without a socket there is nothing to look at, and tests run all the same.
func (r *runner) newLive() *live {
	l := &live{running: map[attempt]*shown{}, seats: make(chan struct{}, liveSeats)}
	name := wire.LiveSocket(r.config.RunUID, r.options.pod())
	listener, err := net.ListenUnix("unix", &net.UnixAddr{Name: name, Net: "unix"})
	if err != nil {
		return l
	}
	l.listener = listener
	l.talks.Go(l.accept)
	return l
}

// pod is the name of the pod that the container tells.
func (o Options) pod() string {
	for _, entry := range o.Environ {
		if name, found := strings.CutPrefix(entry, wire.EnvPod+"="); found {
			return name
		}
	}
	return ""
}

// close waits, not for long, until those who follow have read how their attempt ended.
func (l *live) close() {
	if l.listener == nil {
		return
	}
	_ = l.listener.Close()
	l.talks.Wait()
}

func (l *live) accept() {
	for {
		conn, err := l.listener.AcceptUnix()
		if err != nil {
			return
		}
		select {
		case l.seats <- struct{}{}:
			l.talks.Go(func() {
				defer func() { _ = conn.Close(); <-l.seats }()
				l.talk(conn)
			})
		default:
			_ = conn.Close()
		}
	}
}

// talk answers one request.
func (l *live) talk(conn *net.UnixConn) {
	to, from := wire.NewLineWriter(conn), wire.NewLineReader(io.LimitReader(conn, liveRequest))
	say := func(o wire.LiveOutput) bool {
		_ = conn.SetWriteDeadline(time.Now().Add(livePatience))
		return to.Send(o) == nil
	}
	if err := process.Stranger(conn); err != nil {
		say(wire.LiveOutput{Error: err.Error()})
		return
	}
	_ = conn.SetReadDeadline(time.Now().Add(livePatience))
	var req wire.LiveRequest
	if err := from.Receive(&req); err != nil || req.Version != wire.Version {
		say(wire.LiveOutput{Error: "the request cannot be read: is it of another version of podtest?"})
		return
	}
	_ = conn.SetReadDeadline(time.Time{})
	left := make(chan struct{})
	go func() {
		defer close(left)
		_ = from.Receive(&wire.LiveRequest{}) // nothing follows: it ends when the other side goes
	}()
	s := l.find(req)
	if s == nil {
		say(wire.LiveOutput{End: wire.LiveAbsent})
	} else {
		s.tell(req.Follow, left, say)
		s.leave()
	}
	_ = conn.SetReadDeadline(time.Now().Add(liveFarewell))
	<-left
}

// begins puts an attempt up that is about to run in a slot.
func (l *live) begins(w work, p *process.Runner) *shown {
	p.Stdout.Reset()
	p.Stderr.Reset()
	s := &shown{
		attempt: attempt{w.Ordinal, w.Attempt}, streams: [2]*process.Stream{&p.Stdout, &p.Stderr},
		ended: make(chan struct{}),
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running[s.attempt] = s
	return s
}

// ends takes it down. Those who look at it keep what they have not seen yet; nil: it has no result.
func (l *live) ends(s *shown, result *wire.Result) {
	l.mu.Lock()
	delete(l.running, s.attempt)
	l.mu.Unlock()
	s.over(result)
}

func (l *live) find(req wire.LiveRequest) *shown {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, s := range l.running {
		if s.ordinal == req.Ordinal && (req.Attempt == 0 || s.number == req.Attempt) {
			s.enter()
			return s
		}
	}
	return nil
}

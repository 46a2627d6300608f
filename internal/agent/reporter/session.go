package reporter

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/podtest/podtest/internal/wire"
)

// errOver says that the run or the batch is over: nobody listens any more.
var errOver = errors.New("the run is over")

// session is the talk with whichever collector leads at the moment.
type session struct {
	client  *client
	book    *book
	options Options
	log     *slog.Logger

	over  func()        // called when the collector says that the run is over
	hall  chan struct{} // holds one while Hello is said, and guards epoch
	epoch string
}

func newSession(c *client, b *book, o Options, over func()) *session {
	return &session{client: c, book: b, options: o, log: o.Log, over: over, hall: make(chan struct{}, 1)}
}

// Pauses between tries.
const (
	firstPause   = 100 * time.Millisecond
	longPause    = 2 * time.Second
	refusedPause = 5 * time.Second
)

// begin says the first Hello, for as long as it takes.
func (s *session) begin(ctx context.Context) (wire.Config, error) {
	s.hall <- struct{}{}
	defer func() { <-s.hall }()
	return s.hello(ctx)
}

// hello is said until it is answered. Call with hall held.
func (s *session) hello(ctx context.Context) (wire.Config, error) {
	var pause pause
	for {
		held, ended := s.book.hello()
		var reply wire.HelloReply
		err := s.client.post(ctx, wire.PathHello, wire.Hello{
			Version: wire.Version, Agent: s.options.Agent, Node: s.options.Node, Held: held, Ended: ended,
		}, &reply)
		if err == nil {
			s.epoch = reply.Epoch
			s.book.welcomed(reply.Acked)
			return reply.Config, nil
		}
		if err := s.after(ctx, err, &pause); err != nil {
			return wire.Config{}, err
		}
	}
}

// current is the epoch to speak in; if it is still the one given, Hello is said first.
func (s *session) current(ctx context.Context, stale string) (string, error) {
	select {
	case s.hall <- struct{}{}:
	case <-ctx.Done():
		return "", context.Cause(ctx)
	}
	defer func() { <-s.hall }()
	if s.epoch == stale {
		if _, err := s.hello(ctx); err != nil {
			return "", err
		}
	}
	return s.epoch, nil
}

// call posts what body makes for the epoch, until it is answered. body is asked anew for each try.
func (s *session) call(ctx context.Context, path string, body func(epoch string) any, reply any) error {
	var pause pause
	stale := ""
	for {
		epoch, err := s.current(ctx, stale)
		if err != nil {
			return err
		}
		err = s.client.post(ctx, path, body(epoch), reply)
		if err == nil {
			return nil
		}
		var r *refusal
		answered := errors.As(err, &r)
		if answered && r.status == http.StatusConflict {
			stale = epoch
		}
		if path == wire.PathLease && !answered {
			stale = epoch // work may have been handed to us on the way: say what we really hold
		}
		if err := s.after(ctx, err, &pause); err != nil {
			return err
		}
	}
}

// after waits before the next try, or returns why there is none.
func (s *session) after(ctx context.Context, err error, p *pause) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	wait := p.next()
	if r, ok := errors.AsType[*refusal](err); ok {
		switch {
		case r.status == http.StatusGone:
			s.over()
			return errOver
		case r.status == http.StatusConflict:
			wait = min(wait, firstPause)
		case r.status < http.StatusInternalServerError && r.status != http.StatusTooManyRequests:
			wait = refusedPause
		}
	}
	s.log.Info("the collector will be asked again", "error", err, "in", wait)
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(wait):
		return nil
	}
}

// pause doubles from one try to the next.
type pause struct{ last time.Duration }

func (p *pause) next() time.Duration {
	p.last = min(max(2*p.last, firstPause), longPause)
	return p.last
}

// Package runner is the agent inside the user's image: it asks the test binaries for their tests, or starts the
// tests it is handed, each a process of its own, and tells the reporter. It judges attempts and decides nothing else:
// which tests run, and whether again, is decided elsewhere. It stays small, for the kernel charges the memory of
// a process at fork to its child.
package runner

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"time"

	"github.com/podtest/podtest/internal/agent/process"
	"github.com/podtest/podtest/internal/harness"
	"github.com/podtest/podtest/internal/harness/exec"
	"github.com/podtest/podtest/internal/harness/golang"
	"github.com/podtest/podtest/internal/harness/libtest"
	"github.com/podtest/podtest/internal/harness/nextest"
	"github.com/podtest/podtest/internal/wire"
)

// Options of a runner.
type Options struct {
	Conn     net.Conn      // to the reporter, if there is one already
	Socket   string        // of the reporter, else
	Patience time.Duration // how long to wait for it
	Environ  []string      // of the container
	Version  string        // of the agent
	Family   *process.Family
}

// ErrNoReport says that the reporter is not there, or no longer.
var ErrNoReport = errors.New("the reporter cannot be told")

// Run works until there is no more work, until ctx is cancelled (running tests are ended then and have no result), or
// until the reporter is gone.
func Run(ctx context.Context, o Options) error {
	conn, err := o.connect(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close() }()
	r := &runner{
		options: o, conn: conn,
		to: wire.NewLineWriter(conn), from: wire.NewLineReader(conn),
		harnesses: map[string]harness.Harness{
			"go": golang.New(), "libtest": libtest.New(), "nextest": nextest.New(), "exec": exec.New(),
		},
	}
	if err := r.hello(ctx); err != nil {
		return err
	}
	switch r.config.Mode {
	case "list":
		return r.list(ctx)
	case "run":
		return r.work(ctx)
	}
	return fmt.Errorf("unknown mode %q: agent and manager must be of one version", r.config.Mode)
}

type runner struct {
	options   Options
	conn      net.Conn
	to        *wire.LineWriter
	from      *wire.LineReader
	harnesses map[string]harness.Harness
	config    wire.Config
	live      *live
}

func (o Options) connect(ctx context.Context) (net.Conn, error) {
	if o.Conn != nil {
		return o.Conn, nil
	}
	return dial(ctx, o.Socket, o.Patience)
}

const dialPause = 20 * time.Millisecond

// dial waits for the socket: the reporter may still be starting.
func dial(ctx context.Context, socket string, patience time.Duration) (net.Conn, error) {
	ctx, stop := context.WithTimeout(ctx, patience)
	defer stop()
	var d net.Dialer
	for {
		conn, err := d.DialContext(ctx, "unix", socket)
		if err == nil {
			return conn, nil
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("%w: %w", ErrNoReport, err)
		case <-time.After(dialPause):
		}
	}
}

// hello says the first line and waits for what to do.
func (r *runner) hello(ctx context.Context) error {
	if err := r.send(wire.ToReporter{Hello: &wire.RunnerHello{Version: wire.Version}}); err != nil {
		return err
	}
	stop := context.AfterFunc(ctx, func() { _ = r.conn.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	var m wire.ToRunner
	err := r.from.Receive(&m)
	switch {
	case ctx.Err() != nil:
		return r.bye("ended before there was work", context.Cause(ctx))
	case err != nil:
		return fmt.Errorf("%w: %w", ErrNoReport, err)
	case m.Config == nil:
		return errDone // the run is over already
	}
	r.config = *m.Config
	return nil
}

// errDone is a good end.
var errDone = errors.New("the run is over")

// IsDone reports whether Run ended because the run is over.
func IsDone(err error) bool { return err == nil || errors.Is(err, errDone) }

func (r *runner) send(lines ...wire.ToReporter) error {
	values := make([]any, len(lines))
	for i := range lines {
		values[i] = lines[i]
	}
	if err := r.to.Send(values...); err != nil {
		return fmt.Errorf("%w: %w", ErrNoReport, err)
	}
	return nil
}

// bye says the last line. That it cannot be said matters only if there was no other trouble.
func (r *runner) bye(reason string, err error) error {
	sent := r.send(wire.ToReporter{Bye: &wire.Bye{Reason: reason}})
	if err != nil {
		return err
	}
	return sent
}

// receive reads lines until the reporter is gone; handle returns false for the last one.
func (r *runner) receive(handle func(wire.ToRunner) bool) error {
	for {
		var m wire.ToRunner
		err := r.from.Receive(&m)
		if errors.Is(err, io.EOF) || errors.Is(err, os.ErrDeadlineExceeded) {
			return ErrNoReport
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrNoReport, err)
		}
		if !handle(m) {
			return nil
		}
	}
}

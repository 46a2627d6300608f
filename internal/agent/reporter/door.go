package reporter

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"sync"

	"github.com/podtest/podtest/internal/wire"
)

// door is the socket that one runner comes in through, and then nobody.
type door struct {
	options  Options
	listener net.Listener
	shut     sync.Once
}

// open makes the socket. Any user may connect: the runner runs as whoever the image says.
func open(o Options) (*door, error) {
	if o.Marker != "" {
		if _, err := os.Stat(o.Marker); err == nil {
			return nil, ErrRestarted
		}
	}
	if err := os.Remove(o.Socket); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("removing the socket of a forerunner: %w", err)
	}
	l, err := net.Listen("unix", o.Socket)
	if err != nil {
		return nil, fmt.Errorf("making the socket: %w", err)
	}
	if err := os.Chmod(o.Socket, 0o666); err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("opening the socket to the runner: %w", err)
	}
	return &door{options: o, listener: l}, nil
}

// admit takes the first connection, and takes the socket away at once.
func (d *door) admit() (*runner, error) {
	conn, err := d.listener.Accept()
	d.mark()
	d.close()
	if err != nil {
		return nil, err
	}
	return &runner{conn: conn, to: wire.NewLineWriter(conn), from: wire.NewLineReader(conn)}, nil
}

func (d *door) mark() {
	if d.options.Marker == "" {
		return
	}
	if err := os.WriteFile(d.options.Marker, nil, 0o444); err != nil {
		d.options.Log.Info("cannot leave a mark for a successor", "error", err)
	}
}

// close also removes the path.
func (d *door) close() { d.shut.Do(func() { _ = d.listener.Close() }) }

// runner is the one connection.
type runner struct {
	conn net.Conn
	to   *wire.LineWriter
	from *wire.LineReader
}

func (r *runner) send(m wire.ToRunner) error { return r.to.Send(m) }

// greet reads the first line, which must be a RunnerHello.
func (r *runner) greet() error {
	var m wire.ToReporter
	if err := r.from.Receive(&m); err != nil {
		return fmt.Errorf("reading the runner's first line: %w", err)
	}
	if m.Hello == nil || m.Hello.Version != wire.Version {
		return errors.New("the first line was not a runner's of this version")
	}
	return nil
}

// serve lets the runner in and listens to it until it says Bye or is gone; it returns how it ended, "" if well.
func (r *reporter) serve(ctx, life context.Context) string {
	n, err := r.door.admit()
	if err != nil {
		return "no runner connected"
	}
	defer func() { _ = n.conn.Close() }()
	r.adopt(n)
	if err := n.greet(); err != nil {
		return err.Error()
	}
	select {
	case <-r.configured:
	case <-life.Done():
		_ = n.send(wire.ToRunner{Done: &wire.Done{}})
		return "ended before the collector answered"
	}
	if err := n.send(wire.ToRunner{Config: &r.config}); err != nil {
		return "the runner died before it had work"
	}
	return r.listen(ctx, life, n)
}

// adopt makes the runner known to dismiss.
func (r *reporter) adopt(n *runner) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.runner = n
}

// listen takes the runner's lines; beside it work is asked for.
func (r *reporter) listen(ctx, life context.Context, n *runner) string {
	alive, gone := context.WithCancel(ctx)
	asking := make(chan struct{})
	go func() {
		defer close(asking)
		r.askForWork(alive, n)
	}()
	defer func() { gone(); <-asking }()
	var listing []wire.Catalog
	for {
		var m wire.ToReporter
		if err := n.from.Receive(&m); err != nil {
			return fmt.Sprintf("the runner's connection ended without a word: %s", err)
		}
		switch {
		case m.Started != nil:
			r.book.start(*m.Started)
		case m.Result != nil:
			r.take(*m.Result)
		case m.Catalog != nil:
			listing = append(listing, *m.Catalog)
			if m.Catalog.Last {
				r.bringCatalog(life, n, listing)
			}
		case m.Bye != nil:
			return m.Bye.Reason
		}
	}
}

func (r *reporter) take(result wire.Result) {
	known := r.book.result(result.Row, result.Excerpt)
	if known && result.Output != nil {
		r.outputs.add(*result.Output)
	}
}

// Package reporter is the agent beside the user's container: the only process of the pod with a credential. It takes
// what its one runner says, numbers it, and sends it to the collector until that has acknowledged it; it asks for work
// and hands it on. It never decides what runs, and nothing that a test does can speak through it.
package reporter

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/podtest/podtest/internal/wire"
)

// Options of a reporter.
type Options struct {
	Collector  string // URL
	ServerName string
	CA         []byte // PEM
	Batch      string
	Node       string
	Agent      string // version
	TokenPath  string
	Socket     string
	// Marker is a file that says that a runner has connected once; a reporter that finds it was restarted, knows
	// nothing of what its forerunner was told, and does not serve. Empty: not kept.
	Marker string
	// LastWords is the file of the termination message.
	LastWords string
	Log       *slog.Logger

	StopWithin time.Duration // how long the end may take once ctx is cancelled
	Drain      time.Duration // how long outputs are waited for at the end
	Linger     time.Duration // how long to stay when all is done, until ctx is cancelled: who exits earlier is restarted
}

// ErrRestarted says that another reporter served this pod before.
var ErrRestarted = errors.New("a reporter has served this pod before and has died: what it was told is lost")

// ErrUnacknowledged says that the collector did not acknowledge all; the rest is in the termination message.
var ErrUnacknowledged = errors.New("the collector has not acknowledged all results")

// Run reports until all is said and acknowledged, the run is over, or ctx (SIGTERM) and then StopWithin are over.
func Run(ctx context.Context, o Options) error {
	client, err := newClient(o)
	if err != nil {
		return err
	}
	door, err := open(o)
	if err != nil {
		return err
	}
	life, die := context.WithCancelCause(context.WithoutCancel(ctx))
	defer die(nil)
	stop := context.AfterFunc(ctx, func() { time.AfterFunc(o.StopWithin, func() { die(errTimeIsUp) }) })
	defer stop()
	r := &reporter{
		options: o, log: o.Log, door: door, book: newBook(), outputs: newOutputs(), configured: make(chan struct{}),
	}
	r.session = newSession(client, r.book, o, func() { die(errOver) })
	err = r.run(ctx, life)
	if err == nil {
		linger(ctx, o.Linger)
	}
	return err
}

func linger(ctx context.Context, d time.Duration) {
	select {
	case <-ctx.Done():
	case <-time.After(d):
	}
}

type reporter struct {
	options    Options
	log        *slog.Logger
	door       *door
	session    *session
	book       *book
	outputs    *outputs
	configured chan struct{} // closed when config is there
	config     wire.Config
	mu         sync.Mutex // guards runner
	runner     *runner
}

// run has three parts: while the runner lives, until all that it said is acknowledged, and the last words.
func (r *reporter) run(ctx, life context.Context) error {
	life, stop := context.WithCancel(life)
	defer stop()
	var loops sync.WaitGroup
	sent := make(chan error, 1)
	loops.Go(func() { sent <- r.talk(life) })
	drained := make(chan struct{})
	loops.Go(func() { defer close(drained); r.sendOutputs(life) })

	ended := make(chan string, 1)
	loops.Go(func() { ended <- r.serve(ctx, life) })
	err := r.whileItLives(ctx, ended, sent)
	if err == nil {
		r.drain(drained)
		r.book.finish()
		err = <-sent
	}
	stop()
	loops.Wait()
	return r.lastWords(err)
}

var errTimeIsUp = errors.New("time is up")

// whileItLives returns nil when the runner has ended, and an error when nothing more can be sent.
func (r *reporter) whileItLives(ctx context.Context, ended <-chan string, sent <-chan error) error {
	for {
		select {
		case why := <-ended:
			r.book.end(why)
			return nil
		case err := <-sent:
			r.tellDone()
			r.book.end(r.partWith(ended))
			return err
		case <-ctx.Done():
			r.dismiss()
			ctx = context.Background()
		}
	}
}

// partPatience is how long a runner that is told Done has to end what runs, or to come at all.
const partPatience = 15 * time.Second

// partWith waits for the runner's end, and makes it if need be.
func (r *reporter) partWith(ended <-chan string) string {
	select {
	case why := <-ended:
		return why
	case <-time.After(partPatience):
	}
	r.door.close()
	r.mu.Lock()
	if r.runner != nil {
		_ = r.runner.conn.Close()
	}
	r.mu.Unlock()
	return <-ended
}

// talk says Hello and sends what the book holds until its seal is acknowledged.
func (r *reporter) talk(life context.Context) error {
	config, err := r.session.begin(life)
	if err != nil {
		return err
	}
	r.config = config
	r.book.configure(config)
	close(r.configured)
	return r.sendResults(life)
}

func (r *reporter) drain(drained <-chan struct{}) {
	if r.outputs.close() {
		return
	}
	select {
	case <-drained:
	case <-time.After(r.options.Drain):
		r.log.Info("outputs were dropped at the end", "waited", r.options.Drain)
	}
}

// dismiss lets no runner in any more, and tells the one that is that nothing more is wanted.
func (r *reporter) dismiss() {
	r.door.close()
	r.tellDone()
}

func (r *reporter) tellDone() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.runner != nil {
		_ = r.runner.send(wire.ToRunner{Done: &wire.Done{}})
	}
}

// lastWords writes what is not acknowledged into the termination message.
func (r *reporter) lastWords(err error) error {
	if errors.Is(err, errOver) {
		return nil
	}
	words := r.book.lastWords()
	if message := words.Encode(wire.LastWordsLimit); len(message) > 0 {
		if writeErr := os.WriteFile(r.options.LastWords, message, 0o644); writeErr != nil {
			return errors.Join(err, fmt.Errorf("writing the termination message: %w", writeErr))
		}
		return errors.Join(ErrUnacknowledged, err)
	}
	if errors.Is(err, errTimeIsUp) {
		return fmt.Errorf("%w: %w", ErrUnacknowledged, err)
	}
	return err
}

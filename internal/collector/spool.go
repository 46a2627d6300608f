package collector

import (
	"context"
	"fmt"
	"time"

	"github.com/podtest/podtest/internal/records"
	"github.com/podtest/podtest/internal/wire"
)

// When output is written, and how much of it is taken. A verdict is never dropped for it; it is for verdicts.
const (
	spoolBytes    = 1 << 20                // of a batch, that are written at once
	spoolSoon     = 500 * time.Millisecond // the first failures are what people wait for; then twice as long each time
	spoolDelay    = 5 * time.Second
	spoolMost     = 4 << 20  // of a batch, that wait
	spoolAll      = 64 << 20 // of all runs, that wait
	outputMost    = 64 << 20 // of a run, in all
	spoolAttempts = 5
)

// spool holds what the failed tests of a batch printed, until it is written. Its Run's lock guards it.
type spool struct {
	of      *ledger
	outputs []wire.Output
	bytes   int
	waiting bool
	written int // how often
	next    int // index of the next record
}

// output takes in what failed tests printed, or drops it if there is too much.
func (r *Run) output(c Caller, req wire.OutputReport) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	l, err := r.enter(c, req.Epoch)
	if err != nil {
		return err
	}
	if l.spool == nil {
		l.spool = &spool{of: l}
	}
	for _, o := range req.Outputs {
		size := sizeOf(o)
		if int64(o.Ordinal) >= int64(r.ordinals()) || r.spooled+int64(size) > outputMost ||
			l.spool.bytes+size > spoolMost || r.runs.spooled.Load()+int64(size) > spoolAll {
			outputsDropped.Inc()
			continue
		}
		r.spooled += int64(size)
		l.spool.add(o, size)
	}
	return nil
}

func sizeOf(o wire.Output) int {
	const frame = 64
	return frame + len(o.Stdout.Head) + len(o.Stdout.Tail) + len(o.Stderr.Head) + len(o.Stderr.Tail)
}

func (s *spool) add(o wire.Output, size int) {
	runs := s.of.of.runs
	s.outputs = append(s.outputs, o)
	s.bytes += size
	runs.spooled.Add(int64(size))
	switch {
	case s.bytes >= spoolBytes:
		runs.spools.Add(s)
	case !s.waiting:
		runs.spools.AddAfter(s, min(spoolDelay, spoolSoon<<min(s.written, 10)))
	}
	s.waiting = true
}

// hurry has what is there written now. Call with the lock held.
func (s *spool) hurry() {
	if len(s.outputs) > 0 {
		s.of.of.runs.spools.Add(s)
	}
}

// write stores what is there. What cannot be stored is tried again some times, then dropped.
func (s *spool) write(ctx context.Context) error {
	r := s.of.of
	outputs, bytes := s.take()
	defer r.runs.spooled.Add(-int64(bytes))
	for _, data := range records.Pack(outputs) {
		if err := s.put(ctx, data); err != nil {
			outputsDropped.Add(float64(len(outputs)))
			return fmt.Errorf("storing output of batch %s: %w", s.of.batch.Name, err)
		}
	}
	return nil
}

func (s *spool) take() ([]wire.Output, int) {
	r := s.of.of
	r.mu.Lock()
	defer r.mu.Unlock()
	outputs, bytes := s.outputs, s.bytes
	s.outputs, s.bytes, s.waiting = nil, 0, false
	s.written++
	return outputs, bytes
}

func (s *spool) put(ctx context.Context, data []byte) error {
	r := s.of.of
	var err error
	for try := range spoolAttempts {
		if try > 0 && !sleep(ctx, time.Duration(try)*time.Second) {
			break
		}
		if err = r.runs.budget.Wait(ctx); err != nil {
			return err
		}
		var next int
		next, err = records.PutOutput(ctx, r.runs.store, r.run,
			records.Piece{Batch: s.of.batch.Name, Index: s.next, Data: data})
		if err == nil {
			s.next = next
			return nil
		}
	}
	return err
}

func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

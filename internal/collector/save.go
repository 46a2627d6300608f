package collector

import (
	"context"
	"errors"
	"fmt"

	"golang.org/x/sync/errgroup"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/outcome"
)

// errReopened says that the run was let go of, for its memory did not agree with what is stored.
var errReopened = errors.New("the run was let go of and has to be opened again")

// parallelSaves bounds how many writes are under way for one Flush, or in the background.
const parallelSaves = 8

// touch notes that the ledger has something new that is to be written soon, at once if it is urgent. Call with the
// lock held.
func (l *ledger) touch(urgent bool) {
	l.version++
	switch queue := l.of.runs.dirty; {
	case urgent:
		queue.Add(l)
	case !l.waiting:
		l.waiting = true
		queue.AddAfter(l, l.of.runs.pace)
	}
}

// save makes all that the ledger holds now durable. The write has the stored version as its precondition: if another
// leader wrote meanwhile, what it wrote is taken in first.
func (l *ledger) save(ctx context.Context) error {
	select {
	case l.turn <- struct{}{}:
		defer func() { <-l.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	for {
		todo, err := l.toDo()
		switch {
		case err != nil || todo == nothing:
			return err
		case todo == toRead:
			err = l.reread(ctx)
		default:
			if err = l.write(ctx); !apierrors.IsConflict(err) {
				return err
			}
			err = l.reread(ctx)
		}
		if err != nil {
			return err
		}
	}
}

// write writes what the ledger holds now, if nobody has written since it was read.
func (l *ledger) write(ctx context.Context) error {
	r := l.of
	if err := r.runs.budget.Wait(ctx); err != nil {
		return fmt.Errorf("waiting to write batch %s: %w", l.batch.Name, err)
	}
	obj, version := l.snapshot()
	err := r.runs.client.Status().Update(ctx, obj)
	checkpoints.WithLabelValues(resultOf(err)).Inc()
	switch {
	case err == nil:
		l.wrote(obj, version)
		return nil
	case apierrors.IsNotFound(err):
		r.runs.Reopen(r)
		return errReopened
	}
	return fmt.Errorf("writing the ledger of batch %s: %w", obj.Name, err)
}

// What save has to do next.
const (
	nothing = iota
	toRead
	toWrite
)

func (l *ledger) toDo() (int, error) {
	r := l.of
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case !l.unsaved():
		return nothing, nil
	case r.dropped:
		return nothing, errReopened
	case l.unread:
		return toRead, nil
	}
	return toWrite, nil
}

// snapshot is the batch as it is to be written.
func (l *ledger) snapshot() (obj *v1alpha1.TestBatch, version uint64) {
	r := l.of
	r.mu.Lock()
	obj = l.stored.DeepCopy()
	l.waiting = false
	rows, version := l.rows, l.version
	obj.Status = v1alpha1.TestBatchStatus{
		Attempts: int32(len(rows)), Acked: l.received, Discarded: l.discarded, Failures: l.failures,
		Sealed: l.sealed, Pod: l.pod, End: l.end,
	}
	obj.Status = *obj.Status.DeepCopy()
	r.mu.Unlock()
	obj.Status.Ledger = outcome.Encode(rows)
	return obj, version
}

// wrote notes that a snapshot is durable.
func (l *ledger) wrote(obj *v1alpha1.TestBatch, version uint64) {
	r := l.of
	r.mu.Lock()
	defer r.mu.Unlock()
	end := obj.Status.End
	l.stored, l.saved = kept(obj), version
	if end != nil {
		l.conclude(end)
	}
}

// conclude tells the State of an end that is durable. Call with the lock held.
func (l *ledger) conclude(end *v1alpha1.BatchEnd) {
	if l.ended {
		return
	}
	r := l.of
	l.end, l.ended, l.saved = end, true, l.version
	r.state.Ended(l.index, endOf(end), r.now())
	l.release()
	r.rouse()
	r.runs.notices.now(r.name())
}

// reread takes in what another leader has written.
func (l *ledger) reread(ctx context.Context) error {
	r := l.of
	live := &v1alpha1.TestBatch{}
	err := r.runs.live.Get(ctx, l.batch, live)
	if apierrors.IsNotFound(err) || (err == nil && live.UID != l.uid) {
		r.runs.Reopen(r)
		return errReopened
	}
	if err != nil {
		return fmt.Errorf("reading batch %s again: %w", l.batch.Name, err)
	}
	rows, err := outcome.Decode(live.Status.Ledger)
	if err != nil {
		return fmt.Errorf("reading batch %s again: %w", live.Name, err)
	}
	r.mu.Lock()
	clean := l.merge(live, rows)
	r.mu.Unlock()
	if !clean {
		r.runs.Reopen(r)
		return errReopened
	}
	return nil
}

func saveAll(ctx context.Context, all []*ledger) error {
	var g errgroup.Group
	g.SetLimit(parallelSaves)
	for _, l := range all {
		g.Go(func() error { return l.save(ctx) })
	}
	return g.Wait()
}

func resultOf(err error) string {
	switch {
	case err == nil:
		return "written"
	case apierrors.IsConflict(err):
		return "conflict"
	default:
		return "failed"
	}
}

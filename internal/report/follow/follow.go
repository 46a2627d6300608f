// Package follow watches a run and its batches and yields the run's events, until the run has ended. It reads; it
// changes nothing.
package follow

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/records"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/report/live"
)

// ErrDeleted means that the run was deleted before it ended.
var ErrDeleted = errors.New("the TestRun was deleted before it ended")

// Source is where a run is watched.
type Source struct {
	Client  client.WithWatch
	Command string // how podtest was called
	Tick    time.Duration
	Now     func() time.Time
	// Print gets the events, one at a time.
	Print func(report.Event)
}

// message is a thing seen: exactly one field is set.
type message struct {
	run     *v1alpha1.TestRun
	gone    bool
	batch   *v1alpha1.TestBatch
	trouble error
	failed  error
}

// Follow returns the run as it was at its end, when all has been printed. ctx ends it early.
func (s Source) Follow(ctx context.Context, run *v1alpha1.TestRun) (*v1alpha1.TestRun, error) {
	watching, stop := context.WithCancel(ctx)
	messages := make(chan message)
	tell := func(m message) {
		select {
		case messages <- m:
		case <-watching.Done():
		}
	}
	var watchers sync.WaitGroup
	defer watchers.Wait()
	defer stop()
	for _, w := range watched(s.Client, run) {
		w.Trouble = func(err error) { tell(message{trouble: err}) }
		watchers.Go(func() {
			err := w.Run(watching, func(_ context.Context, seen live.Seen) { tell(messageOf(seen)) })
			if err != nil {
				tell(message{failed: err})
			}
		})
	}
	f := &following{Source: s, follower: report.Follower{Command: s.Command}, run: run}
	f.see(f.follower.Run(run, s.Now()))
	return f.loop(ctx, messages)
}

// watched are the run and its batches.
func watched(c client.WithWatch, run *v1alpha1.TestRun) []live.Watcher {
	here := client.InNamespace(run.Namespace)
	return []live.Watcher{
		{
			Client: c, List: &v1alpha1.TestRunList{}, Object: &v1alpha1.TestRun{},
			Opts: []client.ListOption{here, client.MatchingFields{"metadata.name": run.Name}},
		},
		{
			Client: c, List: &v1alpha1.TestBatchList{}, Object: &v1alpha1.TestBatch{},
			Opts: []client.ListOption{here, batchesOf(run)},
		},
	}
}

func messageOf(seen live.Seen) message {
	switch o := seen.Object.(type) {
	case *v1alpha1.TestRun:
		return message{run: o, gone: seen.Gone}
	case *v1alpha1.TestBatch:
		return message{batch: o, gone: seen.Gone}
	}
	return message{}
}

func batchesOf(run *v1alpha1.TestRun) client.ListOption {
	return client.MatchingLabels{v1alpha1.LabelRunUID: string(run.UID)}
}

// following is a Follow in progress.
type following struct {
	Source
	run      *v1alpha1.TestRun
	follower report.Follower
	troubled bool // and that was told
}

func (f *following) loop(ctx context.Context, messages <-chan message) (*v1alpha1.TestRun, error) {
	tick := time.NewTicker(f.Tick)
	defer tick.Stop()
	for {
		err := f.catalog(ctx)
		if f.follower.Complete() {
			f.end(ctx, err)
			return f.run, nil
		}
		// Else an error is no matter: the next round asks again.
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-tick.C:
			if note, ok := f.follower.Neglected(f.Now()); ok {
				f.Print(note)
			}
		case m := <-messages:
			if err := f.take(m); err != nil {
				return nil, fmt.Errorf("TestRun %s/%s: %w", f.run.Namespace, f.run.Name, err)
			}
		}
		f.Print(f.follower.Progress(f.Now()))
	}
}

func (f *following) take(m message) error {
	switch {
	case m.failed != nil:
		return m.failed
	case m.trouble != nil:
		if !f.troubled {
			f.Print(f.follower.Trouble(m.trouble, f.Now()))
		}
		f.troubled = true
	case m.run != nil && m.run.UID == f.run.UID:
		f.run, f.troubled = m.run, false
		f.see(f.follower.Run(m.run, f.Now()))
		if m.gone && !f.follower.Complete() {
			return ErrDeleted
		}
	case m.batch != nil && !m.gone:
		f.troubled = false
		events, err := f.follower.Batch(m.batch, f.Now())
		if err != nil {
			return err
		}
		f.see(events)
	}
	return nil
}

func (f *following) catalog(ctx context.Context) error {
	if !f.follower.WantsCatalog() {
		return nil
	}
	cat, set, err := records.LoadTests(ctx, f.Client, f.run)
	if err != nil {
		return err
	}
	events, err := f.follower.Catalog(cat, set, f.Now())
	f.see(events)
	return err
}

// end reads the batches once more, for the watch may be behind the run.
// The verdict stands in the run itself, so trouble with the details is told and no more.
func (f *following) end(ctx context.Context, trouble error) {
	var batches v1alpha1.TestBatchList
	if err := f.Client.List(ctx, &batches, client.InNamespace(f.run.Namespace), batchesOf(f.run)); err != nil {
		trouble = errors.Join(trouble, fmt.Errorf("listing the batches: %w", err))
	}
	for i := range batches.Items {
		events, err := f.follower.Batch(&batches.Items[i], f.Now())
		trouble = errors.Join(trouble, err)
		f.see(events)
	}
	if trouble != nil {
		f.Print(f.follower.Incomplete(trouble, f.Now()))
	}
	f.Print(f.follower.Ended(f.Now()))
}

func (f *following) see(events []report.Event) {
	for _, e := range events {
		f.Print(e)
	}
}

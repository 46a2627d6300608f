// Package follow watches a run and its batches and yields the run's events, until the run has ended. It reads; it
// changes nothing.
package follow

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/records"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/report/live"
	"github.com/podtest/podtest/internal/wire"
)

// ErrDeleted means that the run was deleted before it ended.
var ErrDeleted = errors.New("the TestRun was deleted before it ended")

// Source is where a run is watched.
type Source struct {
	Client   client.WithWatch
	Follower report.Follower // as it is before the run
	Tick     time.Duration
	Now      func() time.Time
	// Print gets the events, one at a time.
	Print func(report.Event)
}

// message is a thing seen: exactly one field is set.
type message struct {
	run     *v1alpha1.TestRun
	gone    bool
	batch   *v1alpha1.TestBatch
	outputs []wire.Output
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
	see := func(ctx context.Context, seen live.Seen) {
		if m, ok := s.messageOf(ctx, run, seen); ok {
			tell(m)
		}
	}
	for _, w := range watched(s.Client, run) {
		w.Trouble = func(err error) { tell(message{trouble: err}) }
		watchers.Go(func() {
			if err := w.Run(watching, see); err != nil {
				tell(message{failed: err})
			}
		})
	}
	// Without them there are the excerpts: trouble with records is none with the run.
	watchers.Go(func() { _ = recordsOf(s.Client, run).Run(watching, see) })
	f := &following{Source: s, follower: s.Follower, run: run}
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
			Opts: []client.ListOption{here, partsOf(run)},
		},
	}
}

// recordsOf watches what records there are. Their data is read one by one, and not kept.
func recordsOf(c client.WithWatch, run *v1alpha1.TestRun) live.Watcher {
	list, one := &metav1.PartialObjectMetadataList{}, &metav1.PartialObjectMetadata{}
	list.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("TestRecordList"))
	one.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("TestRecord"))
	return live.Watcher{
		Client: c, List: list, Object: one, Opts: []client.ListOption{client.InNamespace(run.Namespace), partsOf(run)},
	}
}

func (s Source) messageOf(ctx context.Context, run *v1alpha1.TestRun, seen live.Seen) (message, bool) {
	switch o := seen.Object.(type) {
	case *v1alpha1.TestRun:
		return message{run: o, gone: seen.Gone}, true
	case *v1alpha1.TestBatch:
		return message{batch: o, gone: seen.Gone}, true
	case *metav1.PartialObjectMetadata:
		if seen.Gone || !records.HoldsOutput(o.Name) {
			return message{}, false
		}
		outputs, err := records.LoadOutput(ctx, s.Client, run, o.Name)
		// Output that cannot be read is not worth a word here: what failed is told without it.
		return message{outputs: outputs}, err == nil && len(outputs) > 0
	}
	return message{}, false
}

func partsOf(run *v1alpha1.TestRun) client.ListOption {
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
			f.see(f.follower.Tick(f.Now()))
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
		f.recovered()
		f.run = m.run
		f.see(f.follower.Run(m.run, f.Now()))
		if m.gone && !f.follower.Complete() {
			return ErrDeleted
		}
	case m.outputs != nil:
		f.see(f.follower.Outputs(m.outputs, f.Now()))
	case m.batch != nil && !m.gone:
		f.recovered()
		events, err := f.follower.Batch(m.batch, f.Now())
		if err != nil {
			return err
		}
		f.see(events)
	}
	return nil
}

func (f *following) recovered() {
	if f.troubled {
		f.Print(f.follower.Recovered(f.Now()))
	}
	f.troubled = false
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
	if err := f.Client.List(ctx, &batches, client.InNamespace(f.run.Namespace), partsOf(f.run)); err != nil {
		trouble = errors.Join(trouble, fmt.Errorf("listing the batches: %w", err))
	}
	for i := range batches.Items {
		events, err := f.follower.Batch(&batches.Items[i], f.Now())
		trouble = errors.Join(trouble, err)
		f.see(events)
	}
	trouble = errors.Join(trouble, f.lastOutputs(ctx))
	if trouble != nil {
		f.Print(f.follower.Incomplete(trouble, f.Now()))
	}
	f.Print(f.follower.Ended(f.Now()))
}

// lastOutputs reads what attempts have printed that were not told yet, and tells them.
func (f *following) lastOutputs(ctx context.Context) error {
	if !f.follower.WantsOutputs() {
		return nil
	}
	const some = 64
	var outputs []wire.Output
	err := records.LoadOutputs(ctx, f.Client, f.run, func(_ string, o wire.Output) error {
		if outputs = append(outputs, o); len(outputs) == some {
			f.see(f.follower.Outputs(outputs, f.Now()))
			outputs = nil
		}
		return nil
	})
	f.see(f.follower.Outputs(outputs, f.Now()))
	f.see(f.follower.Late(f.Now()))
	return err
}

func (f *following) see(events []report.Event) {
	for _, e := range events {
		f.Print(e)
	}
}

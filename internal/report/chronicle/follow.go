package chronicle

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	eventsv1 "k8s.io/api/events/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/report/live"
)

// Read takes in all there is.
func (c *Chronicle) Read(ctx context.Context, r client.Reader) error {
	here := client.InNamespace(c.run.Namespace)
	var batches v1alpha1.TestBatchList
	err := pages(ctx, r, &batches, []client.ListOption{here, c.batches()}, func() {
		for i := range batches.Items {
			c.Batch(&batches.Items[i])
		}
	})
	if err != nil {
		return fmt.Errorf("listing the batches: %w", err)
	}
	var events eventsv1.EventList
	err = pages(ctx, r, &events, []client.ListOption{here}, func() {
		for i := range events.Items {
			c.Event(&events.Items[i])
		}
	})
	if err != nil {
		return fmt.Errorf("listing the events of namespace %s: %w", c.run.Namespace, err)
	}
	return nil
}

// pages lists page by page.
func pages(ctx context.Context, r client.Reader, list client.ObjectList, opts []client.ListOption, see func()) error {
	for {
		if err := r.List(ctx, list, append(opts, client.Limit(500), client.Continue(list.GetContinue()))...); err != nil {
			return err
		}
		see()
		if list.GetContinue() == "" {
			return nil
		}
	}
}

func (c *Chronicle) batches() client.ListOption {
	return client.MatchingLabels{v1alpha1.LabelRunUID: string(c.run.UID)}
}

// errGone is the error of a run that was deleted while it was followed.
var errGone = errors.New("the run was deleted")

// linger is how long events may come after the end of their run.
const linger = time.Second

// Following is how a run is followed.
type Following struct {
	Client client.WithWatch
	Now    func() time.Time
	Show   func([]Entry) error
}

// Follow shows what happens until the run is complete, or its context ends. What was shown before is not shown again.
func (c *Chronicle) Follow(ctx context.Context, f Following) error {
	ctx, stop := context.WithCancel(ctx)
	var watching sync.WaitGroup
	defer watching.Wait()
	defer stop()
	seen, failed := make(chan live.Seen), make(chan error, 3)
	for _, w := range c.watched(f.Client) {
		watching.Go(func() { failed <- w.Run(ctx, into(seen)) })
	}
	var end <-chan time.Time // set once the run is complete
	for {
		if err := f.Show(c.Fresh()); err != nil {
			return err
		}
		if c.Complete() && end == nil {
			end = time.After(linger)
		}
		select {
		case <-end:
			return nil
		case err := <-failed:
			if ctx.Err() != nil {
				return ctx.Err()
			}
			return err
		case s := <-seen:
			if err := c.take(s, f.Now()); err != nil {
				return err
			}
		}
	}
}

// into hands on what is seen.
func into(seen chan<- live.Seen) func(context.Context, live.Seen) {
	return func(ctx context.Context, s live.Seen) {
		select {
		case seen <- s:
		case <-ctx.Done():
		}
	}
}

func (c *Chronicle) watched(cluster client.WithWatch) []live.Watcher {
	here := client.InNamespace(c.run.Namespace)
	return []live.Watcher{
		{
			Client: cluster, List: &v1alpha1.TestRunList{}, Object: &v1alpha1.TestRun{},
			Opts: []client.ListOption{here, client.MatchingFields{"metadata.name": c.run.Name}},
		},
		{
			Client: cluster, List: &v1alpha1.TestBatchList{}, Object: &v1alpha1.TestBatch{},
			Opts: []client.ListOption{here, c.batches()},
		},
		{
			Client: cluster, List: &eventsv1.EventList{}, Object: &eventsv1.Event{}, Opts: []client.ListOption{here},
		},
	}
}

func (c *Chronicle) take(s live.Seen, now time.Time) error {
	switch o := s.Object.(type) {
	case *v1alpha1.TestRun:
		if o.UID != c.run.UID {
			return nil
		}
		c.Run(o, now)
		if s.Gone {
			return errGone
		}
	case *v1alpha1.TestBatch:
		c.Batch(o)
	case *eventsv1.Event:
		if !s.Gone { // it only expired
			c.Event(o)
		}
	}
	return nil
}

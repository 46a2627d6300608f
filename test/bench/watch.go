package main

import (
	"context"
	"fmt"
	"time"

	toolscache "k8s.io/client-go/tools/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// watcher notes when an object first was as each step says; the last step ends it.
type watcher struct {
	steps []step
	seen  []time.Time
	last  client.Object
	done  chan struct{}
}

type step func(client.Object) bool

// watch creates an object and follows it to the last step. The first time is that of the request; a step that was never
// seen has none.
func (c *cluster) watch(ctx context.Context, o client.Object, steps ...step) ([]time.Time, client.Object, error) {
	o.SetNamespace(c.ns)
	kind, err := c.informer(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	w := &watcher{steps: steps, seen: make([]time.Time, len(steps)+1), done: make(chan struct{})}
	c.mu.Lock()
	c.watchers[kind+"/"+o.GetName()] = w
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.watchers, kind+"/"+o.GetName())
	}()
	w.seen[0] = time.Now()
	if err := c.Create(ctx, o); err != nil {
		return nil, nil, err
	}
	ctx, stop := context.WithTimeout(ctx, 5*time.Minute)
	defer stop()
	select {
	case <-ctx.Done():
		return nil, nil, fmt.Errorf("waiting for %s %s to end: %w", kind, o.GetName(), ctx.Err())
	case <-w.done:
		return w.seen, w.last, nil
	}
}

// informer has objects of this kind looked at from now on.
func (c *cluster) informer(ctx context.Context, o client.Object) (string, error) {
	gvk, err := c.GroupVersionKindFor(o)
	if err != nil || c.watched[gvk.Kind] {
		return gvk.Kind, err
	}
	informer, err := c.cache.GetInformer(ctx, o)
	if err != nil {
		return "", fmt.Errorf("watching %s: %w", gvk.Kind, err)
	}
	see := func(o any) { c.see(gvk.Kind, o.(client.Object), time.Now()) }
	_, err = informer.AddEventHandler(toolscache.ResourceEventHandlerFuncs{
		AddFunc: see, UpdateFunc: func(_, o any) { see(o) },
	})
	c.watched[gvk.Kind] = err == nil
	return gvk.Kind, err
}

func (c *cluster) see(kind string, o client.Object, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := c.watchers[kind+"/"+o.GetName()]
	if w == nil {
		return
	}
	for i, holds := range w.steps {
		if w.seen[i+1].IsZero() && holds(o) {
			w.seen[i+1] = now
		}
	}
	if !w.seen[len(w.steps)].IsZero() && w.last == nil {
		w.last = o
		close(w.done)
	}
}

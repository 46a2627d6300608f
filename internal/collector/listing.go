package collector

import (
	"context"
	"crypto/rand"
	"fmt"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/wire"
)

// maxListing bounds the names of one listing, in bytes: they are kept in memory until they are stored.
const maxListing = 256 << 20

// listing is a run whose tests are being listed.
type listing struct {
	run   *v1alpha1.TestRun
	epoch string

	mu     sync.Mutex
	pods   map[types.UID][]wire.Catalog // parts that came, by pod: a Job may have a second one
	size   int
	tests  int
	whole  *wire.Catalog
	done   chan struct{} // closed when the catalog is stored, or the run is over
	stored bool
}

func newListing(run *v1alpha1.TestRun) *listing {
	return &listing{
		run: run.DeepCopy(), epoch: rand.Text(), pods: map[types.UID][]wire.Catalog{}, done: make(chan struct{}),
	}
}

func (l *listing) name() types.NamespacedName { return client.ObjectKeyFromObject(l.run) }

// told is the listing if all of it is there.
func (l *listing) told() (wire.Catalog, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.whole == nil {
		return wire.Catalog{}, false
	}
	return *l.whole, true
}

// end answers the pods that wait.
func (l *listing) end(stored bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stored = stored
	close(l.done)
}

// add takes in a part. The first pod that has told all is believed; whatever comes after it changes nothing.
func (l *listing) add(pod types.UID, part wire.Catalog) (complete bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	parts := l.pods[pod]
	switch {
	case l.whole != nil || part.Part < len(parts):
		return l.whole != nil, nil
	case part.Part > len(parts):
		return false, badRequest(fmt.Sprintf("part %d of the catalog came before part %d", part.Part, len(parts)))
	}
	l.pods[pod] = append(parts, part)
	l.tests += len(part.Tests)
	for _, t := range part.Tests {
		l.size += len(t.Name)
	}
	switch {
	case part.Error != "":
		l.finish(wire.Catalog{Version: wire.Version, Last: true, Error: part.Error})
	case l.tests > catalog.MaxTests || l.size > maxListing:
		l.fail(fmt.Errorf("more than %d tests, or %d bytes of names, are listed: cut the run into several",
			catalog.MaxTests, maxListing))
	case part.Last:
		whole, err := catalog.Join(l.pods[pod]...)
		if err != nil {
			l.fail(err)
			break
		}
		l.finish(whole)
	}
	return l.whole != nil, nil
}

func (l *listing) fail(err error) {
	l.finish(wire.Catalog{Version: wire.Version, Last: true, Error: err.Error()})
}

func (l *listing) finish(whole wire.Catalog) { l.whole, l.pods = &whole, nil }

// catalog takes in a part of a listing. The last one is answered when all is stored.
func (r *Runs) catalog(ctx context.Context, c Caller, part wire.Catalog) error {
	l, opened, err := r.listingOf(ctx, c)
	if err != nil || opened != nil {
		return err // a listing after the one that counted changes nothing
	}
	if part.Epoch != l.epoch {
		return errHello
	}
	complete, err := l.add(c.Pod.UID, part)
	if err != nil || !complete {
		return err
	}
	r.notices.now(l.name())
	if !part.Last {
		return nil
	}
	return l.await(ctx)
}

// await returns when the catalog is stored, or it is time to ask again.
func (l *listing) await(ctx context.Context) error {
	timeout := time.NewTimer(longPoll)
	defer timeout.Stop()
	select {
	case <-l.done:
	case <-timeout.C:
		return errNotYet
	case <-ctx.Done():
		return errNotYet
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if !l.stored {
		return errOver
	}
	return nil
}

// helloListing greets the reporter of a listing pod.
func (r *Runs) helloListing(ctx context.Context, c Caller) (wire.HelloReply, error) {
	l, opened, err := r.listingOf(ctx, c)
	if err != nil {
		return wire.HelloReply{}, err
	}
	if opened != nil {
		return wire.HelloReply{Epoch: opened.epoch, Config: manifest.AgentConfig(opened.run, manifest.AgentLists)}, nil
	}
	return wire.HelloReply{Epoch: l.epoch, Config: manifest.AgentConfig(l.run, manifest.AgentLists)}, nil
}

// listingOf is the listing that a caller belongs to, or the run if its tests are known already.
func (r *Runs) listingOf(ctx context.Context, c Caller) (*listing, *Run, error) {
	if !c.Listing {
		return nil, nil, &refusal{403, "this pod is not one that lists tests"}
	}
	r.mu.Lock()
	l, opened := r.listings[c.RunUID], r.open[c.RunUID]
	r.mu.Unlock()
	if l == nil && opened == nil {
		return nil, nil, r.absent(ctx, c)
	}
	return l, opened, nil
}

// runOf is the open run that a worker belongs to.
func (r *Runs) runOf(ctx context.Context, c Caller) (*Run, error) {
	if c.Listing {
		return nil, &refusal{403, "this pod lists tests, it does not run them"}
	}
	if run := r.Get(c.RunUID); run != nil {
		return run, nil
	}
	return nil, r.absent(ctx, c)
}

// absent says why a run is not served: it is over, or its reconciler has yet to open it.
func (r *Runs) absent(ctx context.Context, c Caller) error {
	r.mu.Lock()
	_, gone := r.gone[c.RunUID]
	r.mu.Unlock()
	if gone {
		return errOver
	}
	run := &v1alpha1.TestRun{}
	err := r.client.Get(ctx, c.Run, run)
	switch {
	case client.IgnoreNotFound(err) != nil:
		return fmt.Errorf("reading run %s: %w", c.Run.Name, err)
	case err != nil, run.UID != c.RunUID, run.Status.CompletionTime != nil:
		return errOver
	}
	return errNotYet
}

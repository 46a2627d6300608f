package collector

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/settings"
	"github.com/podtest/podtest/internal/wire"
)

// Run is an open run. Safe for concurrent use.
type Run struct {
	runs  *Runs
	run   *v1alpha1.TestRun // as it was at Open
	cat   *catalog.Catalog
	set   *settings.Resolved
	epoch string // names this memory of the run: reporters say Hello to each

	mu       sync.Mutex
	state    *plan.State
	ledgers  map[string]*ledger
	wake     chan struct{}       // closed when leases may be answered otherwise
	told     []wire.TestSettings // by index of set.Table, as workers are told
	exports  []map[string]string // of the fixtures, of which told speaks
	frozen   bool                // the run has its verdict
	dropped  bool                // forgotten, or to be opened anew
	failures worst
	slowest  longest
	spooled  int64 // bytes of output taken in
}

func newRun(r *Runs, run *v1alpha1.TestRun, known Known, facts plan.Facts) *Run {
	return &Run{
		runs: r, run: run.DeepCopy(), cat: known.Catalog, set: known.Settings, epoch: rand.Text(),
		told: manifest.AgentSettings(run, known.Settings), exports: exports(run),
		state: plan.New(facts, r.now()), ledgers: map[string]*ledger{}, wake: make(chan struct{}),
	}
}

func (r *Run) name() types.NamespacedName { return client.ObjectKeyFromObject(r.run) }

func (r *Run) now() time.Time { return r.runs.now() }

// Exported tells what the run's fixtures export now: a service that was lost has another address. It holds for tests
// that are handed out from now on.
func (r *Run) Exported(run *v1alpha1.TestRun) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if now := exports(run); !equality.Semantic.DeepEqual(r.exports, now) {
		r.told, r.exports = manifest.AgentSettings(run, r.set), now
	}
}

func exports(run *v1alpha1.TestRun) []map[string]string {
	all := make([]map[string]string, len(run.Status.Fixtures))
	for i := range all {
		all[i] = maps.Clone(run.Status.Fixtures[i].Exports)
	}
	return all
}

// Update calls f with the State, under the run's lock. Waiting workers are answered anew afterwards.
func (r *Run) Update(f func(*plan.State)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f(r.state)
	r.rouse()
}

// rouse makes waiting leases be answered anew. Call with the lock held.
func (r *Run) rouse() {
	close(r.wake)
	r.wake = make(chan struct{})
}

// AddBatch tells of a TestBatch that was made. It tells the State too (Added).
func (r *Run) AddBatch(b *v1alpha1.TestBatch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ledgers[b.Name] != nil {
		return
	}
	bare := b.DeepCopy()
	bare.Status = v1alpha1.TestBatchStatus{}
	l := newLedger(r, bare, nil)
	r.ledgers[b.Name] = l
	r.state.Added(l.index, r.now())
	if s := &b.Status; s.Attempts > 0 || s.Acked > 0 || s.End != nil { // made, and used, by an earlier leader
		l.unread = true
		l.touch(true)
	}
	r.rouse()
}

// Pod is the worker of a batch as far as it has been heard of.
func (r *Run) Pod(batch string) (v1alpha1.BatchPod, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.ledgers[batch]
	if l == nil || l.pod == nil {
		return v1alpha1.BatchPod{}, false
	}
	return *l.pod, true
}

// SawPod tells what is seen of the pod of a batch that has been heard of. It is written when the batch is.
func (r *Run) SawPod(batch string, pod v1alpha1.BatchPod) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l := r.ledgers[batch]; l != nil && l.end == nil && l.pod != nil && l.pod.UID == pod.UID {
		l.pod = &pod
	}
}

// ordinals is how many there are: of a stress run, of all rounds. Call with the lock held.
func (r *Run) ordinals() int { return len(r.set.Tests) * max(1, r.state.Rounds()) }

// Class is a class of the run by its name. The one of workers that were made for a test of the default class is the
// template too.
func (r *Run) Class(name string) settings.Class {
	for _, c := range r.set.Classes {
		if c.Name == name {
			return c
		}
	}
	return settings.Class{Name: name}
}

// Sealed reports whether the reporter of a batch has said that this is all, and it was.
func (r *Run) Sealed(batch string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.ledgers[batch]
	return l != nil && l.sealed
}

// Freeze says that the run has its verdict: rows that come now are discarded, workers that ask are told to drain.
func (r *Run) Freeze() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.frozen {
		r.frozen = true
		r.rouse()
	}
}

// drop ends all that waits for the run.
func (r *Run) drop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dropped = true
	r.rouse()
}

// find is the ledger of a caller's batch. Call with the lock held.
func (r *Run) find(c Caller) (*ledger, error) {
	l := r.ledgers[c.Batch]
	switch {
	case r.dropped:
		return nil, errNotYet
	case l == nil:
		return nil, errNotYet // made a moment ago
	case l.end != nil:
		return nil, errOver
	case l.pod != nil && l.pod.UID != "" && l.pod.UID != c.Pod.UID:
		return nil, &refusal{403, fmt.Sprintf("batch %s is pod %s's, of another uid", c.Batch, l.pod.Name)}
	}
	return l, nil
}

// enter is find for callers that have said Hello to this memory of the run.
func (r *Run) enter(c Caller, epoch string) (*ledger, error) {
	l, err := r.find(c)
	if err != nil {
		return nil, err
	}
	if epoch != r.epoch || !l.greeted {
		return nil, errHello
	}
	return l, nil
}

// Flush writes every ledger that has something new, and returns when all of it is durable.
func (r *Run) Flush(ctx context.Context) error {
	r.mu.Lock()
	var all []*ledger
	for _, l := range r.ledgers {
		if l.unsaved() {
			all = append(all, l)
		}
	}
	r.mu.Unlock()
	return saveAll(ctx, all)
}

package collector

import (
	"context"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/event"

	"github.com/podtest/podtest/api/v1alpha1"
)

// noticePace is how often a reconciler is told of a run at most, while only its numbers change.
const noticePace = time.Second

// Changed yields a TestRun (name and namespace only) when its reconciler should look again: the listing is complete or
// failed, the first failure came in, all tests have their verdict, a worker has ended; else at most once a second for
// each run.
func (r *Runs) Changed() <-chan event.GenericEvent { return r.notices.out }

// Notify makes Changed tell of a run, at most once a second.
func (r *Runs) Notify(uid types.UID) {
	if run := r.Get(uid); run != nil {
		r.notices.soon(run.name())
	}
}

// notices are runs whose reconciler is to look again.
type notices struct {
	out   chan event.GenericEvent
	queue workqueue.TypedDelayingInterface[types.NamespacedName]

	mu     sync.Mutex
	last   map[types.NamespacedName]time.Time
	urgent map[types.NamespacedName]bool
}

func newNotices() *notices {
	return &notices{
		out:    make(chan event.GenericEvent, 64),
		queue:  workqueue.NewTypedDelayingQueue[types.NamespacedName](),
		last:   map[types.NamespacedName]time.Time{},
		urgent: map[types.NamespacedName]bool{},
	}
}

// now tells of a run at once.
func (n *notices) now(name types.NamespacedName) {
	n.mu.Lock()
	n.urgent[name] = true
	n.mu.Unlock()
	n.queue.Add(name)
}

// soon tells of a run when the last time is a second ago.
func (n *notices) soon(name types.NamespacedName) {
	n.mu.Lock()
	wait := n.wait(name)
	n.mu.Unlock()
	n.queue.AddAfter(name, wait)
}

// wait is how long a run is not to be told of. Call with the lock held.
func (n *notices) wait(name types.NamespacedName) time.Duration {
	if n.urgent[name] {
		return 0
	}
	return max(0, time.Until(n.last[name].Add(noticePace)))
}

// due reports whether a run is to be told of now, and if so, takes it for told.
func (n *notices) due(name types.NamespacedName) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if wait := n.wait(name); wait > 0 {
		n.queue.AddAfter(name, wait)
		return false
	}
	n.last[name] = time.Now()
	delete(n.urgent, name)
	return true
}

func (n *notices) forget(name types.NamespacedName) {
	n.mu.Lock()
	defer n.mu.Unlock()
	delete(n.last, name)
	delete(n.urgent, name)
}

// send feeds Changed until the queue is shut down or ctx is done.
func (n *notices) send(ctx context.Context) {
	for {
		name, down := n.queue.Get()
		if down {
			return
		}
		if n.due(name) {
			run := &v1alpha1.TestRun{ObjectMeta: metav1.ObjectMeta{Name: name.Name, Namespace: name.Namespace}}
			select {
			case n.out <- event.GenericEvent{Object: run}:
			case <-ctx.Done():
			}
		}
		n.queue.Done(name)
	}
}

// Package collector is the manager's HTTPS endpoint that reporters talk to, and what the leader keeps of each run
// between passes: its plan.State, the ledgers of its batches, and when they are written. Only what is written to a
// TestBatch is acknowledged. Reconcilers and HTTP handlers meet in Runs.
package collector

import (
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/records"
	"github.com/podtest/podtest/internal/settings"
	"github.com/podtest/podtest/internal/wire"
)

// Runs are the live runs of this leader, by UID. Safe for concurrent use.
type Runs struct {
	client client.Client
	live   client.Reader
	store  records.Store
	now    func() time.Time
	pace   time.Duration
	budget *rate.Limiter

	notices *notices
	dirty   workqueue.TypedDelayingInterface[*ledger]
	spools  workqueue.TypedDelayingInterface[*spool]

	mu       sync.Mutex // taken before a Run's or a listing's lock, never after
	open     map[types.UID]*Run
	listings map[types.UID]*listing
	gone     map[types.UID]time.Time

	spooled atomic.Int64 // bytes of output that wait to be written
}

// What the API server is spared. A ledger waits for more of its kind before it is written.
const (
	checkpointPace   = time.Second
	checkpointBudget = 20 // writes a second, of the whole process
)

// Option changes how Runs work.
type Option func(*Runs)

// WithReader makes reads go past the client's cache.
func WithReader(live client.Reader) Option { return func(r *Runs) { r.live = live } }

// WithStore keeps output elsewhere than in TestRecords.
func WithStore(s records.Store) Option { return func(r *Runs) { r.store = s } }

// WithNow replaces the clock that the States are told.
func WithNow(now func() time.Time) Option { return func(r *Runs) { r.now = now } }

// WithPace sets how long a ledger gathers before it is written, and how many writes a second there may be in all.
func WithPace(d time.Duration, perSecond int) Option {
	return func(r *Runs) { r.pace, r.budget = d, rate.NewLimiter(rate.Limit(perSecond), perSecond) }
}

// NewRuns makes an empty set. c writes TestBatch status and TestRecords.
func NewRuns(c client.Client, options ...Option) *Runs {
	r := &Runs{
		client: c, live: c, now: time.Now,
		notices:  newNotices(),
		dirty:    workqueue.NewTypedDelayingQueue[*ledger](),
		spools:   workqueue.NewTypedDelayingQueue[*spool](),
		open:     map[types.UID]*Run{},
		listings: map[types.UID]*listing{},
		gone:     map[types.UID]time.Time{},
	}
	WithPace(checkpointPace, checkpointBudget)(r)
	for _, o := range options {
		o(r)
	}
	if r.store == nil {
		r.store = records.Objects{Writer: c, Reader: r.live}
	}
	return r
}

// Known is what is known of the tests of a run.
type Known struct {
	Catalog  *catalog.Catalog
	Settings *settings.Resolved
}

// Open begins to serve the workers of a run, whose spec is the effective one, from its recorded facts. It replaces
// nothing: the run that is there already is returned.
func (r *Runs) Open(
	run *v1alpha1.TestRun, known Known, facts plan.Facts, batches []v1alpha1.TestBatch,
) *Run {
	r.mu.Lock()
	defer r.mu.Unlock()
	if there := r.open[run.UID]; there != nil {
		return there
	}
	opened := newRun(r, run, known, facts)
	rows := rowsOf(facts)
	for i := range batches {
		if b := &batches[i]; b.Spec.Run.UID == run.UID {
			opened.ledgers[b.Name] = newLedger(opened, b, rows[int(b.Spec.Index)])
		}
	}
	for _, l := range opened.ledgers {
		if l.sealed && l.end == nil {
			opened.state.Sealed(l.index, r.now())
		}
	}
	opened.recall(facts)
	r.open[run.UID] = opened
	delete(r.gone, run.UID)
	if l := r.listings[run.UID]; l != nil {
		l.end(true)
		delete(r.listings, run.UID)
	}
	return opened
}

// Get is the open run, or nil.
func (r *Runs) Get(uid types.UID) *Run {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.open[uid]
}

// Forget ends serving a run: reporters are told 410.
func (r *Runs) Forget(uid types.UID) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.forget(uid)
}

// ForgetName is Forget for whatever run had the name.
func (r *Runs) ForgetName(name types.NamespacedName) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for uid, run := range r.open {
		if run.name() == name {
			r.forget(uid)
		}
	}
	for uid, l := range r.listings {
		if l.name() == name {
			r.forget(uid)
		}
	}
}

// goneFor is how long it is remembered that a run was forgotten. After that it is looked up.
const goneFor = 10 * time.Minute

// forget is Forget with the lock held.
func (r *Runs) forget(uid types.UID) {
	if run := r.open[uid]; run != nil {
		run.drop()
		r.notices.forget(run.name())
	}
	if l := r.listings[uid]; l != nil {
		l.end(false)
		r.notices.forget(l.name())
	}
	delete(r.open, uid)
	delete(r.listings, uid)
	now := r.now()
	r.gone[uid] = now
	for u, at := range r.gone {
		if now.Sub(at) > goneFor {
			delete(r.gone, u)
		}
	}
}

// Reopen lets go of a run whose memory does not agree with what is stored: its reconciler opens it anew.
func (r *Runs) Reopen(run *Run) {
	r.mu.Lock()
	if r.open[run.run.UID] == run {
		delete(r.open, run.run.UID)
	}
	r.mu.Unlock()
	run.drop()
	r.notices.now(run.name())
}

// Expect makes the collector serve the listing pods of a run until Open or Forget.
func (r *Runs) Expect(run *v1alpha1.TestRun) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.listings[run.UID] == nil {
		r.listings[run.UID] = newListing(run)
		delete(r.gone, run.UID)
	}
}

// Listed is what a listing pod of the run has told, all parts of it, or false while there is none. The pod gets its
// acknowledgement with Open (or Forget, if listing failed).
func (r *Runs) Listed(uid types.UID) (wire.Catalog, bool) {
	r.mu.Lock()
	l := r.listings[uid]
	r.mu.Unlock()
	if l == nil {
		return wire.Catalog{}, false
	}
	return l.told()
}

package collector_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/collector"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/settings"
	"github.com/podtest/podtest/internal/wire"
)

// T is what tests and properties share.
type T interface {
	Helper()
	Fatalf(format string, args ...any)
}

const runUID = types.UID("run-uid")

func testScheme() *runtime.Scheme {
	s := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(s); err != nil {
		panic(err)
	}
	if err := v1alpha1.AddToScheme(s); err != nil {
		panic(err)
	}
	return s
}

// world is an API server with one run of n tests.
type world struct {
	t     T
	api   client.WithWatch
	run   *v1alpha1.TestRun
	cat   *catalog.Catalog
	names []string // of the batches that have been made
}

func newWorld(t T, n int, hooks interceptor.Funcs) *world {
	t.Helper()
	run := &v1alpha1.TestRun{
		ObjectMeta: metav1.ObjectMeta{Name: "smoke", Namespace: "ns", UID: runUID},
		Spec: v1alpha1.TestRunSpec{
			Suites:      []v1alpha1.Suite{{Name: "unit", Go: &v1alpha1.BinariesHarness{Binaries: []string{"/t/*.test"}}}},
			Parallelism: 4, Worker: v1alpha1.Worker{Slots: 2, MaxTests: 1000},
			TestSettings: v1alpha1.TestSettings{Retries: &v1alpha1.Retries{Count: 1}},
		},
	}
	told := wire.Catalog{Binaries: []wire.Binary{{Suite: "unit", ID: "unit::a", Path: "/t/a.test"}}}
	for i := range n {
		told.Tests = append(told.Tests, wire.Listed{Name: fmt.Sprintf("Test%04d", i)})
	}
	cat, err := catalog.New(told)
	if err != nil {
		t.Fatalf("making a catalog: %v", err)
	}
	api := fake.NewClientBuilder().WithScheme(testScheme()).WithObjects(run).
		WithStatusSubresource(&v1alpha1.TestRun{}, &v1alpha1.TestBatch{}).WithInterceptorFuncs(hooks).Build()
	return &world{t: t, api: api, run: run, cat: cat}
}

// batch makes a TestBatch.
func (w *world) batch(index int, tests ...int64) *v1alpha1.TestBatch {
	w.t.Helper()
	class := plan.ClassDefault
	if len(tests) > 0 {
		class = plan.ClassAlone
	}
	b := &v1alpha1.TestBatch{
		ObjectMeta: metav1.ObjectMeta{
			Name: manifest.BatchName(w.run.Name, index), Namespace: "ns", UID: types.UID(fmt.Sprint("batch-uid-", index)),
			OwnerReferences: []metav1.OwnerReference{manifest.OwnedBy(w.run)},
		},
		Spec: v1alpha1.TestBatchSpec{Run: manifest.Ref(w.run), Index: int32(index), Class: class, Tests: tests},
	}
	if err := w.api.Create(context.Background(), b); err != nil {
		w.t.Fatalf("making a batch: %v", err)
	}
	w.names = append(w.names, b.Name)
	return b
}

func (w *world) stored(name string) *v1alpha1.TestBatch {
	w.t.Helper()
	b := &v1alpha1.TestBatch{}
	if err := w.api.Get(context.Background(), client.ObjectKey{Namespace: "ns", Name: name}, b); err != nil {
		w.t.Fatalf("reading a batch: %v", err)
	}
	return b
}

func (w *world) rows(name string) []outcome.Row {
	w.t.Helper()
	rows, err := outcome.Decode(w.stored(name).Status.Ledger)
	if err != nil {
		w.t.Fatalf("reading a ledger: %v", err)
	}
	return rows
}

func (w *world) batches() (all []v1alpha1.TestBatch) {
	for _, name := range w.names {
		all = append(all, *w.stored(name))
	}
	return all
}

// known is what a controller knows of the tests.
func (w *world) known() collector.Known {
	w.t.Helper()
	set, err := settings.Resolve(&w.run.Spec, settings.Provenance{}, w.cat)
	if err != nil {
		w.t.Fatalf("resolving the settings: %v", err)
	}
	return collector.Known{Catalog: w.cat, Settings: set}
}

// facts are what is stored, as a controller would read it.
func (w *world) facts() plan.Facts {
	f := manifest.Facts(w.run, w.known().Settings)
	for _, b := range w.batches() {
		rows, err := outcome.Decode(b.Status.Ledger)
		if err != nil {
			w.t.Fatalf("reading a ledger: %v", err)
		}
		fact := plan.Batch{
			Index: int(b.Spec.Index), Class: b.Spec.Class, Rows: rows, Discarded: int(b.Status.Discarded),
		}
		for _, o := range b.Spec.Tests {
			fact.Tests = append(fact.Tests, uint32(o))
		}
		if e := b.Status.End; e != nil {
			fact.End = &plan.End{Cause: plan.Cause(e.Cause), Message: e.Message}
			for _, l := range e.Lost {
				fact.End.Lost = append(fact.End.Lost, plan.Held{Ordinal: uint32(l.Ordinal), Attempt: uint16(l.Attempt)})
			}
		}
		f.Batches = append(f.Batches, fact)
	}
	return f
}

// leader is a manager that leads: it has the run open, from what is stored.
type leader struct {
	t    T
	runs *collector.Runs
	live *collector.Run
	http http.Handler
}

func (w *world) leader(options ...collector.Option) *leader {
	runs := collector.NewRuns(w.api, append([]collector.Option{collector.WithPace(0, 1_000_000)}, options...)...)
	l := &leader{t: w.t, runs: runs, http: collector.Handler(runs, byToken{})}
	l.live = runs.Open(w.run, w.known(), w.facts(), w.batches())
	return l
}

// byToken believes any token: "<batch>/<pod uid>", or "job:<job>/<pod uid>" of a listing pod.
type byToken struct{}

func (byToken) Authenticate(_ context.Context, token string) (collector.Caller, error) {
	batch, uid, _ := strings.Cut(token, "/")
	job, listing := strings.CutPrefix(batch, "job:")
	return collector.Caller{
		Run: types.NamespacedName{Namespace: "ns", Name: "smoke"}, RunUID: runUID, Batch: job, Listing: listing,
		Pod: v1alpha1.BatchPod{Name: job, UID: types.UID(uid), Node: "node-1"},
	}, nil
}

// ask sends one request, and reads the answer into reply if it is a good one.
func (l *leader) ask(ctx context.Context, token, path string, body, reply any) int {
	l.t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		l.t.Fatalf("%v", err)
	}
	req := httptest.NewRequestWithContext(ctx, http.MethodPost, path, bytes.NewReader(text))
	req.Header.Set("Authorization", "Bearer "+token)
	batch, _, _ := strings.Cut(strings.TrimPrefix(token, "job:"), "/")
	req.Header.Set(wire.HeaderBatch, batch)
	rec := httptest.NewRecorder()
	l.http.ServeHTTP(rec, req)
	if rec.Code == http.StatusOK && reply != nil {
		if err := json.Unmarshal(rec.Body.Bytes(), reply); err != nil {
			l.t.Fatalf("%s: %v", path, err)
		}
	}
	return rec.Code
}

// reporter speaks for a worker, to whichever leader it is given, as the agent's does.
type reporter struct {
	t        T
	token    string
	epoch    string
	acked    int64
	messages []wire.Message // all of them, from 1
	rows     []outcome.Row
	held     map[[2]int]bool // handed to it; true: started
}

func newReporter(t T, batch string) *reporter {
	return &reporter{t: t, token: batch + "/pod-" + batch, held: map[[2]int]bool{}}
}

func (p *reporter) hello(l *leader) {
	p.t.Helper()
	var reply wire.HelloReply
	h := wire.Hello{Version: wire.Version}
	for k, started := range p.held {
		h.Held = append(h.Held, wire.Held{Ordinal: uint32(k[0]), Attempt: uint16(k[1]), Started: started})
	}
	if code := l.ask(context.Background(), p.token, wire.PathHello, h, &reply); code != http.StatusOK {
		p.t.Fatalf("hello was answered %d", code)
	}
	p.epoch = reply.Epoch
	p.confirm(reply.Acked)
}

func (p *reporter) confirm(acked int64) {
	p.acked = max(p.acked, acked)
	for _, m := range p.messages[:p.acked] {
		if m.Row != nil {
			delete(p.held, [2]int{int(m.Row.Ordinal), int(m.Row.Attempt)})
		}
	}
}

func (p *reporter) lease(l *leader, queued, running int) wire.Lease {
	p.t.Helper()
	var lease wire.Lease
	req := wire.LeaseRequest{Version: wire.Version, Epoch: p.epoch, Queued: queued, Running: running}
	if code := l.ask(context.Background(), p.token, wire.PathLease, req, &lease); code != http.StatusOK {
		p.t.Fatalf("a lease was answered %d", code)
	}
	for _, a := range lease.Attempts {
		p.held[[2]int{int(a.Ordinal), int(a.Attempt)}] = false
	}
	return lease
}

func (p *reporter) say(m wire.Message) {
	m.Seq = int64(len(p.messages)) + 1
	p.messages = append(p.messages, m)
}

func (p *reporter) ran(a wire.Assignment, o outcome.Outcome) {
	h := wire.Held{Ordinal: a.Ordinal, Attempt: a.Attempt, Started: true}
	p.held[[2]int{int(a.Ordinal), int(a.Attempt)}] = true
	p.say(wire.Message{Kind: wire.KindStarted, Started: []wire.Held{h}})
	p.ended(a, o)
}

// ended tells how an attempt ended that has begun.
func (p *reporter) ended(a wire.Assignment, o outcome.Outcome) {
	row := outcome.Row{
		Ordinal: a.Ordinal, Attempt: a.Attempt, Outcome: o, Start: 1_000_000 * int64(a.Ordinal),
		Duration: 1000 * uint64(a.Ordinal+1),
	}
	m := wire.Message{Kind: wire.KindResult, Row: &row}
	if !o.Good() {
		row.Reason, row.Code = outcome.ExitCode, 1
		m.Excerpt = fmt.Sprintf("exited with code 1: %s", a.Name)
	}
	p.rows = append(p.rows, row)
	p.say(m)
}

func (p *reporter) seal() {
	p.say(wire.Message{Kind: wire.KindSeal, Seal: &wire.Seal{Count: len(p.rows), Digest: outcome.Digest(p.rows)}})
}

// send sends all that is not acknowledged and returns the status.
func (p *reporter) send(l *leader, wait bool) int {
	p.t.Helper()
	var reply wire.ReportReply
	req := wire.Report{Version: wire.Version, Epoch: p.epoch, Wait: wait, Messages: p.messages[p.acked:]}
	code := l.ask(context.Background(), p.token, wire.PathReport, req, &reply)
	if code == http.StatusOK {
		p.confirm(reply.Acked)
	}
	return code
}

// work asks for work until it is told to drain, runs all of it, and seals. fails tells which attempts fail.
func (p *reporter) work(l *leader, fails func(a wire.Assignment) bool) {
	p.t.Helper()
	for {
		lease := p.lease(l, 0, 0)
		for _, a := range lease.Attempts {
			o := outcome.Passed
			if fails != nil && fails(a) {
				o = outcome.Failed
			}
			p.ran(a, o)
		}
		if code := p.send(l, false); code != http.StatusOK {
			p.t.Fatalf("a report was answered %d", code)
		}
		if lease.Drain {
			break
		}
	}
	p.seal()
	if code := p.send(l, true); code != http.StatusOK {
		p.t.Fatalf("a seal was answered %d", code)
	}
}

func counts(l *leader) (c plan.Counts) {
	l.live.Update(func(s *plan.State) { c = s.Counts() })
	return c
}

func sorted(rows []outcome.Row) []outcome.Row {
	rows = slices.Clone(rows)
	slices.SortFunc(rows, func(a, b outcome.Row) int {
		return (int(a.Ordinal)-int(b.Ordinal))*100 + int(a.Attempt) - int(b.Attempt)
	})
	return rows
}

func wantDone(t *testing.T, what string, done <-chan struct{}) {
	t.Helper()
	select {
	case <-done:
	case <-time.After(10 * time.Second):
		t.Fatalf("%s did not happen", what)
	}
}

// stop ends what a leader has begun.
func (l *leader) stop() {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if err := l.runs.Start(ctx); err != nil {
		l.t.Fatalf("ending: %v", err)
	}
}

// passedAfterOne fails the first attempt of each seventh test.
func passedAfterOne(a wire.Assignment) outcome.Outcome {
	if a.Ordinal%7 == 0 && a.Attempt == 1 {
		return outcome.Failed
	}
	return outcome.Passed
}

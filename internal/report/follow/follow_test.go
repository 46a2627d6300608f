package follow

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"path"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/rest"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/records"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/settings"
	"github.com/podtest/podtest/internal/wire"
)

// cluster is one in which a run goes on step by step: each step is taken when the printed text holds its cue.
type cluster struct {
	client.WithWatch
	t   *testing.T
	run *v1alpha1.TestRun
	cat *catalog.Catalog
	// watched gets a value for each watch that has begun. The fake forgets what comes between a list and its watch.
	watched chan struct{}
}

type watchFunc func(context.Context, client.WithWatch, client.ObjectList, ...client.ListOption) (watch.Interface, error)

func plainly(
	ctx context.Context, c client.WithWatch, l client.ObjectList, o ...client.ListOption,
) (watch.Interface, error) {
	return c.Watch(ctx, l, o...)
}

func newCluster(t *testing.T, watching watchFunc) cluster {
	t.Helper()
	watched := make(chan struct{}, 100)
	funcs := interceptor.Funcs{Watch: func(
		ctx context.Context, c client.WithWatch, l client.ObjectList, o ...client.ListOption,
	) (watch.Interface, error) {
		if _, records := l.(*metav1.PartialObjectMetadataList); records {
			return names(c.Watch(ctx, l, o...))
		}
		w, err := watching(ctx, c, l, o...)
		if err == nil {
			watched <- struct{}{}
		}
		return w, err
	}}
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	run := &v1alpha1.TestRun{ObjectMeta: metav1.ObjectMeta{Namespace: "ci", Name: "shop", UID: "u1"}}
	c := fake.NewClientBuilder().WithScheme(scheme).WithObjects(run).
		WithStatusSubresource(&v1alpha1.TestRun{}, &v1alpha1.TestBatch{}).
		WithIndex(&v1alpha1.TestRun{}, "metadata.name", func(o client.Object) []string { return []string{o.GetName()} }).
		WithInterceptorFuncs(funcs).Build()
	cat := &catalog.Catalog{
		Binaries: []wire.Binary{{Suite: "unit", ID: "unit::cart"}},
		Tests:    []wire.Listed{{Name: "TestAdd"}, {Name: "TestBad"}},
	}
	return cluster{WithWatch: c, t: t, run: run, cat: cat, watched: watched}
}

// names makes of what the fake says of whole records what an API server says of their metadata.
func names(w watch.Interface, err error) (watch.Interface, error) {
	if err != nil {
		return nil, err
	}
	return watch.Filter(w, func(e watch.Event) (watch.Event, bool) {
		if whole, ok := e.Object.(*v1alpha1.TestRecord); ok {
			e.Object = &metav1.PartialObjectMetadata{ObjectMeta: whole.ObjectMeta}
		}
		return e, true
	}), nil
}

func (c cluster) bothWatched() {
	<-c.watched
	<-c.watched
}

func (c cluster) must(err error) {
	c.t.Helper()
	if err != nil {
		c.t.Fatal(err)
	}
}

func (c cluster) listed() {
	n, err := records.SaveCatalog(c.t.Context(), c, c.run, c.cat)
	c.must(err)
	c.status(func(st *v1alpha1.TestRunStatus) {
		st.Catalog = &v1alpha1.CatalogRef{Digest: c.cat.Digest(), Records: int32(n)}
		st.Tests = v1alpha1.TestCounts{Listed: 2, Selected: 2}
	})
}

func (c cluster) status(change func(*v1alpha1.TestRunStatus)) {
	run := &v1alpha1.TestRun{}
	c.must(c.Get(c.t.Context(), client.ObjectKeyFromObject(c.run), run))
	change(&run.Status)
	c.must(c.Status().Update(c.t.Context(), run))
}

func (c cluster) batch(rows ...outcome.Row) {
	b := manifest.Batch(c.run, 0, settings.Class{Name: "default"}, nil)
	c.must(client.IgnoreAlreadyExists(c.Create(c.t.Context(), b)))
	c.must(c.Get(c.t.Context(), client.ObjectKeyFromObject(b), b))
	b.Status.Ledger = outcome.Encode(rows)
	c.must(c.Status().Update(c.t.Context(), b))
}

func (c cluster) ended(st *v1alpha1.TestRunStatus) {
	st.Result, st.ExitCode = v1alpha1.ResultFailed, ptr.To(v1alpha1.ExitTestsFailed)
	st.Tests = v1alpha1.TestCounts{Listed: 2, Selected: 2, Passed: 1, Failed: 1}
	st.Conditions = []metav1.Condition{
		{Type: v1alpha1.ConditionComplete, Status: metav1.ConditionTrue, Reason: v1alpha1.ReasonTestsFailed, Message: "1 of 2 tests failed"},
	}
}

// step is what happens once cue was printed.
type step struct {
	cue string
	do  func()
}

func (c cluster) follow(steps ...step) (string, *v1alpha1.TestRun, error) {
	c.t.Helper()
	ctx, stop := context.WithTimeout(c.t.Context(), 30*time.Second)
	defer stop()
	var out bytes.Buffer
	printer := report.NewPrinter(report.Options{})
	end, err := Source{
		Client: c, Follower: report.Follower{Command: "podtest"}, Tick: 10 * time.Millisecond, Now: time.Now,
		Print: func(e report.Event) {
			out.Write(printer.Print(e))
			for len(steps) > 0 && strings.Contains(out.String(), steps[0].cue) {
				do := steps[0].do
				steps = steps[1:]
				do()
			}
		},
	}.Follow(ctx, c.run)
	return out.String(), end, err
}

var (
	good = outcome.Row{Ordinal: 0, Attempt: 1, Outcome: outcome.Passed, Start: 1}
	bad  = outcome.Row{Ordinal: 1, Attempt: 1, Outcome: outcome.Failed, Reason: outcome.ExitCode, Code: 3, Start: 2}
)

// The last batch and the end of the run come at once, so that the watch of the batches may be behind.
func (c cluster) wholeRun() []step {
	return []step{
		{"TestRun ci/shop", func() { c.bothWatched(); c.listed() }},
		{"Listed 2 tests", func() { c.batch(good) }},
		{"PASS", func() { c.status(c.ended); c.batch(good, bad) }},
	}
}

func checkWhole(t *testing.T, out string, end *v1alpha1.TestRun, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%v, after:\n%s", err, out)
	}
	if end.Status.ExitCode == nil || *end.Status.ExitCode != v1alpha1.ExitTestsFailed {
		t.Errorf("exit code %v, want 100", end.Status.ExitCode)
	}
	for _, want := range []string{
		"Listed 2 tests in 1 binary\n", "(1/2) unit::cart TestAdd\n", "exit code 3\n", "2 tests run: 1 passed, 1 failed, 0 skipped (1 worker)",
		"Failed [exit 100] 1 of 2 tests failed\n",
	} {
		if strings.Count(out, want) != 1 {
			t.Errorf("%q is not there exactly once:\n%s", want, out)
		}
	}
}

func TestFollowToTheEnd(t *testing.T) {
	c := newCluster(t, plainly)
	out, end, err := c.follow(c.wholeRun()...)
	checkWhole(t, out, end, err)
}

func TestFollowSurvivesWatchesThatBreak(t *testing.T) {
	var watches atomic.Int32
	breaking := func(
		ctx context.Context, c client.WithWatch, l client.ObjectList, o ...client.ListOption,
	) (watch.Interface, error) {
		if watches.Add(1)%2 == 1 {
			return nil, errors.New("connection refused")
		}
		w, err := c.Watch(ctx, l, o...)
		if err == nil {
			time.AfterFunc(20*time.Millisecond, w.Stop)
		}
		return w, err
	}
	c := newCluster(t, breaking)
	steps := c.wholeRun()
	steps[0].do = c.listed // whatever a watch misses, the next list tells
	out, end, err := c.follow(steps...)
	checkWhole(t, out, end, err)
	if watches.Load() < 3 {
		t.Errorf("%d watches: none was taken up again", watches.Load())
	}
}

func TestFollowOfARunThatHasEnded(t *testing.T) {
	c := newCluster(t, plainly)
	c.listed()
	c.batch(good, bad)
	c.status(c.ended)
	c.must(c.Get(t.Context(), client.ObjectKeyFromObject(c.run), c.run))
	out, end, err := c.follow()
	checkWhole(t, out, end, err)
}

func TestFollowOfARunThatIsDeleted(t *testing.T) {
	c := newCluster(t, plainly)
	_, _, err := c.follow(step{"TestRun ci/shop", func() { c.bothWatched(); c.listed() }}, step{"Listed", func() { c.must(c.Delete(t.Context(), c.run)) }})
	if !errors.Is(err, ErrDeleted) {
		t.Errorf("error %v, want ErrDeleted", err)
	}
}

func TestFollowTellsTheVerdictWithoutItsDetails(t *testing.T) {
	c := newCluster(t, plainly)
	c.status(func(st *v1alpha1.TestRunStatus) {
		c.ended(st)
		st.Catalog = &v1alpha1.CatalogRef{Digest: "gone", Records: 1}
	})
	c.must(c.Get(t.Context(), client.ObjectKeyFromObject(c.run), c.run))
	out, _, err := c.follow()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"INCOMPLETE", "Failed [exit 100]"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
}

// apiServer is one that knows one run and can be taken away. It tells watches nothing: those that break begin anew,
// with a list, for it has forgotten what was before.
type apiServer struct {
	cluster
	address string
	server  *http.Server
	gone    atomic.Bool // once
}

func (s *apiServer) start() {
	listener, err := net.Listen("tcp", s.address)
	s.must(err)
	s.address = listener.Addr().String()
	s.server = &http.Server{Handler: http.HandlerFunc(s.handle)}
	go func() { _ = s.server.Serve(listener) }()
}

// stop breaks all connections, and lets no more in.
func (s *apiServer) stop() {
	s.gone.Store(true)
	s.must(s.server.Close())
}

func (s *apiServer) handle(w http.ResponseWriter, r *http.Request) {
	if s.gone.Load() && r.URL.Query().Get("watch") != "" {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusGone)
		_ = json.NewEncoder(w).Encode(apierrors.NewResourceExpired("too old").Status())
		return
	}
	s.answer(w, r)
}

// client is one of the server.
func (s *apiServer) client() client.WithWatch {
	scheme := runtime.NewScheme()
	s.must(v1alpha1.AddToScheme(scheme))
	mapper := meta.NewDefaultRESTMapper([]schema.GroupVersion{v1alpha1.GroupVersion})
	for kind, plural := range map[string]string{"TestRun": "testruns", "TestBatch": "testbatches", "TestRecord": "testrecords"} {
		named := v1alpha1.GroupVersion.WithResource
		mapper.AddSpecific(v1alpha1.GroupVersion.WithKind(kind), named(plural), named(strings.ToLower(kind)), meta.RESTScopeNamespace)
	}
	config := &rest.Config{Host: "http://" + s.address, QPS: -1}
	w, err := client.NewWithWatch(config, client.Options{Scheme: scheme, Mapper: mapper})
	s.must(err)
	return w
}

func (c cluster) answer(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "application/json")
	if r.URL.Query().Get("watch") != "" {
		w.WriteHeader(http.StatusOK)
		_ = http.NewResponseController(w).Flush()
		<-r.Context().Done() // until the connection breaks
		return
	}
	answer, err := c.found(r)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_ = json.NewEncoder(w).Encode(answer)
}

// found is a list, or the record that is asked for.
func (c cluster) found(r *http.Request) (any, error) {
	var list client.ObjectList
	kind := ""
	switch path.Base(r.URL.Path) {
	case "testruns":
		list, kind = &v1alpha1.TestRunList{}, "TestRunList"
	case "testbatches":
		list, kind = &v1alpha1.TestBatchList{}, "TestBatchList"
	case "testrecords":
		list, kind = &v1alpha1.TestRecordList{}, "TestRecordList"
	default:
		record := &v1alpha1.TestRecord{}
		err := c.Get(r.Context(), client.ObjectKey{Namespace: c.run.Namespace, Name: path.Base(r.URL.Path)}, record)
		record.SetGroupVersionKind(v1alpha1.GroupVersion.WithKind("TestRecord"))
		return record, err
	}
	err := c.List(r.Context(), list)
	list.GetObjectKind().SetGroupVersionKind(v1alpha1.GroupVersion.WithKind(kind))
	list.SetResourceVersion("1")
	return list, err
}

func TestFollowSurvivesAnAPIServerThatDropsConnections(t *testing.T) {
	c := newCluster(t, plainly)
	server := &apiServer{cluster: c, address: "127.0.0.1:0"}
	server.start()
	defer server.stop()
	here := c
	here.WithWatch = server.client()
	out, end, err := here.follow(
		step{"TestRun ci/shop", func() { c.listed(); c.batch(good); server.stop() }},
		step{"OFFLINE", func() { c.batch(good, bad); c.status(c.ended); server.start() }},
	)
	checkWhole(t, out, end, err)
	for _, want := range []string{"OFFLINE", "ONLINE"} {
		if strings.Count(out, want) != 1 {
			t.Errorf("%s is not there once:\n%s", want, out)
		}
	}
}

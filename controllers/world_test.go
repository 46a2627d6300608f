package controllers_test

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"sync"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	clocktesting "k8s.io/utils/clock/testing"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/controllers"
	"github.com/podtest/podtest/internal/collector"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

// world is a namespace with one run in it, a leader that sees to it, and all that surrounds them.
type world struct {
	t       testing.TB
	ctx     context.Context
	api     client.WithWatch
	clock   *clocktesting.FakePassiveClock
	run     *v1alpha1.TestRun // as it was made
	told    wire.Catalog      // what a listing pod tells
	ends    func(wire.Assignment) outcome.Outcome
	agents  map[types.UID]*agent
	leader  *leader
	events  events
	victim  string         // the worker that was evicted
	evict   bool           // the first worker that has two tests is evicted
	started map[[2]int]int // how often each attempt was started
}

// newWorld makes a run of n tests, and a leader whose client has these hooks.
func newWorld(t testing.TB, n int, hooks interceptor.Funcs, change ...func(*v1alpha1.TestRun)) *world {
	t.Helper()
	_, api := apiServer(t)
	w := &world{
		t: t, ctx: t.Context(), api: api, told: tests(n), agents: map[types.UID]*agent{}, started: map[[2]int]int{},
		clock: clocktesting.NewFakePassiveClock(time.Now().Truncate(time.Second)),
		ends:  func(wire.Assignment) outcome.Outcome { return outcome.Passed },
	}
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "story-"}}
	w.must(api.Create(w.ctx, ns))
	w.run = testRun(ns.Name)
	for _, f := range change {
		f(w.run)
	}
	w.must(api.Create(w.ctx, w.run))
	w.lead(hooks)
	return w
}

func testRun(namespace string) *v1alpha1.TestRun {
	return &v1alpha1.TestRun{
		ObjectMeta: metav1.ObjectMeta{Name: "smoke", Namespace: namespace},
		Spec: v1alpha1.TestRunSpec{
			Suites: []v1alpha1.Suite{{Name: "unit", Go: &v1alpha1.BinariesHarness{Binaries: []string{"/t/*.test"}}}},
			Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
				ServiceAccountName: "default", // no admission fills it in here
				Containers:         []corev1.Container{{Name: "tests", Image: "registry.example/tests:1"}},
			}},
		},
	}
}

func tests(n int) wire.Catalog {
	c := wire.Catalog{Last: true, Binaries: []wire.Binary{{Suite: "unit", ID: "unit::a", Path: "/t/a.test"}}}
	for i := range n {
		c.Tests = append(c.Tests, wire.Listed{Name: fmt.Sprintf("Test%04d", i)})
	}
	return c
}

func (w *world) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) key() types.NamespacedName { return client.ObjectKeyFromObject(w.run) }

// pass lets time go by.
func (w *world) pass(d time.Duration) { w.clock.SetTime(w.clock.Now().Add(d)) }

// leader is a manager that leads, without its watches: whoever wants a pass calls for it.
type leader struct {
	runs    *collector.Runs
	http    http.Handler
	run     *controllers.TestRunReconciler
	batches *controllers.TestBatchReconciler
	writes  *writes
}

// lead puts another leader in the place of the one there is: of that one's memory nothing is left.
func (w *world) lead(hooks interceptor.Funcs) {
	count := &writes{made: map[string]int{}}
	api := client.WithFieldValidation(
		interceptor.NewClient(interceptor.NewClient(w.api, count.hooks()), hooks), metav1.FieldValidationStrict)
	runs := collector.NewRuns(api, collector.WithNow(w.clock.Now), collector.WithPace(0, 1_000_000))
	reach := func(context.Context) (manifest.Collector, error) {
		return manifest.Collector{Image: "podtest:1", URL: "https://10.0.0.1:8443", ServerName: "c", CABundle: "pem"}, nil
	}
	w.leader = &leader{
		runs: runs, writes: count, http: collector.Handler(runs, believer{}),
		run: &controllers.TestRunReconciler{
			Client: api, Live: api, Runs: runs, Collector: reach, Clock: w.clock, Events: &w.events,
		},
		batches: &controllers.TestBatchReconciler{
			Client: api, Live: api, Runs: runs, Collector: reach, Clock: w.clock, Events: &w.events,
		},
	}
}

// writes are those that a leader has sent, and which objects it has made.
type writes struct {
	sent int
	made map[string]int
}

func (s *writes) hooks() interceptor.Funcs {
	return interceptor.Funcs{
		Create: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.CreateOption) error {
			s.sent++
			err := c.Create(ctx, obj, opts...)
			if dry := (&client.CreateOptions{}).ApplyOptions(opts); err == nil && len(dry.DryRun) == 0 {
				s.made[fmt.Sprintf("%T %s", obj, obj.GetName())]++
			}
			return err
		},
		Delete: func(ctx context.Context, c client.WithWatch, obj client.Object, opts ...client.DeleteOption) error {
			s.sent++
			return c.Delete(ctx, obj, opts...)
		},
		SubResourcePatch: func(
			ctx context.Context, c client.Client, sub string, obj client.Object, p client.Patch, opts ...client.SubResourcePatchOption,
		) error {
			s.sent++
			return c.SubResource(sub).Patch(ctx, obj, p, opts...)
		},
		SubResourceUpdate: func(
			ctx context.Context, c client.Client, sub string, obj client.Object, opts ...client.SubResourceUpdateOption,
		) error {
			s.sent++
			return c.SubResource(sub).Update(ctx, obj, opts...)
		},
	}
}

// tryRun is one pass over the run.
func (w *world) tryRun() (ctrl.Result, error) {
	return w.leader.run.Reconcile(w.ctx, reconcile.Request{NamespacedName: w.key()})
}

func (w *world) passRun() ctrl.Result {
	w.t.Helper()
	res, err := w.tryRun()
	w.must(err)
	return res
}

// tryBatches is one pass over each batch.
func (w *world) tryBatches() error {
	for _, b := range w.batches() {
		if _, err := w.leader.batches.Reconcile(w.ctx, requestFor(&b)); err != nil {
			return err
		}
	}
	return nil
}

func (w *world) passBatches() {
	w.t.Helper()
	w.must(w.tryBatches())
}

func requestFor(obj client.Object) reconcile.Request {
	return reconcile.Request{NamespacedName: client.ObjectKeyFromObject(obj)}
}

// passAll is one pass over the run and over each batch.
func (w *world) passAll() {
	w.t.Helper()
	w.passRun()
	w.passBatches()
}

// underway brings the run so far that its tests are known and its first workers run.
func (w *world) underway() {
	w.t.Helper()
	w.passRun()
	w.control()
	w.kubelet()
	w.work()
	w.passAll()
	w.kubelet()
	w.passAll()
}

// settle lets all go on until nothing changes any more.
func (w *world) settle() {
	w.t.Helper()
	for range 30 {
		was := w.versionsAtTheEnd()
		w.passAll()
		w.control()
		w.kubelet()
		w.work()
		w.pass(time.Second)
		if was != nil && maps.Equal(was, w.versions()) {
			return
		}
	}
	w.t.Fatalf("the run does not come to rest: %+v", w.status())
}

func (w *world) stored() *v1alpha1.TestRun {
	w.t.Helper()
	run := &v1alpha1.TestRun{}
	w.must(w.api.Get(w.ctx, w.key(), run))
	return run
}

func (w *world) status() v1alpha1.TestRunStatus { return w.stored().Status }

// spec changes what the user may change.
func (w *world) spec(change func(*v1alpha1.TestRunSpec)) {
	w.t.Helper()
	run := w.stored()
	change(&run.Spec)
	w.must(w.api.Update(w.ctx, run))
}

func (w *world) complete() bool {
	return meta.IsStatusConditionTrue(w.status().Conditions, v1alpha1.ConditionComplete)
}

func list[L client.ObjectList](w *world, into L) L {
	w.t.Helper()
	w.must(w.api.List(w.ctx, into, client.InNamespace(w.run.Namespace)))
	return into
}

func (w *world) batches() []v1alpha1.TestBatch { return list(w, &v1alpha1.TestBatchList{}).Items }

func (w *world) pods() []corev1.Pod { return list(w, &corev1.PodList{}).Items }

func (w *world) jobs() []batchv1.Job { return list(w, &batchv1.JobList{}).Items }

func (w *world) records() []v1alpha1.TestRecord { return list(w, &v1alpha1.TestRecordList{}).Items }

func (w *world) batch(index int) *v1alpha1.TestBatch {
	w.t.Helper()
	b := &v1alpha1.TestBatch{}
	w.must(w.api.Get(w.ctx, w.worker(index), b))
	return b
}

func (w *world) worker(index int) types.NamespacedName {
	return types.NamespacedName{Namespace: w.run.Namespace, Name: manifest.BatchName(w.run.Name, index)}
}

// pod is the pod of a worker, or nil.
func (w *world) pod(index int) *corev1.Pod {
	w.t.Helper()
	pod := &corev1.Pod{}
	err := w.api.Get(w.ctx, w.worker(index), pod)
	if client.IgnoreNotFound(err) != nil {
		w.t.Fatal(err)
	}
	if err != nil {
		return nil
	}
	return pod
}

// versions are the resource versions of all that belongs to the run.
func (w *world) versions() map[string]string {
	w.t.Helper()
	all := map[string]string{}
	note := func(obj client.Object) { all[fmt.Sprintf("%T %s", obj, obj.GetName())] = obj.GetResourceVersion() }
	note(w.stored())
	for _, x := range w.batches() {
		note(&x)
	}
	for _, x := range w.pods() {
		note(&x)
	}
	for _, x := range w.jobs() {
		note(&x)
	}
	for _, x := range w.records() {
		note(&x)
	}
	return all
}

// versionsAtTheEnd are the versions of a run that has its verdict, else nil.
func (w *world) versionsAtTheEnd() map[string]string {
	w.t.Helper()
	if !w.complete() {
		return nil
	}
	return w.versions()
}

// events are those that were told, in a few words.
type events struct {
	mu  sync.Mutex
	all []string
}

// Eventf implements events.EventRecorder.
func (e *events) Eventf(_, _ runtime.Object, kind, reason, _, note string, args ...any) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.all = append(e.all, fmt.Sprintf("%s %s: %s", kind, reason, fmt.Sprintf(note, args...)))
}

func (e *events) told() []string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return slices.Clone(e.all)
}

package controllers_test

import (
	"context"
	"testing"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/controllers"
	"github.com/podtest/podtest/internal/collector"
)

// manage has a manager see to the world's run, with its watches and its cache, until the test ends.
func (w *world) manage(t *testing.T) {
	config, _ := apiServer(t)
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme: scheme(), Metrics: metricsserver.Options{BindAddress: "0"},
		Cache: cache.Options{DefaultNamespaces: map[string]cache.Config{w.run.Namespace: {}}},
	})
	w.must(err)
	c, live, reach := mgr.GetClient(), mgr.GetAPIReader(), w.leader.run.Collector
	runs := collector.NewRuns(c, collector.WithReader(live), collector.WithPace(0, 1_000_000))
	w.leader.runs, w.leader.http = runs, collector.Handler(runs, believer{})
	w.must(mgr.Add(runs))
	w.must((&controllers.TestRunReconciler{
		Client: c, Live: live, Runs: runs, Collector: reach, Clock: clock.RealClock{}, Events: &w.events,
	}).SetupWithManager(mgr))
	w.must((&controllers.TestBatchReconciler{
		Client: c, Live: live, Runs: runs, Collector: reach, Clock: clock.RealClock{}, Events: &w.events,
	}).SetupWithManager(mgr))
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- mgr.Start(ctx) }()
	t.Cleanup(func() {
		stop()
		if err := <-ended; err != nil {
			t.Errorf("the manager ended: %v", err)
		}
	})
}

// await waits for an object of the run to be as wanted. It fails after a time that is long for what is awaited.
func await[L client.ObjectList](w *world, list L, what string, is func(client.Object) bool) {
	w.t.Helper()
	ctx, stop := context.WithTimeout(w.ctx, 30*time.Second)
	defer stop()
	w.must(w.api.List(ctx, list, client.InNamespace(w.run.Namespace)))
	seen := false
	w.must(meta.EachListItem(list, func(o runtime.Object) error {
		seen = seen || is(o.(client.Object))
		return nil
	}))
	if seen {
		return
	}
	events, err := w.api.Watch(ctx, list, client.InNamespace(w.run.Namespace),
		&client.ListOptions{Raw: &metav1.ListOptions{ResourceVersion: list.GetResourceVersion()}})
	w.must(err)
	defer events.Stop()
	for e := range events.ResultChan() {
		obj, ok := e.Object.(client.Object)
		if ok && e.Type != watch.Bookmark && is(obj) == (e.Type != watch.Deleted) {
			return
		}
	}
	w.t.Fatalf("%s: it did not happen", what)
}

func whatever(client.Object) bool { return true }

func TestWithItsWatchesARunComesToItsEndByItself(t *testing.T) {
	w := newWorld(t, 3, interceptor.Funcs{})
	w.manage(t)
	await(w, &batchv1.JobList{}, "the listing job", whatever)
	w.control()
	w.kubelet()
	w.work()
	worker := func(o client.Object) bool { return o.GetLabels()[v1alpha1.LabelPhase] == v1alpha1.PhaseRun }
	await(w, &corev1.PodList{}, "the worker's pod", worker)
	w.control()
	w.kubelet()
	w.work()
	complete := func(o client.Object) bool {
		return meta.IsStatusConditionTrue(o.(*v1alpha1.TestRun).Status.Conditions, v1alpha1.ConditionComplete)
	}
	await(w, &v1alpha1.TestRunList{}, "the verdict", complete)
	if got := w.verdict(); got.Result != v1alpha1.ResultPassed {
		t.Errorf("the run is %+v", got)
	}
	w.work()
	w.kubelet()
	ended := func(o client.Object) bool { return o.(*v1alpha1.TestBatch).Status.End != nil }
	await(w, &v1alpha1.TestBatchList{}, "the end of the worker", ended)
	if got := w.cause(0); got != "Finished" {
		t.Errorf("the worker ended by %q", got)
	}
	w.checkLedgers()
}

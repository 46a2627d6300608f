package main

import (
	"context"
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/selection"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/utils/clock"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/cache"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/healthz"
	metricsserver "sigs.k8s.io/controller-runtime/pkg/metrics/server"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/controllers"
	"github.com/podtest/podtest/internal/collector"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/version"
)

// run makes the manager and lets it work until ctx is done.
func run(ctx context.Context, o options) error {
	ctrl.Log.Info("manager starts", "version", version.Get().String(), "namespaces", o.watched())
	mgr, err := newManager(o)
	if err != nil {
		return fmt.Errorf("making the manager: %w", err)
	}
	live := mgr.GetAPIReader()
	runs := collector.NewRuns(mgr.GetClient(), collector.WithReader(live))
	server := collector.NewServer(collector.ServerOptions{
		Client: mgr.GetClient(), Live: live, Namespace: o.namespace,
		Addr: o.collectorAddr, URL: o.collectorURL,
		Handler: collector.Handler(runs, collector.NewAuthenticator(mgr.GetClient(), live)),
	})
	reach := func(ctx context.Context) (manifest.Collector, error) {
		url, err := server.Address(ctx)
		if err != nil {
			return manifest.Collector{}, err
		}
		ca, err := server.CABundle(ctx)
		if err != nil {
			return manifest.Collector{}, err
		}
		return manifest.Collector{
			Image: o.image, URL: url, ServerName: server.Name(), CABundle: string(ca),
		}, nil
	}
	for _, r := range []interface {
		Start(context.Context) error
	}{runs, server, leaderLabel{mgr.GetClient(), live, o.namespace, o.pod}} {
		if err := mgr.Add(r); err != nil {
			return fmt.Errorf("adding the collector: %w", err)
		}
	}
	if err := addControllers(mgr, runs, reach); err != nil {
		return err
	}
	return mgr.Start(ctx)
}

func addControllers(mgr ctrl.Manager, runs *collector.Runs, reach controllers.CollectorFunc) error {
	tr := &controllers.TestRunReconciler{
		Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Runs: runs, Collector: reach,
		Clock: clock.RealClock{}, Events: mgr.GetEventRecorder("podtest"),
	}
	if err := tr.SetupWithManager(mgr); err != nil {
		return fmt.Errorf("setting up the TestRun controller: %w", err)
	}
	tb := &controllers.TestBatchReconciler{
		Client: mgr.GetClient(), Live: mgr.GetAPIReader(), Runs: runs, Collector: reach,
		Clock: clock.RealClock{}, Events: mgr.GetEventRecorder("podtest"),
	}
	if err := tb.SetupWithManager(mgr); err != nil {
		return fmt.Errorf("setting up the TestBatch controller: %w", err)
	}
	return nil
}

func newManager(o options) (ctrl.Manager, error) {
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return nil, err
	}
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	config, err := ctrl.GetConfig()
	if err != nil {
		return nil, err
	}
	config.QPS = -1 // the API server's priority and fairness is the limit, not a guess of ours
	mgr, err := ctrl.NewManager(config, ctrl.Options{
		Scheme:                        scheme,
		Cache:                         cacheOptions(o),
		Client:                        client.Options{Cache: &client.CacheOptions{DisableFor: uncached}},
		Metrics:                       metricsserver.Options{BindAddress: o.metricsAddr},
		HealthProbeBindAddress:        o.healthAddr,
		LeaderElection:                o.leaderElect,
		LeaderElectionID:              "podtest-manager",
		LeaderElectionNamespace:       o.namespace,
		LeaderElectionReleaseOnCancel: true,
		LeaseDuration:                 new(o.leaseDuration),
		RenewDeadline:                 new(o.leaseDuration * 2 / 3),
		RetryPeriod:                   new(max(o.leaseDuration/6, 500*time.Millisecond)),
	})
	if err != nil {
		return nil, err
	}
	for _, add := range []func(string, healthz.Checker) error{mgr.AddHealthzCheck, mgr.AddReadyzCheck} {
		if err := add("ping", healthz.Ping); err != nil {
			return nil, err
		}
	}
	return mgr, nil
}

// uncached are kinds that the manager reads seldom and should not watch.
var uncached = []client.Object{&corev1.Secret{}, &corev1.Service{}, &v1alpha1.TestRecord{}}

// cacheOptions keep the cache to what belongs to runs, and slim.
func cacheOptions(o options) cache.Options {
	ours, err := labels.NewRequirement(v1alpha1.LabelRunUID, selection.Exists, nil)
	if err != nil {
		panic(err) // a constant
	}
	of := cache.ByObject{Label: labels.NewSelector().Add(*ours)}
	opts := cache.Options{
		DefaultTransform: cache.TransformStripManagedFields(),
		ByObject: map[client.Object]cache.ByObject{
			&corev1.Pod{}: of, &batchv1.Job{}: of, &v1alpha1.TestBatch{}: {Transform: withoutLedger},
		},
	}
	for _, namespace := range o.watched() {
		if opts.DefaultNamespaces == nil {
			opts.DefaultNamespaces = map[string]cache.Config{}
		}
		opts.DefaultNamespaces[namespace] = cache.Config{}
	}
	return opts
}

// withoutLedger keeps the ledgers themselves out of the cache: whoever needs one reads it live.
func withoutLedger(o any) (any, error) {
	if b, ok := o.(*v1alpha1.TestBatch); ok {
		b.ManagedFields, b.Status.Ledger, b.Status.Failures = nil, nil, nil
	}
	return o, nil
}

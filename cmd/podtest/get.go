package main

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/records"
	"github.com/podtest/podtest/internal/settings"
)

// latest stands for the newest TestRun of the namespace wherever a verb wants the name of one. No object can be
// called so.
const latest = "@latest"

// get is the TestRun of that name; @latest is the newest of the namespace.
func (c *cli) get(ctx context.Context, name string) (client.WithWatch, *v1alpha1.TestRun, error) {
	namespace, _, err := c.namespace()
	if err != nil {
		return nil, nil, err
	}
	cluster, err := c.connect()
	if err != nil {
		return nil, nil, err
	}
	run := &v1alpha1.TestRun{}
	if name == latest {
		run, err = newest(ctx, cluster, namespace)
		return cluster, run, err
	}
	err = cluster.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, run)
	if apierrors.IsNotFound(err) {
		return nil, nil, fmt.Errorf("there is no TestRun %s in namespace %s: "+
			"`kubectl get testruns --namespace %s` shows those there are", name, namespace, namespace)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("reading TestRun %s/%s: %w", namespace, name, err)
	}
	return cluster, run, nil
}

// newest is the TestRun that was made last; of those of one second, the last one by name.
func newest(ctx context.Context, r client.Reader, namespace string) (*v1alpha1.TestRun, error) {
	var last *v1alpha1.TestRun
	err := eachRun(ctx, r, []client.ListOption{client.InNamespace(namespace)}, func(run *v1alpha1.TestRun) error {
		if last == nil || !run.CreationTimestamp.Before(&last.CreationTimestamp) {
			last = run
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	if last == nil {
		return nil, fmt.Errorf("there is no TestRun in namespace %s", namespace)
	}
	return last, nil
}

// eachRun calls see with every TestRun, a page of them at a time.
func eachRun(ctx context.Context, r client.Reader, opts []client.ListOption, see func(*v1alpha1.TestRun) error) error {
	var page v1alpha1.TestRunList
	for {
		if err := r.List(ctx, &page, append(opts, client.Limit(100), client.Continue(page.Continue))...); err != nil {
			return fmt.Errorf("listing TestRuns: %w", err)
		}
		for i := range page.Items {
			if err := see(page.Items[i].DeepCopy()); err != nil {
				return err
			}
		}
		if page.Continue == "" {
			return nil
		}
	}
}

// effective is a run with what it took from its profile, and where that came from.
func effective(ctx context.Context, r client.Reader, run *v1alpha1.TestRun) (
	*v1alpha1.TestRun, settings.Provenance, error,
) {
	run = run.DeepCopy()
	from, err := records.Effective(ctx, records.Objects{Reader: r}, run)
	if err != nil {
		return nil, from, fmt.Errorf("TestRun %s/%s: %w", run.Namespace, run.Name, err)
	}
	return run, from, nil
}

package main

import (
	"context"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/podtest/podtest/api/v1alpha1"
)

func TestReportsAtTheEndKnowHowTheWorkersEnded(t *testing.T) {
	s := newShell(t)
	s.withRun(t)
	var looks int
	cluster := interceptor.NewClient(s.cluster, interceptor.Funcs{
		List: func(ctx context.Context, c client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			if err := c.List(ctx, list, opts...); err != nil {
				return err
			}
			batches, ok := list.(*v1alpha1.TestBatchList)
			if !ok {
				return nil
			}
			looks++
			for i := range batches.Items { // it ends right after the first look
				b := batches.Items[i].DeepCopy()
				b.Status.End = &v1alpha1.BatchEnd{Cause: v1alpha1.CauseFinished}
				if err := c.Status().Update(ctx, b); err != nil {
					return err
				}
			}
			return nil
		},
	})
	run := &v1alpha1.TestRun{}
	if err := s.cluster.Get(t.Context(), client.ObjectKey{Namespace: "ci", Name: "shop"}, run); err != nil {
		t.Fatal(err)
	}
	for patience, want := range map[int]int{0: 0, 1: 1, 50: 2} {
		looks = 0
		s.unend(t)
		c := newCLI("podtest", nil, &s.out, &s.err)
		c.patience = patience
		if err := c.settled(t.Context(), cluster, run); err != nil || looks != want {
			t.Errorf("with patience %d: %v, looked %d times, want %d", patience, err, looks, want)
		}
	}
}

// unend takes the ends of all workers away.
func (s *shell) unend(t *testing.T) {
	t.Helper()
	var batches v1alpha1.TestBatchList
	if err := s.cluster.List(t.Context(), &batches); err != nil {
		t.Fatal(err)
	}
	for i := range batches.Items {
		batches.Items[i].Status.End = nil
		if err := s.cluster.Status().Update(t.Context(), &batches.Items[i]); err != nil {
			t.Fatal(err)
		}
	}
}

package main

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
)

// exists is the error for a name that is taken, with what to do.
func (m *maker) exists(ctx context.Context, meant *unstructured.Unstructured) error {
	c := m.cli.command
	where := fmt.Sprintf("--namespace %s %s", meant.GetNamespace(), meant.GetName())
	again := fmt.Sprintf("\n  to run it again: give it another name with --name, or --generate-name, "+
		"or delete that one: kubectl delete testrun %s", where)
	there := &v1alpha1.TestRun{}
	if err := m.cluster.Get(ctx, client.ObjectKeyFromObject(meant), there); err != nil {
		return fmt.Errorf("%s exists%s", at(meant), again)
	}
	same := m.same(ctx, meant, there)
	ended := meta.IsStatusConditionTrue(there.Status.Conditions, v1alpha1.ConditionComplete)
	switch {
	case same && !ended:
		return fmt.Errorf("%s exists, is the same, and still goes on\n  to follow it: %s watch %s%s",
			at(meant), c, where, again)
	case same:
		return fmt.Errorf("%s exists, is the same, and has ended: %s\n  to see it: %s watch %s%s",
			at(meant), there.Status.Result, c, where, again)
	case !ended:
		return fmt.Errorf("%s exists, still goes on, and is another: a run cannot be changed%s", at(meant), again)
	}
	return fmt.Errorf("%s exists and is another: a run cannot be changed%s", at(meant), again)
}

// same tells whether the run that is there was asked for like this one. The cluster says what is meant in full.
func (m *maker) same(ctx context.Context, meant *unstructured.Unstructured, there *v1alpha1.TestRun) bool {
	full := meant.DeepCopy()
	full.SetName("")
	full.SetGenerateName("same-")
	if err := m.cluster.Create(ctx, full, client.DryRunAll); err != nil {
		return false
	}
	typed := &v1alpha1.TestRun{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(full.Object, typed); err != nil {
		return false
	}
	return equality.Semantic.DeepEqual(typed.Spec, there.Spec)
}

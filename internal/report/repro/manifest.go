// Package repro makes of one test of a run what runs just that test again: a TestRun, and the command by which its
// harness starts it. It is pure: no clock, no cluster.
package repro

import (
	"cmp"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/filter"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/wire"
)

// Test is the test that is to run again.
type Test struct {
	Run    *v1alpha1.TestRun // its run, with what that took from its profile
	Binary wire.Binary
	Listed wire.Listed
	Class  string            // of pods
	Said   v1alpha1.Override // all that overrides say of it
}

// Change is what is to be otherwise this time; what is not set stays as it was.
type Change struct {
	Memory, CPU *resource.Quantity // limits
	Count       int32              // how often it runs
}

// longestName leaves room for what the API server adds to a generated name.
const longestName = 200 - len(suffix) - 8

const suffix = "-repro-"

// TestRun is one of the test alone: same image, template, pod shape and settings, one attempt, nothing else. Fixtures
// stay: the test may need them.
func (t Test) TestRun(c Change) *v1alpha1.TestRun {
	run := &v1alpha1.TestRun{
		TypeMeta: metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "TestRun"},
		ObjectMeta: metav1.ObjectMeta{
			Namespace:    t.Run.Namespace,
			GenerateName: strings.TrimRight(t.Run.Name[:min(len(t.Run.Name), longestName)], "-.") + suffix,
		},
		Spec: *t.Run.Spec.DeepCopy(),
	}
	spec := &run.Spec
	spec.Filter, spec.IgnoreDefaultFilter = filter.Exactly(t.Binary.ID, t.Listed.Name), true
	spec.RunIgnored = v1alpha1.RunIgnoredDefault
	if t.Listed.Ignored {
		spec.RunIgnored = v1alpha1.RunIgnoredAll
	}
	spec.Mode, spec.ProfileRef, spec.Rerun, spec.Partition, spec.Stress = v1alpha1.ModeRun, nil, nil, "", nil
	spec.Retries, spec.FailFast, spec.Parallelism = &v1alpha1.Retries{}, nil, 1
	spec.Suspend, spec.Cancel, spec.Force = false, false, false
	if c.Count > 1 {
		spec.Stress = &v1alpha1.Stress{Count: c.Count}
	}
	spec.Overrides = t.overrides(c)
	return run
}

// overrides are what the run's overrides say of the test, and what is to be otherwise, as one.
func (t Test) overrides(c Change) []v1alpha1.Override {
	o := *t.Said.DeepCopy()
	o.Filter, o.Name, o.Retries = "all()", "", nil
	o.Resources = c.resources(o.Resources)
	if isNothing(o) {
		return nil
	}
	if t.Class != plan.ClassDefault && t.Class != plan.ClassAlone {
		o.Name = t.Class // its pods keep the name of their class
	}
	o.Name = cmp.Or(o.Name, "repro")
	return []v1alpha1.Override{o}
}

// isNothing reports whether an override says nothing at all.
func isNothing(o v1alpha1.Override) bool {
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(&o)
	return err == nil && len(fields) == 1
}

// resources are those with other limits. A request above its limit would be refused: it comes down.
func (c Change) resources(r *corev1.ResourceRequirements) *corev1.ResourceRequirements {
	for name, limit := range map[corev1.ResourceName]*resource.Quantity{
		corev1.ResourceMemory: c.Memory, corev1.ResourceCPU: c.CPU,
	} {
		if limit == nil {
			continue
		}
		if r == nil {
			r = &corev1.ResourceRequirements{}
		}
		if r.Limits == nil {
			r.Limits = corev1.ResourceList{}
		}
		r.Limits[name] = *limit
		if request, asked := r.Requests[name]; asked && request.Cmp(*limit) > 0 {
			r.Requests[name] = *limit
		}
	}
	return r
}

// manifest is a run without what only objects in a cluster have.
func manifest(run *v1alpha1.TestRun) (*unstructured.Unstructured, error) {
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(run)
	if err != nil {
		return nil, fmt.Errorf("writing the manifest: %w", err)
	}
	object := &unstructured.Unstructured{Object: fields}
	unstructured.RemoveNestedField(fields, "status")
	unstructured.RemoveNestedField(fields, "metadata", "creationTimestamp")
	unstructured.RemoveNestedField(fields, "spec", "template", "metadata", "creationTimestamp")
	return object, nil
}

package manifest

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/podtest/podtest/api/v1alpha1"
)

// Apply gives a pod made of a run's template the shape of a class.
func Apply(spec *corev1.PodSpec, shape *v1alpha1.PodShape) {
	if shape.Resources != nil {
		have := &spec.Containers[TestContainer(spec)].Resources
		have.Requests = overlaid(have.Requests, shape.Resources.Requests)
		have.Limits = overlaid(have.Limits, shape.Resources.Limits)
		lower(have)
	}
	if len(shape.NodeSelector) > 0 {
		spec.NodeSelector = maps.Clone(spec.NodeSelector)
		if spec.NodeSelector == nil {
			spec.NodeSelector = map[string]string{}
		}
		maps.Copy(spec.NodeSelector, shape.NodeSelector)
	}
	spec.Tolerations = append(slices.Clip(spec.Tolerations), shape.Tolerations...)
	if shape.RuntimeClassName != "" {
		spec.RuntimeClassName = new(shape.RuntimeClassName)
	}
}

// overlaid is a list of resources with others on top.
func overlaid(have, on corev1.ResourceList) corev1.ResourceList {
	if len(on) == 0 {
		return have
	}
	all := have.DeepCopy()
	if all == nil {
		all = corev1.ResourceList{}
	}
	maps.Copy(all, on)
	return all
}

// lower brings requests of the template down to limits of the class: the API server refuses a request above its limit.
func lower(r *corev1.ResourceRequirements) {
	for name, limit := range r.Limits {
		if request, ok := r.Requests[name]; ok && request.Cmp(limit) > 0 {
			r.Requests[name] = limit
		}
	}
}

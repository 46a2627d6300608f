package manifest

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/settings"
)

// Apply gives a pod made of a run's template the shape of a class.
func Apply(spec *corev1.PodSpec, shape *v1alpha1.PodShape) {
	if shape.Resources != nil {
		have := &spec.Containers[v1alpha1.TestContainer(spec)].Resources
		*have = settings.Resources(*have, *shape.Resources)
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

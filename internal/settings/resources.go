package settings

import (
	"fmt"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/podtest/podtest/api/v1alpha1"
)

// Resources are those of a template's container with those of a class on top, name by name. A request of the template
// comes down to a limit of the class: the API server takes no request above its limit.
func Resources(template, class corev1.ResourceRequirements) corev1.ResourceRequirements {
	out := *template.DeepCopy()
	out.Requests, out.Limits = over(template.Requests, class.Requests), over(template.Limits, class.Limits)
	for name, limit := range class.Limits {
		if request, ok := out.Requests[name]; ok && request.Cmp(limit) > 0 {
			out.Requests[name] = limit
		}
	}
	return out
}

// over is the lower list with what the upper says otherwise; nil if both are empty.
func over(lower, upper corev1.ResourceList) corev1.ResourceList {
	if len(lower)+len(upper) == 0 {
		return nil
	}
	both := make(corev1.ResourceList, len(lower)+len(upper))
	maps.Copy(both, lower)
	maps.Copy(both, upper)
	return both
}

// wrongResources tells of a request of an override above its limit, which is the override's or else the template's:
// such a pod would be refused when it is made.
func wrongResources(o *v1alpha1.Override, spec *v1alpha1.TestRunSpec) string {
	if o.Resources == nil {
		return ""
	}
	limits := o.Resources.Limits
	if pod := &spec.Template.Spec; len(pod.Containers) > 0 {
		limits = over(pod.Containers[v1alpha1.TestContainer(pod)].Resources.Limits, limits)
	}
	for _, name := range slices.Sorted(maps.Keys(o.Resources.Requests)) {
		request := o.Resources.Requests[name]
		if limit, bounded := limits[name]; bounded && request.Cmp(limit) > 0 {
			const text = "the request of %s is %s, above the limit of %s, the template's counted in: raise the limit too"
			return fmt.Sprintf(text, name, request.String(), limit.String())
		}
	}
	return ""
}

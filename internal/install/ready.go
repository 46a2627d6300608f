package install

import (
	"context"
	"errors"
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func gone(u *unstructured.Unstructured) bool { return u == nil }

func established(u *unstructured.Unstructured) bool {
	if u == nil {
		return false
	}
	conditions, _, _ := unstructured.NestedSlice(u.Object, "status", "conditions")
	for _, c := range conditions {
		if c, ok := c.(map[string]any); ok && c["type"] == "Established" {
			return c["status"] == "True"
		}
	}
	return false
}

// available: every replica is of the latest spec and ready, as `kubectl rollout status` has it.
func available(u *unstructured.Unstructured) bool {
	if u == nil {
		return false
	}
	var d appsv1.Deployment
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &d); err != nil || d.Spec.Replicas == nil {
		return false
	}
	want, s := *d.Spec.Replicas, d.Status
	return s.ObservedGeneration >= d.Generation &&
		s.UpdatedReplicas == want && s.Replicas == want && s.AvailableReplicas == want
}

// whyNotAvailable asks the pods of a Deployment what they wait for, and says what to do.
func (c Cluster) whyNotAvailable(ctx context.Context, o *unstructured.Unstructured) error {
	see := fmt.Errorf("see `kubectl --namespace %s describe pods`", o.GetNamespace())
	labels, _, err := unstructured.NestedStringMap(o.Object, "spec", "selector", "matchLabels")
	if err != nil {
		return see
	}
	var pods corev1.PodList
	if err := c.Client.List(ctx, &pods, client.InNamespace(o.GetNamespace()), client.MatchingLabels(labels)); err != nil {
		return see
	}
	if len(pods.Items) == 0 {
		return errors.Join(errors.New("no pod was made"), see)
	}
	for i := range pods.Items {
		if why := waitsFor(&pods.Items[i]); why != "" {
			return errors.Join(fmt.Errorf("pod %s: %s", pods.Items[i].Name, why), see)
		}
	}
	return see
}

func waitsFor(pod *corev1.Pod) string {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return c.Message
		}
	}
	for _, s := range pod.Status.ContainerStatuses {
		if w := s.State.Waiting; w != nil {
			return fmt.Sprintf("container %s: %s: %s", s.Name, w.Reason, w.Message)
		}
	}
	return ""
}

package manifest

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
)

// BatchPod is what a batch tells of its worker: which pod it is, and the times that the cluster has put down for it.
// What has not happened has no time.
func BatchPod(pod *corev1.Pod) v1alpha1.BatchPod {
	b := v1alpha1.BatchPod{
		Name: pod.Name, UID: pod.UID, Node: pod.Spec.NodeName, CreatedTime: told(pod.CreationTimestamp),
	}
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionTrue {
			b.ScheduledTime = told(c.LastTransitionTime)
		}
	}
	test := TestStatus(pod)
	switch {
	case test == nil:
	case test.State.Running != nil:
		b.StartedTime = told(test.State.Running.StartedAt)
	case test.State.Terminated != nil && !test.State.Terminated.StartedAt.IsZero():
		b.StartedTime = told(test.State.Terminated.StartedAt)
		b.FinishedTime = told(test.State.Terminated.FinishedAt)
	}
	return b
}

func told(t metav1.Time) *metav1.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

package manifest

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
)

func TestTheTimesOfAPodAreThoseThatTheClusterHasPutDown(t *testing.T) {
	at := func(second int) metav1.Time { return metav1.NewTime(time.Unix(int64(second), 0)) }
	scheduled := corev1.PodCondition{Type: corev1.PodScheduled, Status: corev1.ConditionTrue, LastTransitionTime: at(2)}
	test := func(state corev1.ContainerState) []corev1.ContainerStatus {
		return []corev1.ContainerStatus{{Name: "test", State: state}}
	}
	cases := map[string]struct {
		status                       corev1.PodStatus
		scheduled, started, finished int
	}{
		"it waits for a node": {corev1.PodStatus{Conditions: []corev1.PodCondition{
			{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, LastTransitionTime: at(9)},
		}}, 0, 0, 0},
		"it waits for its image": {corev1.PodStatus{
			Conditions:        []corev1.PodCondition{scheduled},
			ContainerStatuses: test(corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: "ErrImagePull"}}),
		}, 2, 0, 0},
		"it runs": {corev1.PodStatus{
			Conditions:        []corev1.PodCondition{scheduled},
			ContainerStatuses: test(corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: at(3)}}),
		}, 2, 3, 0},
		"it has ended": {corev1.PodStatus{
			Conditions: []corev1.PodCondition{scheduled},
			ContainerStatuses: test(corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
				StartedAt: at(3), FinishedAt: at(4),
			}}),
		}, 2, 3, 4},
		"it was taken away before it started": {corev1.PodStatus{
			Conditions: []corev1.PodCondition{scheduled},
			ContainerStatuses: test(corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{
				FinishedAt: at(4), Reason: "ContainerStatusUnknown",
			}}),
		}, 2, 0, 0},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{
				ObjectMeta: metav1.ObjectMeta{Name: "p", UID: "u", CreationTimestamp: at(1)},
				Spec:       aRun().Spec.Template.Spec, Status: c.status,
			}
			pod.Spec.NodeName = "n"
			want := v1alpha1.BatchPod{Name: "p", UID: "u", Node: "n", CreatedTime: new(at(1))}
			for second, field := range map[*int]**metav1.Time{
				&c.scheduled: &want.ScheduledTime, &c.started: &want.StartedTime, &c.finished: &want.FinishedTime,
			} {
				if *second > 0 {
					*field = new(at(*second))
				}
			}
			if diff := cmp.Diff(want, BatchPod(pod)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

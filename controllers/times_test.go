package controllers_test

import (
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
)

func TestABatchTellsTheTimesOfItsPod(t *testing.T) {
	w := newWorld(t, 1, interceptor.Funcs{})
	w.underway()
	at := func(second int) metav1.Time { return metav1.NewTime(time.Unix(int64(second), 0)) }
	a := w.agentOf(0)
	a.hello()
	pod := w.pod(0)
	w.change(pod, func(s *corev1.PodStatus) { s.ContainerStatuses[0].State.Running.StartedAt = at(2) })
	w.passBatches()
	lease, _ := a.lease()
	a.ran(lease.Attempts[0])
	a.send(true)
	if got := w.batch(0).Status.Pod.StartedTime; got == nil || got.Unix() != 2 {
		t.Errorf("while it works it tells that it started at %v", got)
	}
	a.work()
	w.ended(pod, 0, "", func(s *corev1.PodStatus) {
		x := s.ContainerStatuses[0].State.Terminated
		x.StartedAt, x.FinishedAt = at(2), at(3)
	})
	w.passBatches()
	got := w.batch(0).Status
	if got.End == nil || got.Pod.CreatedTime == nil || !got.Pod.CreatedTime.Equal(&pod.CreationTimestamp) ||
		got.Pod.StartedTime.Unix() != 2 || got.Pod.FinishedTime.Unix() != 3 {
		t.Errorf("at its end it tells %+v", got.Pod)
	}
}

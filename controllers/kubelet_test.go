package controllers_test

import (
	"maps"
	"slices"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/manifest"
)

// control plays the Job controller: a Job gets its pod, and is told when that has succeeded.
func (w *world) control() {
	w.t.Helper()
	for _, job := range w.jobs() {
		if !job.DeletionTimestamp.IsZero() || len(job.Status.Conditions) > 0 {
			continue
		}
		pods := w.pods()
		at := slices.IndexFunc(pods, func(p corev1.Pod) bool { return metav1.IsControlledBy(&p, &job) })
		switch {
		case at < 0:
			w.listPod(&job)
		case pods[at].Status.Phase == corev1.PodSucceeded:
			w.jobEnded(&job, batchv1.JobSuccessCriteriaMet, batchv1.JobComplete, "")
		}
	}
}

// listPod makes the pod of a Job.
func (w *world) listPod(job *batchv1.Job) {
	w.t.Helper()
	pod := &corev1.Pod{ObjectMeta: *job.Spec.Template.ObjectMeta.DeepCopy(), Spec: job.Spec.Template.Spec}
	pod.Namespace, pod.GenerateName = job.Namespace, job.Name+"-"
	pod.OwnerReferences = []metav1.OwnerReference{
		*metav1.NewControllerRef(job, batchv1.SchemeGroupVersion.WithKind("Job")),
	}
	w.must(w.api.Create(w.ctx, pod))
}

// jobEnded ends a Job: what comes first is what the Job controller says before it takes the finalizers off its pods.
func (w *world) jobEnded(job *batchv1.Job, first, kind batchv1.JobConditionType, message string) {
	w.t.Helper()
	now := metav1.Now()
	job.Status.StartTime = &job.CreationTimestamp
	job.Status.UncountedTerminatedPods = &batchv1.UncountedTerminatedPods{}
	for _, k := range []batchv1.JobConditionType{first, kind} {
		job.Status.Conditions = append(job.Status.Conditions, batchv1.JobCondition{
			Type: k, Status: corev1.ConditionTrue, LastProbeTime: now, LastTransitionTime: now,
			Reason: string(kind), Message: message,
		})
	}
	if kind == batchv1.JobComplete {
		job.Status.CompletionTime = &now
	}
	w.must(w.api.Status().Update(w.ctx, job))
}

// kubelet runs the pods that wait, ends those whose agents have ended, and takes away those that are to be deleted.
func (w *world) kubelet() {
	w.t.Helper()
	for _, pod := range w.pods() {
		switch a := w.agents[pod.UID]; {
		case pod.Labels[v1alpha1.LabelPhase] == "": // not the run's
		case !pod.DeletionTimestamp.IsZero():
			w.gone(&pod)
		case a == nil && pod.Status.Phase == corev1.PodPending:
			w.runs(&pod)
		case a != nil && a.done && !manifest.Terminal(&pod):
			w.ended(&pod, 0, "")
		}
	}
}

// change writes a pod's status, and makes pod what is stored.
func (w *world) change(pod *corev1.Pod, f func(*corev1.PodStatus)) {
	w.t.Helper()
	w.must(w.api.Get(w.ctx, client.ObjectKeyFromObject(pod), pod))
	f(&pod.Status)
	w.must(w.api.Status().Update(w.ctx, pod))
}

// runs puts a pod on a node and starts its containers.
func (w *world) runs(pod *corev1.Pod) {
	w.t.Helper()
	node := &corev1.Binding{Target: corev1.ObjectReference{Kind: "Node", Name: "node-1"}}
	w.must(w.api.SubResource("binding").Create(w.ctx, pod, node))
	running := corev1.ContainerState{Running: &corev1.ContainerStateRunning{}}
	w.change(pod, func(s *corev1.PodStatus) {
		s.Phase = corev1.PodRunning
		s.InitContainerStatuses = statuses(v1alpha1.ContainerReporter, running)
		s.ContainerStatuses = statuses(testContainer(pod), running)
	})
	w.agents[pod.UID] = newAgent(w, pod)
}

func statuses(name string, state corev1.ContainerState) []corev1.ContainerStatus {
	return []corev1.ContainerStatus{{Name: name, Image: "image", State: state}}
}

func testContainer(pod *corev1.Pod) string {
	return pod.Spec.Containers[v1alpha1.TestContainer(&pod.Spec)].Name
}

// waits says why the container with the tests does not start.
func (w *world) waits(pod *corev1.Pod, reason string) {
	w.t.Helper()
	w.change(pod, func(s *corev1.PodStatus) {
		s.ContainerStatuses = statuses(testContainer(pod), corev1.ContainerState{
			Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: "back-off 10s"},
		})
		s.ContainerStatuses[0].Image = pod.Spec.Containers[0].Image
	})
}

// ended ends a pod's containers: the test's with a code, the reporter with its last words.
func (w *world) ended(pod *corev1.Pod, code int32, lastWords string, change ...func(*corev1.PodStatus)) {
	w.t.Helper()
	w.change(pod, func(s *corev1.PodStatus) {
		s.Phase = corev1.PodSucceeded
		if code != 0 {
			s.Phase = corev1.PodFailed
		}
		s.InitContainerStatuses = statuses(v1alpha1.ContainerReporter, corev1.ContainerState{
			Terminated: &corev1.ContainerStateTerminated{Message: lastWords},
		})
		s.ContainerStatuses = statuses(testContainer(pod), corev1.ContainerState{
			Terminated: &corev1.ContainerStateTerminated{ExitCode: code},
		})
		for _, f := range change {
			f(s)
		}
	})
	w.agents[pod.UID].done = true
}

func evicted(s *corev1.PodStatus) {
	s.Conditions = append(s.Conditions, corev1.PodCondition{
		Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: "EvictionByEvictionAPI", Message: "drained",
	})
}

func oomKilled(s *corev1.PodStatus) { s.ContainerStatuses[0].State.Terminated.Reason = "OOMKilled" }

// gone takes a pod away for good.
func (w *world) gone(pod *corev1.Pod) {
	w.t.Helper()
	err := w.api.Delete(w.ctx, pod, client.GracePeriodSeconds(0))
	w.must(client.IgnoreNotFound(err))
	delete(w.agents, pod.UID)
}

// work lets the agents of all pods go on as far as they can, by the name of their pod.
func (w *world) work() {
	w.t.Helper()
	byName := map[string]*agent{}
	for _, a := range w.agents {
		byName[a.pod.Name] = a
	}
	for _, name := range slices.Sorted(maps.Keys(byName)) {
		byName[name].work()
	}
}

// agentOf is the agent in a worker's pod.
func (w *world) agentOf(index int) *agent {
	w.t.Helper()
	if pod := w.pod(index); pod != nil && w.agents[pod.UID] != nil {
		return w.agents[pod.UID]
	}
	w.t.Fatalf("worker %d does not run", index)
	return nil
}

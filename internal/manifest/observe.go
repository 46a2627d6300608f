package manifest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/plan"
)

// Terminal reports whether nothing more will run in the pod.
func Terminal(pod *corev1.Pod) bool {
	return pod.Status.Phase == corev1.PodSucceeded || pod.Status.Phase == corev1.PodFailed
}

// PodState is what is seen of a pod that has not ended.
func PodState(pod *corev1.Pod) plan.Pod {
	s := plan.Pod{Since: pod.CreationTimestamp.Time}
	if pod.Status.Phase == corev1.PodRunning || testStarted(pod) {
		s.Running = true
		return s
	}
	if reason, message := blocked(pod); reason != "" {
		s.Blocked, s.Message = reason, message
	}
	return s
}

func testStarted(pod *corev1.Pod) bool {
	t := TestStatus(pod)
	return t != nil && (t.State.Running != nil || t.State.Terminated != nil)
}

// TestEnded reports whether the container that holds the tests has ended. Other containers of the template may go on
// for ever.
func TestEnded(pod *corev1.Pod) bool {
	t := TestStatus(pod)
	return t != nil && t.State.Terminated != nil
}

// TestStatus is the status of the container that holds the tests, or nil.
func TestStatus(pod *corev1.Pod) *corev1.ContainerStatus {
	name := pod.Spec.Containers[v1alpha1.TestContainer(&pod.Spec)].Name
	for i := range pod.Status.ContainerStatuses {
		if pod.Status.ContainerStatuses[i].Name == name {
			return &pod.Status.ContainerStatuses[i]
		}
	}
	return nil
}

// waiting maps the reasons for which the kubelet holds a container back to ours; others just have not started yet.
var waiting = map[string]string{
	"ErrImagePull":               v1alpha1.ReasonImagePull,
	"ImagePullBackOff":           v1alpha1.ReasonImagePull,
	"InvalidImageName":           v1alpha1.ReasonImagePull,
	"ErrImageNeverPull":          v1alpha1.ReasonImagePull,
	"ImageInspectError":          v1alpha1.ReasonImagePull,
	"RegistryUnavailable":        v1alpha1.ReasonImagePull,
	"CreateContainerConfigError": v1alpha1.ReasonPodNotStarting,
	"CreateContainerError":       v1alpha1.ReasonPodNotStarting,
	"RunContainerError":          v1alpha1.ReasonPodNotStarting,
	"CrashLoopBackOff":           v1alpha1.ReasonPodNotStarting,
}

// blocked says why a pod does not start: the scheduler's reason, or the kubelet's.
func blocked(pod *corev1.Pod) (reason, message string) {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return v1alpha1.ReasonUnschedulable, unschedulable(pod, c.Message)
		}
	}
	statuses := append(append([]corev1.ContainerStatus{}, pod.Status.InitContainerStatuses...),
		pod.Status.ContainerStatuses...)
	for _, s := range statuses {
		w := s.State.Waiting
		if w == nil || waiting[w.Reason] == "" {
			continue
		}
		return waiting[w.Reason], waitingMessage(s.Name, s.Image, w)
	}
	return "", ""
}

// unschedulable is the scheduler's own words, and what the container with the tests asks for.
func unschedulable(pod *corev1.Pod, words string) string {
	words = strings.TrimRight(words, ". \n")
	container := pod.Spec.Containers[v1alpha1.TestContainer(&pod.Spec)]
	var asked []string
	for _, name := range slices.Sorted(maps.Keys(container.Resources.Requests)) {
		quantity := container.Resources.Requests[name]
		asked = append(asked, fmt.Sprintf("%s %s", name, quantity.String()))
	}
	if len(asked) == 0 {
		return words
	}
	return fmt.Sprintf("%s (container %q asks %s)", words, container.Name, strings.Join(asked, ", "))
}

// waitingMessage is stable from one look to the next: the kubelet alternates ErrImagePull and ImagePullBackOff.
func waitingMessage(container, image string, w *corev1.ContainerStateWaiting) string {
	if waiting[w.Reason] == v1alpha1.ReasonImagePull {
		return fmt.Sprintf("container %q: cannot pull image %q", container, image)
	}
	return fmt.Sprintf("container %q: %s: %s", container, w.Reason, w.Message)
}

// PodEnd says how a pod ended that is terminal. The order matters: what took the pod away is told by its
// condition first, then by its reason, then by its containers (exit code 137 alone tells nothing).
func PodEnd(pod *corev1.Pod) plan.End {
	for _, rule := range podEnds {
		if e := rule(pod); e != nil {
			return *e
		}
	}
	return plan.End{Cause: plan.Died, Message: "the pod failed without saying why"}
}

var podEnds = []func(*corev1.Pod) *plan.End{disrupted, evicted, oomKilled, finished, notStarted, died}

func disrupted(pod *corev1.Pod) *plan.End {
	for _, c := range pod.Status.Conditions {
		if c.Type != corev1.DisruptionTarget || c.Status != corev1.ConditionTrue {
			continue
		}
		cause := plan.Evicted
		if c.Reason == "DeletionByPodGC" || c.Reason == "DeletionByTaintManager" {
			cause = plan.NodeLost
		}
		return &plan.End{Cause: cause, Message: c.Reason + ": " + c.Message}
	}
	return nil
}

func evicted(pod *corev1.Pod) *plan.End {
	if pod.Status.Reason != "Evicted" {
		return nil
	}
	return &plan.End{Cause: plan.Evicted, Message: pod.Status.Message}
}

func oomKilled(pod *corev1.Pod) *plan.End {
	t := TestStatus(pod)
	if t == nil || t.State.Terminated == nil || t.State.Terminated.Reason != "OOMKilled" {
		return nil
	}
	return &plan.End{Cause: plan.OOMKilled, Message: fmt.Sprintf("container %q ran out of memory%s", t.Name,
		memoryLimit(pod))}
}

func memoryLimit(pod *corev1.Pod) string {
	limit, ok := pod.Spec.Containers[v1alpha1.TestContainer(&pod.Spec)].Resources.Limits[corev1.ResourceMemory]
	if !ok {
		return ""
	}
	return " (limit " + limit.String() + ")"
}

func finished(pod *corev1.Pod) *plan.End {
	t := TestStatus(pod)
	if t == nil || t.State.Terminated == nil || t.State.Terminated.ExitCode != 0 {
		return nil
	}
	return &plan.End{Cause: plan.Finished}
}

func notStarted(pod *corev1.Pod) *plan.End {
	if testStarted(pod) {
		return nil
	}
	message := strings.TrimSpace(pod.Status.Reason + " " + pod.Status.Message)
	if reason, why := blocked(pod); reason != "" {
		message = why
	}
	for _, s := range pod.Status.InitContainerStatuses {
		if t := s.State.Terminated; t != nil && t.ExitCode != 0 && message == "" {
			message = fmt.Sprintf("init container %q ended with exit code %d", s.Name, t.ExitCode)
		}
	}
	return &plan.End{Cause: plan.StartFailed, Message: message}
}

func died(pod *corev1.Pod) *plan.End {
	t := TestStatus(pod).State.Terminated
	if t == nil {
		return nil
	}
	return &plan.End{Cause: plan.Died, Message: strings.TrimSpace(fmt.Sprintf("the runner ended with exit code %d %s",
		t.ExitCode, firstLine(t.Message)))}
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(s, "\n")
	return line
}

// TerminationMessage is what the reporter left behind when it ended, or "".
func TerminationMessage(pod *corev1.Pod) string {
	for _, s := range pod.Status.InitContainerStatuses {
		if s.Name != v1alpha1.ContainerReporter {
			continue
		}
		if t := s.State.Terminated; t != nil {
			return t.Message
		}
	}
	return ""
}

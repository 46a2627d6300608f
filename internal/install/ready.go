package install

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/internal/report/live"
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
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &d); err != nil {
		return false
	}
	return Available(&d)
}

// Available reports whether every replica is of the latest spec and ready.
func Available(d *appsv1.Deployment) bool {
	if d.Spec.Replicas == nil {
		return false
	}
	want, s := *d.Spec.Replicas, d.Status
	return s.ObservedGeneration >= d.Generation &&
		s.UpdatedReplicas == want && s.Replicas == want && s.AvailableReplicas == want
}

// waitAvailable waits for the Deployment, and says why its pods are not ready as soon as they know.
func (c Cluster) waitAvailable(ctx context.Context, o *unstructured.Unstructured) error {
	watching, stop := context.WithCancel(ctx)
	var done sync.WaitGroup
	done.Go(func() { c.sayWhatPodsWaitFor(watching, o) })
	refused := ""
	err := c.wait(ctx, o, "become available", func(u *unstructured.Unstructured) bool {
		if why := refusal(u); why != "" && why != refused {
			refused = why
			c.Say(describe(o), "waits: "+why)
		}
		return available(u)
	})
	stop()
	done.Wait()
	if err == nil {
		return nil
	}
	return errors.Join(err, c.whyNotAvailable(ctx, o))
}

// sayWhatPodsWaitFor is of help only: without the right to watch pods there is less to read.
func (c Cluster) sayWhatPodsWaitFor(ctx context.Context, o *unstructured.Unstructured) {
	labels, _, err := unstructured.NestedStringMap(o.Object, "spec", "selector", "matchLabels")
	if err != nil {
		return
	}
	said := map[string]string{}
	w := live.Watcher{Client: c.Client, List: &corev1.PodList{}, Object: &corev1.Pod{}, Opts: []client.ListOption{
		client.InNamespace(o.GetNamespace()), client.MatchingLabels(labels),
	}}
	_ = w.Run(ctx, func(_ context.Context, s live.Seen) {
		pod, ok := s.Object.(*corev1.Pod)
		if !ok || s.Gone || pod.DeletionTimestamp != nil {
			return
		}
		if why := WaitsFor(pod); why != "" && said[pod.Name] != why {
			said[pod.Name] = why
			c.Say("Pod "+pod.Namespace+"/"+pod.Name, "waits: "+why)
		}
	})
}

// refusal is why the pods of a Deployment cannot even be made.
func refusal(u *unstructured.Unstructured) string {
	var d appsv1.Deployment
	if u == nil || runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, &d) != nil {
		return ""
	}
	for _, c := range d.Status.Conditions {
		if c.Type == appsv1.DeploymentReplicaFailure && c.Status == corev1.ConditionTrue {
			return c.Message
		}
	}
	return ""
}

// whyNotAvailable asks the pods of a Deployment what they wait for, and says what to do.
func (c Cluster) whyNotAvailable(ctx context.Context, o *unstructured.Unstructured) error {
	see := fmt.Errorf("see `kubectl --namespace %s describe pods`", o.GetNamespace())
	if now, err := c.live(ctx, o); err == nil && refusal(now) != "" {
		return errors.Join(errors.New(refusal(now)), errors.New("lift the quota or policy that refuses it"), see)
	}
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
		if why := WaitsFor(&pods.Items[i]); why != "" {
			return errors.Join(fmt.Errorf("pod %s: %s", pods.Items[i].Name, why), remedy(why), see)
		}
	}
	return see
}

// remedy is what to do about what a pod waits for.
func remedy(why string) error {
	for words, text := range map[string]string{
		"Image":            "check --image, --image-pull-secret and --image-pull-policy",
		"nodes are avail":  "make room, or change --requests, --node-selector or --toleration",
		"CrashLoopBackOff": "the manager ends: its log says why (`kubectl logs`)",
	} {
		if strings.Contains(why, words) {
			return errors.New(text)
		}
	}
	return nil
}

// WaitsFor is what a pod waits for that will not come by itself; empty if there is nothing.
func WaitsFor(pod *corev1.Pod) string {
	for _, c := range pod.Status.Conditions {
		if c.Type == corev1.PodScheduled && c.Status == corev1.ConditionFalse {
			return c.Message
		}
	}
	for _, s := range pod.Status.ContainerStatuses {
		w := s.State.Waiting
		if w == nil || w.Reason == "ContainerCreating" || w.Reason == "PodInitializing" {
			continue
		}
		why := fmt.Sprintf("container %s: %s: %s", s.Name, w.Reason, w.Message)
		if last := s.LastTerminationState.Terminated; last != nil {
			why += fmt.Sprintf(" (exit code %d)", last.ExitCode)
		}
		return why
	}
	return ""
}

package main

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/version"
)

// leaderLabel puts the label that the collector's Service selects on the leader's pod, with the manager's version, and
// takes the label off any other: a pod that lost the lead ended without taking off its own.
type leaderLabel struct {
	client    client.Client
	reader    client.Reader
	namespace string
	pod       string
}

// NeedLeaderElection makes the label go with the lead.
func (l leaderLabel) NeedLeaderElection() bool { return true }

// Start labels the pods once; the label then stays until another leads.
func (l leaderLabel) Start(ctx context.Context) error {
	if l.pod == "" {
		return nil // not in a cluster: reporters are told the URL
	}
	var pods corev1.PodList
	err := l.reader.List(ctx, &pods, client.InNamespace(l.namespace), client.HasLabels{v1alpha1.LabelLeader})
	if err != nil {
		return fmt.Errorf("listing the pods that bear the leader's label: %w", err)
	}
	for i := range pods.Items {
		if p := &pods.Items[i]; p.Name != l.pod {
			if err := l.set(ctx, p, nil); err != nil {
				return fmt.Errorf("taking the leader's label off pod %s: %w", p.Name, err)
			}
		}
	}
	self := &corev1.Pod{}
	if err := l.reader.Get(ctx, client.ObjectKey{Namespace: l.namespace, Name: l.pod}, self); err != nil {
		return fmt.Errorf("reading the manager's own pod: %w", err)
	}
	on := "true"
	if err := l.set(ctx, self, &on); err != nil {
		return fmt.Errorf("labelling the manager's own pod: %w", err)
	}
	return nil
}

func (l leaderLabel) set(ctx context.Context, pod *corev1.Pod, value *string) error {
	was := pod.DeepCopy()
	if value == nil {
		delete(pod.Labels, v1alpha1.LabelLeader)
	} else {
		if pod.Labels == nil {
			pod.Labels = map[string]string{}
		}
		pod.Labels[v1alpha1.LabelLeader] = *value
		metav1.SetMetaDataAnnotation(&pod.ObjectMeta, version.Annotation, version.Get().Version)
	}
	return client.IgnoreNotFound(l.client.Patch(ctx, pod, client.MergeFrom(was)))
}

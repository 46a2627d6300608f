package install

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// LabelVersion bears the version of the manifests, on everything that is installed.
const LabelVersion = "app.kubernetes.io/version"

// Installation is a podtest that is in a cluster.
type Installation struct {
	Namespace  string
	Version    string // of its manifests; empty: from before there were versions
	Settings   Settings
	Deployment *appsv1.Deployment
}

// Find is the installation in a namespace; nil if there is none.
func Find(ctx context.Context, c client.Reader, namespace string) (*Installation, error) {
	d := &appsv1.Deployment{}
	err := c.Get(ctx, client.ObjectKey{Namespace: namespace, Name: deploymentName}, d)
	switch {
	case apierrors.IsNotFound(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("reading Deployment %s/%s: %w", namespace, deploymentName, err)
	}
	return installation(d), nil
}

// All are the installations of a cluster, by namespace.
func All(ctx context.Context, c client.Reader) ([]*Installation, error) {
	var list appsv1.DeploymentList
	if err := c.List(ctx, &list, client.MatchingLabels{labelPartOf: "podtest"}); err != nil {
		return nil, fmt.Errorf("listing Deployments: %w", err)
	}
	var all []*Installation
	for i := range list.Items {
		if list.Items[i].Name == deploymentName {
			all = append(all, installation(&list.Items[i]))
		}
	}
	slices.SortFunc(all, func(a, b *Installation) int { return strings.Compare(a.Namespace, b.Namespace) })
	return all, nil
}

func installation(d *appsv1.Deployment) *Installation {
	return &Installation{
		Namespace: d.Namespace, Version: d.Labels[LabelVersion], Settings: recorded(d), Deployment: d,
	}
}

// recorded is what an installation was made with: as it has been written down; else as far as the Deployment shows it.
func recorded(d *appsv1.Deployment) Settings {
	var s Settings
	if json.Unmarshal([]byte(d.Annotations[AnnotationSettings]), &s) == nil && !s.IsZero() {
		return s
	}
	s = Settings{}
	pod := d.Spec.Template.Spec
	if d.Spec.Replicas != nil {
		s.Replicas = new(int64(*d.Spec.Replicas))
	}
	s.NodeSelector, s.Tolerations = maps.Clone(pod.NodeSelector), pod.Tolerations
	for _, secret := range pod.ImagePullSecrets {
		s.PullSecrets = append(s.PullSecrets, secret.Name)
	}
	if m := manager(d); m != nil {
		s.Image = m.Image
		for _, arg := range m.Args {
			if list, ok := strings.CutPrefix(strings.TrimLeft(arg, "-"), "watch-namespace="); ok {
				s.Watch = strings.Split(list, ",")
			}
		}
	}
	return s
}

func manager(d *appsv1.Deployment) *corev1.Container {
	for i := range d.Spec.Template.Spec.Containers {
		if c := &d.Spec.Template.Spec.Containers[i]; c.Name == "manager" {
			return c
		}
	}
	return nil
}

// Image is the manager's.
func (i *Installation) Image() string {
	if m := manager(i.Deployment); m != nil {
		return m.Image
	}
	return ""
}

// Watches reports whether the installation looks after a namespace.
func (i *Installation) Watches(namespace string) bool {
	return len(i.Settings.Watch) == 0 || slices.Contains(i.Settings.Watch, namespace)
}

// Overlap is where two installations look after the same: both would start pods for the same runs. Empty: nowhere.
func (i *Installation) Overlap(other *Installation) string {
	switch {
	case i.Namespace == other.Namespace:
		return ""
	case len(i.Settings.Watch) == 0 && len(other.Settings.Watch) == 0:
		return "all namespaces"
	case len(i.Settings.Watch) == 0:
		return strings.Join(other.Settings.Watch, ", ")
	}
	both := slices.DeleteFunc(slices.Clone(i.Settings.Watch), func(n string) bool { return !other.Watches(n) })
	return strings.Join(both, ", ")
}

// String names the installation.
func (i *Installation) String() string {
	return fmt.Sprintf("podtest %s in namespace %s (%s)", cmp.Or(i.Version, "of unknown version"), i.Namespace, i.Image())
}

// Own takes out of an installation's objects what all installations of a cluster share: roles for users.
func Own(objects []*unstructured.Unstructured) []*unstructured.Unstructured {
	return slices.DeleteFunc(slices.Clone(objects), func(o *unstructured.Unstructured) bool {
		return o.GetKind() == "ClusterRole" && (o.GetName() == "podtest-viewer" || o.GetName() == "podtest-editor")
	})
}

package install

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/version"
)

// ManagerVersion is the version of a podtest in a cluster.
type ManagerVersion struct {
	Namespace string `json:"namespace"`
	Version   string `json:"version,omitempty"`   // that the leader says it is; empty: no leader, or no right to look
	Manifests string `json:"manifests,omitempty"` // of what was installed
	Image     string `json:"image"`
}

// String is the version in a line.
func (m ManagerVersion) String() string {
	v := m.Version
	if v == "" {
		v = "of unknown version"
	}
	return fmt.Sprintf("%s, namespace %s, image %s", v, m.Namespace, m.Image)
}

// ManagerVersions are those of all installations; who may not look into all namespaces is told that of home.
func ManagerVersions(ctx context.Context, c client.Reader, home string) ([]ManagerVersion, error) {
	all, err := All(ctx, c)
	if apierrors.IsForbidden(err) {
		var one *Installation
		if one, err = Find(ctx, c, home); one != nil {
			all = []*Installation{one}
		}
	}
	if err != nil {
		return nil, err
	}
	var versions []ManagerVersion
	for _, i := range all {
		m := ManagerVersion{Namespace: i.Namespace, Manifests: i.Version, Image: i.Image()}
		if leader, err := Leader(ctx, c, i.Namespace); err == nil && leader != nil {
			m.Version = leader.Annotations[version.Annotation]
		}
		versions = append(versions, m)
	}
	return versions, nil
}

// Leader is the pod that leads an installation; nil if there is none.
func Leader(ctx context.Context, c client.Reader, namespace string) (*corev1.Pod, error) {
	var pods corev1.PodList
	err := c.List(ctx, &pods, client.InNamespace(namespace), client.MatchingLabels{v1alpha1.LabelLeader: "true"})
	if err != nil {
		return nil, fmt.Errorf("looking for the leader in namespace %s: %w", namespace, err)
	}
	for i := range pods.Items {
		if p := &pods.Items[i]; p.DeletionTimestamp == nil && p.Status.Phase == corev1.PodRunning {
			return p, nil
		}
	}
	return nil, nil
}

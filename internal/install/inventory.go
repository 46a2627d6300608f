package install

import (
	"context"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// inNamespace are the kinds that an installation has in its own namespace, elsewhere those of namespaces with runs, and
// clusterWide those of none.
var (
	rbac        = schema.GroupVersion{Group: "rbac.authorization.k8s.io", Version: "v1"}
	inNamespace = []schema.GroupVersionKind{
		{Version: "v1", Kind: "ServiceAccount"},
		{Version: "v1", Kind: "Service"},
		{Version: "v1", Kind: "ConfigMap"},
		{Group: "apps", Version: "v1", Kind: kindDeployment},
		{Group: "policy", Version: "v1", Kind: "PodDisruptionBudget"},
		{Group: "networking.k8s.io", Version: "v1", Kind: "NetworkPolicy"},
		rbac.WithKind("Role"),
		rbac.WithKind("RoleBinding"),
	}
	elsewhere   = []schema.GroupVersionKind{rbac.WithKind("RoleBinding")}
	clusterWide = []schema.GroupVersionKind{rbac.WithKind("ClusterRoleBinding")}
)

// Leftover is what an installation has that is not among the objects: of another version, or of another scope. Labels
// tell what is podtest's; which installation's, the namespace, or the service account that a binding is for.
func (c Cluster) Leftover(ctx context.Context, home string, objects []*unstructured.Unstructured) (
	[]*unstructured.Unstructured, error,
) {
	known := map[string]bool{}
	for _, o := range objects {
		known[identity(o)] = true
	}
	var left []*unstructured.Unstructured
	add := func(o *unstructured.Unstructured) {
		if !known[identity(o)] {
			known[identity(o)] = true
			left = append(left, o)
		}
	}
	for _, kind := range inNamespace {
		all, err := c.labelled(ctx, kind, client.InNamespace(home))
		if err != nil {
			return nil, err
		}
		for _, o := range all {
			add(o)
		}
	}
	for _, kind := range append(elsewhere, clusterWide...) {
		all, err := c.labelled(ctx, kind)
		if err != nil {
			return nil, err
		}
		for _, o := range all {
			if !binds(o, home) {
				continue
			}
			add(o)
			if role, err := c.roleOf(ctx, o); err != nil {
				return nil, err
			} else if role != nil {
				add(role)
			}
		}
	}
	return left, nil
}

// DeleteLeftover takes away all that is left of an installation.
func (c Cluster) DeleteLeftover(ctx context.Context, home string) error {
	left, err := c.Leftover(ctx, home, nil)
	if err != nil {
		return err
	}
	return c.delete(ctx, left)
}

func identity(o *unstructured.Unstructured) string {
	return o.GroupVersionKind().GroupKind().String() + " " + o.GetNamespace() + "/" + o.GetName()
}

// labelled are the objects of a kind that are podtest's; none if there is no such kind, or no right to look.
func (c Cluster) labelled(ctx context.Context, kind schema.GroupVersionKind, opts ...client.ListOption) (
	[]*unstructured.Unstructured, error,
) {
	list := &unstructured.UnstructuredList{}
	list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
	err := c.Client.List(ctx, list, append(opts, client.MatchingLabels{labelPartOf: "podtest"})...)
	switch {
	case meta.IsNoMatchError(err), apierrors.IsForbidden(err):
		return nil, nil
	case err != nil:
		return nil, fmt.Errorf("listing objects of kind %s: %w", kind.Kind, err)
	}
	var all []*unstructured.Unstructured
	for i := range list.Items {
		all = append(all, &list.Items[i])
	}
	return all, nil
}

// binds reports whether a binding gives rights to the manager of an installation.
func binds(binding *unstructured.Unstructured, home string) bool {
	subjects, _, _ := unstructured.NestedSlice(binding.Object, "subjects")
	for _, s := range subjects {
		if s, ok := s.(map[string]any); ok && s["namespace"] == home && s["name"] == serviceAccount {
			return true
		}
	}
	return false
}

// roleOf is the role of a binding that goes; nil if it is not podtest's, or gone.
func (c Cluster) roleOf(ctx context.Context, binding *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	kind, _, _ := unstructured.NestedString(binding.Object, "roleRef", "kind")
	name, _, _ := unstructured.NestedString(binding.Object, "roleRef", "name")
	role := &unstructured.Unstructured{}
	role.SetGroupVersionKind(rbac.WithKind(kind))
	role.SetName(name)
	if kind == "Role" {
		role.SetNamespace(binding.GetNamespace())
	}
	role, err := c.live(ctx, role)
	if err != nil || role == nil || role.GetLabels()[labelPartOf] != "podtest" {
		return nil, err
	}
	return role, nil
}

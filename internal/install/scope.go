package install

import (
	"fmt"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// DefaultNamespace is podtest's own, if none is told.
const DefaultNamespace = "podtest-system"

// Names in the tree.
const (
	serviceAccount  = "podtest-manager"
	managerRole     = "podtest-manager"
	runsRole        = "podtest-runs" // of a namespace with runs, where a manager looks after some only
	fileRole        = "config/rbac/manager_role.yaml"
	fileRoleBinding = "config/rbac/manager_role_binding.yaml"
	folderDefault   = "config/default"
	folderScoped    = "config/scoped"
)

// suffix keeps the cluster-wide objects of several installations apart.
func suffix(home string) string {
	if home == "" || home == DefaultNamespace {
		return ""
	}
	return "-" + home
}

// edit reads a manifest of the tree, lets change work on it, and writes it back.
func edit[T any](mem filesys.FileSystem, path string, change func(*T)) error {
	data, err := mem.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	var object T
	if err := yaml.UnmarshalStrict(data, &object); err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	change(&object)
	return write(mem, path, object)
}

func write(mem filesys.FileSystem, path string, object any) error {
	data, err := yaml.Marshal(object)
	if err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return mem.WriteFile(path, data)
}

// apart gives the cluster-wide role of the manager a name of its own.
func apart(mem filesys.FileSystem, home string) error {
	name := managerRole + suffix(home)
	if name == managerRole {
		return nil
	}
	if err := edit(mem, fileRole, func(r *rbacv1.ClusterRole) { r.Name = name }); err != nil {
		return err
	}
	return edit(mem, fileRoleBinding, func(b *rbacv1.ClusterRoleBinding) { b.Name, b.RoleRef.Name = name, name })
}

// narrow moves what the manager may do to runs from its cluster-wide role into roles of the namespaces. Only to ask who
// holds a token stays: such questions belong to no namespace. It writes the folder that is to be built then.
func narrow(mem filesys.FileSystem, o Options, labels []types.Label) error {
	var rules []rbacv1.PolicyRule
	err := edit(mem, fileRole, func(r *rbacv1.ClusterRole) {
		clusterWide := func(p rbacv1.PolicyRule) bool { return slices.Contains(p.APIGroups, "authentication.k8s.io") }
		rules = slices.DeleteFunc(slices.Clone(r.Rules), clusterWide)
		r.Rules = slices.DeleteFunc(r.Rules, func(p rbacv1.PolicyRule) bool { return !clusterWide(p) })
	})
	if err != nil {
		return err
	}
	home := o.home()
	k := types.Kustomization{
		Resources: []string{"../default"}, Labels: labels,
		SortOptions: &types.SortOptions{Order: types.LegacySortOrder},
	}
	group := rbacv1.SchemeGroupVersion.String()
	for _, namespace := range o.Watch {
		meta := metav1.ObjectMeta{Namespace: namespace, Name: runsRole + suffix(home)}
		role := rbacv1.Role{TypeMeta: metav1.TypeMeta{APIVersion: group, Kind: "Role"}, ObjectMeta: meta, Rules: rules}
		binding := rbacv1.RoleBinding{
			TypeMeta: metav1.TypeMeta{APIVersion: group, Kind: "RoleBinding"}, ObjectMeta: meta,
			RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: meta.Name},
			Subjects: []rbacv1.Subject{{Kind: "ServiceAccount", Name: serviceAccount, Namespace: home}},
		}
		for file, object := range map[string]any{"role-": role, "binding-": binding} {
			file += namespace + ".yaml"
			if err := write(mem, folderScoped+"/"+file, object); err != nil {
				return err
			}
			k.Resources = append(k.Resources, file)
		}
	}
	slices.Sort(k.Resources)
	return write(mem, folderScoped+"/kustomization.yaml", k)
}

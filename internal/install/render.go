// Package install puts podtest into a cluster and takes it out again. It renders the project's own kustomize tree in
// memory and applies the result server-side, in order. It fetches nothing, runs no plugin, and knows no templates.
package install

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// Options are what may differ from config/default. Zero values leave it as it is.
type Options struct {
	Settings
	Namespace string
	CRDsOnly  bool
}

func (o Options) home() string { return cmp.Or(o.Namespace, DefaultNamespace) }

// Rendered is what is to be applied.
type Rendered struct {
	YAML    []byte // as `kubectl kustomize` prints it
	Objects []*unstructured.Unstructured
	Options Options
}

// imageName is the name that config/default knows our image by.
const imageName = "podtest"

// deploymentName is the manager's.
const deploymentName = "podtest-manager"

// building: kustomize keeps its OpenAPI schema in package variables, so one build at a time.
var building sync.Mutex

// Render builds the tree's default folder, or only its crd folder, with the options.
func Render(tree fs.FS, o Options) (Rendered, error) {
	if err := o.Check(); err != nil {
		return Rendered{}, err
	}
	mem, err := inMemory(tree)
	if err != nil {
		return Rendered{}, err
	}
	folder := "config/crd"
	if !o.CRDsOnly {
		if folder, err = customize(mem, o); err != nil {
			return Rendered{}, err
		}
	}
	r, err := build(mem, folder)
	r.Options = o
	return r, err
}

func build(mem filesys.FileSystem, folder string) (Rendered, error) {
	building.Lock()
	defer building.Unlock()
	settings := krusty.MakeDefaultOptions()
	settings.Reorder = krusty.ReorderOptionUnspecified // the kustomization has a say
	built, err := krusty.MakeKustomizer(settings).Run(mem, folder)
	if err != nil {
		return Rendered{}, fmt.Errorf("rendering %s: %w", folder, err)
	}
	var r Rendered
	if r.YAML, err = built.AsYaml(); err != nil {
		return Rendered{}, fmt.Errorf("rendering %s: %w", folder, err)
	}
	for _, res := range built.Resources() {
		// By way of JSON: a map made from YAML holds ints, which Kubernetes' deep copy refuses.
		data, err := res.MarshalJSON()
		if err != nil {
			return Rendered{}, fmt.Errorf("reading %s: %w", res.CurId(), err)
		}
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(data); err != nil {
			return Rendered{}, fmt.Errorf("reading %s: %w", res.CurId(), err)
		}
		r.Objects = append(r.Objects, object)
	}
	return r, nil
}

func inMemory(tree fs.FS) (filesys.FileSystem, error) {
	mem := filesys.MakeFsInMemory()
	err := fs.WalkDir(tree, ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		data, err := fs.ReadFile(tree, path)
		if err != nil {
			return err
		}
		return mem.WriteFile("config/"+path, data)
	})
	if err != nil {
		return nil, fmt.Errorf("reading the built-in manifests: %w", err)
	}
	return mem, nil
}

// customize edits the tree, and names the folder to build.
func customize(mem filesys.FileSystem, o Options) (string, error) {
	var labels []types.Label
	var wrong error
	err := edit(mem, folderDefault+"/kustomization.yaml", func(k *types.Kustomization) {
		labels = k.Labels
		k.Namespace = cmp.Or(o.Namespace, k.Namespace)
		if o.SkipCRDs {
			k.Resources = slices.DeleteFunc(k.Resources, func(r string) bool { return r == "../crd" })
		}
		wrong = o.into(k)
	})
	if o.SkipCRDs {
		err = errors.Join(err, edit(mem, "config/rbac/kustomization.yaml", func(k *types.Kustomization) {
			shared := []string{"viewer_role.yaml", "editor_role.yaml"}
			k.Resources = slices.DeleteFunc(k.Resources, func(r string) bool { return slices.Contains(shared, r) })
		}))
	}
	if err := errors.Join(wrong, err, apart(mem, o.home())); err != nil {
		return "", err
	}
	if len(o.Watch) == 0 {
		return folderDefault, nil
	}
	return folderScoped, narrow(mem, o, labels)
}

// parseImage cuts repository[:tag][@digest]. A colon before the last slash belongs to the registry's port.
func parseImage(ref string) (types.Image, error) {
	if strings.ContainsAny(ref, " \t\r\n") {
		return types.Image{}, fmt.Errorf("image %q: there is white space in it", ref)
	}
	name, digest, _ := strings.Cut(ref, "@")
	tag := ""
	if i := strings.LastIndex(name, ":"); i > strings.LastIndex(name, "/") {
		name, tag = name[:i], name[i+1:]
		if tag == "" {
			return types.Image{}, fmt.Errorf("image %q: no tag after the colon", ref)
		}
	}
	if name == "" || (strings.Contains(ref, "@") && !strings.Contains(digest, ":")) {
		return types.Image{}, fmt.Errorf("image %q: want repository[:tag][@sha256:digest]", ref)
	}
	image := types.Image{Name: imageName, NewName: name, NewTag: tag, Digest: digest}
	if tag == "" && digest == "" {
		image.NewTag = "latest"
	}
	return image, nil
}

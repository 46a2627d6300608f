// Package install puts podtest into a cluster and takes it out again. It renders the project's own kustomize tree in
// memory and applies the result server-side, in order. It fetches nothing, runs no plugin, and knows no templates.
package install

import (
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/kustomize/kyaml/filesys"
	"sigs.k8s.io/yaml"
)

// Options are what may differ from config/default. Zero values leave it as it is.
type Options struct {
	Namespace string
	Image     string // of the manager, and so of the reporters
	Replicas  *int64
	CRDsOnly  bool
}

// Rendered is what is to be applied.
type Rendered struct {
	YAML    []byte // as `kubectl kustomize` prints it
	Objects []*unstructured.Unstructured
}

// imageName is the name that config/default knows our image by.
const imageName = "podtest"

// deploymentName is the manager's.
const deploymentName = "podtest-manager"

// building: kustomize keeps its OpenAPI schema in package variables, so one build at a time.
var building sync.Mutex

// Render builds the tree's default folder, or only its crd folder, with the options.
func Render(tree fs.FS, o Options) (Rendered, error) {
	mem, err := inMemory(tree)
	if err != nil {
		return Rendered{}, err
	}
	folder := "config/crd"
	if !o.CRDsOnly {
		folder = "config/default"
		if err := customize(mem, folder+"/kustomization.yaml", o); err != nil {
			return Rendered{}, err
		}
	}
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

// customize edits a kustomization as `kustomize edit` does. An overlay would not do: the replacement that carries the
// image to the reporters belongs to the kustomization that sets the image.
func customize(mem filesys.FileSystem, path string, o Options) error {
	data, err := mem.ReadFile(path)
	if err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	var k types.Kustomization
	if err := yaml.UnmarshalStrict(data, &k); err != nil {
		return fmt.Errorf("reading %s: %w", path, err)
	}
	if o.Namespace != "" {
		k.Namespace = o.Namespace
	}
	if o.Image != "" {
		image, err := parseImage(o.Image)
		if err != nil {
			return err
		}
		k.Images = []types.Image{image}
	}
	if o.Replicas != nil {
		k.Replicas = []types.Replica{{Name: deploymentName, Count: *o.Replicas}}
	}
	if data, err = yaml.Marshal(k); err != nil {
		return fmt.Errorf("writing %s: %w", path, err)
	}
	return mem.WriteFile(path, data)
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

package install

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/version"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"
)

const versionDev = "dev"

// manifests is what the tree says of itself.
type manifests struct {
	version string // of everything
	tag     string // of the image
}

func about(tree fs.FS) (manifests, error) {
	data, err := fs.ReadFile(tree, "default/kustomization.yaml")
	if err != nil {
		return manifests{}, fmt.Errorf("reading the built-in manifests: %w", err)
	}
	var k types.Kustomization
	if err := yaml.UnmarshalStrict(data, &k); err != nil {
		return manifests{}, fmt.Errorf("reading the built-in manifests: %w", err)
	}
	m := manifests{version: versionDev, tag: versionDev}
	for _, l := range k.Labels {
		m.version = cmp.Or(l.Pairs[LabelVersion], m.version)
	}
	for _, i := range k.Images {
		m.tag = cmp.Or(i.NewTag, m.tag)
	}
	return m, nil
}

// Version is that of the manifests in the tree.
func Version(tree fs.FS) (string, error) {
	m, err := about(tree)
	return m.version, err
}

// Upgraded are the settings of an installation for the version of the tree: as they were, but for the tag of the image.
// change sets what somebody wants otherwise now. Notes say what one might not expect.
func (i *Installation) Upgraded(tree fs.FS, change func(*Settings)) (s Settings, notes []string, err error) {
	m, err := about(tree)
	if err != nil {
		return s, nil, err
	}
	was := i.Settings
	was.Image = ""
	change(&was)
	if was.Image != "" || i.Settings.Image == "" {
		return was, nil, nil
	}
	image, err := parseImage(i.Settings.Image)
	switch {
	case err != nil:
		return s, nil, err
	case m.tag == versionDev:
		was.Image = i.Settings.Image
		notes = append(notes, "this build of podtest has no version, so the image stays as it is: --image names another")
	case image.Digest != "":
		return s, nil, fmt.Errorf("the image is pinned by its digest (%s): name that of version %s with --image",
			i.Settings.Image, m.version)
	default:
		was.Image = image.NewName + ":" + m.tag
	}
	return was, notes, nil
}

// Refusals are reasons not to replace an installation by what has been rendered, a sentence each.
func (c Cluster) Refusals(ctx context.Context, i *Installation, to string, objects []*unstructured.Unstructured) (
	[]string, error,
) {
	var why []string
	if older(to, i.Version) {
		why = append(why, fmt.Sprintf("version %s is installed, and this podtest is %s: use one of %s or later",
			i.Version, to, i.Version))
	}
	crds, _ := split(objects)
	for _, o := range crds {
		live, err := c.live(ctx, o)
		if err != nil {
			return nil, err
		}
		if live == nil {
			continue
		}
		stored, _, _ := unstructured.NestedStringSlice(live.Object, "status", "storedVersions")
		for _, v := range stored {
			if !slices.Contains(servedVersions(o), v) {
				why = append(why, fmt.Sprintf("objects of %s are stored as version %s, which this podtest does not know: go by "+
					"way of a version that knows both", o.GetName(), v))
			}
		}
	}
	return why, nil
}

// older reports whether a version comes before another; those that are no numbers have no order.
func older(a, b string) bool {
	va, err := version.ParseSemantic(strings.TrimPrefix(a, "v"))
	vb, err2 := version.ParseSemantic(strings.TrimPrefix(b, "v"))
	return errors.Join(err, err2) == nil && va.LessThan(vb)
}

func servedVersions(crd *unstructured.Unstructured) []string {
	versions, _, _ := unstructured.NestedSlice(crd.Object, "spec", "versions")
	var names []string
	for _, v := range versions {
		if v, ok := v.(map[string]any); ok {
			name, _ := v["name"].(string)
			names = append(names, name)
		}
	}
	return names
}

// Upgrade installs the objects and takes away what the installation had and has no longer.
func (c Cluster) Upgrade(ctx context.Context, i *Installation, r Rendered) error {
	if err := c.Install(ctx, r.Objects); err != nil {
		return err
	}
	old, err := c.Leftover(ctx, i.Namespace, r.Objects)
	if err != nil {
		return err
	}
	return c.delete(ctx, old)
}

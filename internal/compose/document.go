package compose

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/podtest/podtest/api/v1alpha1"
)

// Read reads the documents of a manifest, YAML or JSON: TestRuns, TestProfiles, and Lists of them.
func Read(name string, in io.Reader) ([]Document, error) {
	documents := utilyaml.NewYAMLReader(bufio.NewReader(in))
	var found []Document
	for n := 1; ; n++ {
		text, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return found, nil
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
		where := fmt.Sprintf("%s, document %d", name, n)
		data, err := yaml.YAMLToJSONStrict(text)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", where, err)
		}
		if string(data) == "null" {
			continue // comments, or nothing between two lines of dashes
		}
		more, err := parse(where, data)
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
}

func parse(where string, data []byte) ([]Document, error) {
	if data[0] != '{' {
		return nil, fmt.Errorf("%s: it is no Kubernetes object: want apiVersion, kind, metadata and spec", where)
	}
	var object map[string]any
	if err := utilyaml.Unmarshal(data, &object); err != nil {
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	return Objects(where, &unstructured.Unstructured{Object: object})
}

// Objects are the documents that an object is: itself, or the items of a List.
func Objects(where string, o *unstructured.Unstructured) ([]Document, error) {
	if !isList(o) {
		return []Document{{Where: where, Object: o}}, check(where, o)
	}
	items, _, err := unstructured.NestedSlice(o.Object, "items")
	if err != nil {
		return nil, fmt.Errorf("%s: the items of the %s: %w", where, o.GetKind(), err)
	}
	var found []Document
	for i, item := range items {
		in := fmt.Sprintf("%s, item %d", where, i+1)
		object, ok := item.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("%s: it is no Kubernetes object", in)
		}
		more, err := Objects(in, &unstructured.Unstructured{Object: object})
		if err != nil {
			return nil, err
		}
		found = append(found, more...)
	}
	return found, nil
}

func isList(o *unstructured.Unstructured) bool {
	switch o.GroupVersionKind() {
	case schema.GroupVersionKind{Version: "v1", Kind: "List"},
		v1alpha1.GroupVersion.WithKind("TestRunList"), v1alpha1.GroupVersion.WithKind("TestProfileList"):
		return true
	}
	return false
}

func check(where string, o *unstructured.Unstructured) error {
	kind := o.GroupVersionKind()
	switch {
	case kind == v1alpha1.GroupVersion.WithKind(KindTestRun):
		if o.GetName() == "" && o.GetGenerateName() == "" {
			return fmt.Errorf("%s: the TestRun has no name: set metadata.name or metadata.generateName", where)
		}
		return nil
	case kind == v1alpha1.GroupVersion.WithKind(KindTestProfile):
		if o.GetName() == "" {
			return fmt.Errorf("%s: the TestProfile has no name: set metadata.name", where)
		}
		return nil
	case kind.Kind == "":
		return fmt.Errorf("%s: it has no kind: want apiVersion %s and kind TestRun or TestProfile",
			where, v1alpha1.GroupVersion)
	case kind.Kind == "Kustomization":
		return fmt.Errorf("%s: it is a Kustomization: give its folder with -k", where)
	case kind.Kind == KindTestRun, kind.Kind == KindTestProfile:
		return fmt.Errorf("%s: it is a %s of %q: this version of podtest knows those of %s",
			where, kind.Kind, o.GetAPIVersion(), v1alpha1.GroupVersion)
	}
	return fmt.Errorf("%s: it is a %s: podtest creates TestRuns and TestProfiles; apply it with kubectl",
		where, strings.TrimSpace(o.GetAPIVersion()+" "+kind.Kind))
}

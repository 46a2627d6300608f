package compose

import (
	"fmt"
	"io/fs"
	"maps"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"github.com/podtest/podtest/config"
)

// shape is what defaults need of an OpenAPI schema.
type shape struct {
	Default    any              `json:"default"`
	Properties map[string]shape `json:"properties"`
	Items      *shape           `json:"items"`
	Values     *shape           `json:"additionalProperties"`
}

type definition struct {
	Spec struct {
		Names struct {
			Kind string `json:"kind"`
		} `json:"names"`
		Versions []struct {
			Name   string `json:"name"`
			Schema struct {
				Root shape `json:"openAPIV3Schema"`
			} `json:"schema"`
		} `json:"versions"`
	} `json:"spec"`
}

// schemas are those of our kinds, from the CRDs that are built in.
var schemas = sync.OnceValues(func() (map[string]shape, error) {
	found := map[string]shape{}
	files, err := fs.Glob(config.Tree, "crd/bases/*.yaml")
	if err != nil {
		return nil, fmt.Errorf("reading the built-in CRDs: %w", err)
	}
	for _, file := range files {
		data, err := fs.ReadFile(config.Tree, file)
		if err != nil {
			return nil, fmt.Errorf("reading the built-in CRDs: %w", err)
		}
		var d definition
		if err := yaml.Unmarshal(data, &d); err != nil {
			return nil, fmt.Errorf("reading the built-in %s: %w", file, err)
		}
		for _, v := range d.Spec.Versions {
			found[d.Spec.Names.Kind] = v.Schema.Root
		}
	}
	return found, nil
})

// Defaulted is an object with the defaults of its CRD filled in, as the API server does.
func Defaulted(o *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	all, err := schemas()
	if err != nil {
		return nil, err
	}
	root, found := all[o.GetKind()]
	if !found {
		return nil, fmt.Errorf("there is no CRD for %s", o.GetKind())
	}
	full := o.DeepCopy()
	root.fill(full.Object)
	return full, nil
}

// fill sets what is missing, outermost first: a default object gets the defaults of its own fields.
func (s shape) fill(value any) {
	switch v := value.(type) {
	case map[string]any:
		for name, field := range s.Properties {
			if _, is := v[name]; !is && field.Default != nil {
				v[name] = whole(runtime.DeepCopyJSONValue(field.Default))
			}
		}
		for name := range maps.Clone(v) {
			if field, known := s.Properties[name]; known {
				field.fill(v[name])
			} else if s.Values != nil {
				s.Values.fill(v[name])
			}
		}
	case []any:
		for _, element := range v {
			if s.Items != nil {
				s.Items.fill(element)
			}
		}
	}
}

// whole makes the integers of a document integers again, which reading it has made floats.
func whole(value any) any {
	switch v := value.(type) {
	case float64:
		if v == float64(int64(v)) {
			return int64(v)
		}
	case map[string]any:
		for name := range v {
			v[name] = whole(v[name])
		}
	case []any:
		for i := range v {
			v[i] = whole(v[i])
		}
	}
	return value
}

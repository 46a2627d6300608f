package importer

import (
	"bytes"
	"encoding/json"
	"fmt"

	"sigs.k8s.io/yaml"
)

// File is a manifest.
type File struct {
	Name string
	Data []byte
}

// Files are the manifests of a result, in an order in which they can be applied.
func (r *Result) Files() ([]File, error) {
	var files []File
	for n := range r.Profiles {
		data, err := manifest(&r.Profiles[n])
		if err != nil {
			return nil, err
		}
		files = append(files, File{"testprofile-" + r.Profiles[n].Name + ".yaml", data})
	}
	data, err := manifest(&r.Run)
	if err != nil {
		return nil, err
	}
	return append(files, File{"testrun-" + r.Run.Name + ".yaml", data}), nil
}

// YAML is all manifests in one.
func YAML(files []File) []byte {
	var all [][]byte
	for _, f := range files {
		all = append(all, f.Data)
	}
	return bytes.Join(all, []byte("---\n"))
}

// manifest is the object as a user would write it: without what is empty.
func manifest(object any) ([]byte, error) {
	data, err := json.Marshal(object)
	if err != nil {
		return nil, fmt.Errorf("writing YAML: %w", err)
	}
	var m map[string]any
	if err := json.Unmarshal(data, &m); err != nil {
		return nil, fmt.Errorf("writing YAML: %w", err)
	}
	delete(m, "status")
	prune(m)
	return yaml.Marshal(m)
}

// prune takes out nulls and empty objects; it tells whether anything is left.
func prune(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case map[string]any:
		for key, inner := range v {
			if !prune(inner) {
				delete(v, key)
			}
		}
		return len(v) > 0
	case []any:
		for _, inner := range v {
			prune(inner)
		}
	}
	return true
}

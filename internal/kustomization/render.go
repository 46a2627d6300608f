// Package kustomization renders a user's kustomization in process. It fetches nothing and runs nothing: no remote
// bases, no plugins, no charts, no files above the folder that names them.
package kustomization

import (
	"fmt"
	"regexp"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/kustomize/api/krusty"
	"sigs.k8s.io/kustomize/kyaml/filesys"
)

// building: kustomize keeps its OpenAPI schema in package variables, so one build at a time.
var building sync.Mutex

// Render builds the kustomization of a folder.
func Render(folder string) ([]*unstructured.Unstructured, error) {
	disk := filesys.MakeFsOnDisk()
	if err := inspect(disk, folder); err != nil {
		return nil, err
	}
	building.Lock()
	defer building.Unlock()
	options := krusty.MakeDefaultOptions() // files of the root only, built-in plugins only
	options.Reorder = krusty.ReorderOptionUnspecified
	built, err := krusty.MakeKustomizer(options).Run(disk, folder)
	if err != nil {
		return nil, fmt.Errorf("rendering the kustomization %s: %s", folder, readable(err.Error()))
	}
	var objects []*unstructured.Unstructured
	for _, res := range built.Resources() {
		// By way of JSON: a map made from YAML holds ints, which Kubernetes' deep copy refuses.
		data, err := res.MarshalJSON()
		if err != nil {
			return nil, fmt.Errorf("reading %s of the kustomization %s: %w", res.CurId(), folder, err)
		}
		object := &unstructured.Unstructured{}
		if err := object.UnmarshalJSON(data); err != nil {
			return nil, fmt.Errorf("reading %s of the kustomization %s: %w", res.CurId(), folder, err)
		}
		objects = append(objects, object)
	}
	return objects, nil
}

// tried is how kustomize says that an entry is neither a file, nor a folder.
var tried = regexp.MustCompile(`(?s)^(?:accumulating resources: )?` +
	`accumulation err='accumulating resources from '(.*?)': (.*?)': (.*)$`)

// led is how it says where it was.
var led = regexp.MustCompile(`^recursed (?:accumulation of path|merging from path) '[^']*': `)

// readable is kustomize's message without what it repeats: of each entry it says why it is no file, and why no folder.
func readable(text string) string {
	for {
		text = led.ReplaceAllString(text, "")
		parts := tried.FindStringSubmatch(text)
		if parts == nil {
			return strings.TrimPrefix(text, "accumulating resources: ")
		}
		if text = parts[2]; strings.HasSuffix(text, "must resolve to a file") {
			text = parts[3]
		}
	}
}

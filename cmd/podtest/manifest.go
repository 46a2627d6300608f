package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"

	"github.com/podtest/podtest/api/v1alpha1"
)

// readTestRuns reads the documents of a manifest, all of which must be TestRuns.
func readTestRuns(file string, in io.Reader) ([]*unstructured.Unstructured, error) {
	documents := utilyaml.NewYAMLReader(bufio.NewReader(in))
	var runs []*unstructured.Unstructured
	for n := 1; ; n++ {
		text, err := documents.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", file, err)
		}
		var object map[string]any
		if err := yaml.UnmarshalStrict(text, &object); err != nil {
			return nil, fmt.Errorf("%s, document %d: %w", file, n, err)
		}
		if len(object) == 0 {
			continue // comments, or nothing between two lines of dashes
		}
		run := &unstructured.Unstructured{Object: object}
		if err := checkTestRun(run); err != nil {
			return nil, fmt.Errorf("%s, document %d: %w", file, n, err)
		}
		runs = append(runs, run)
	}
	if len(runs) == 0 {
		return nil, fmt.Errorf("%s: there is no TestRun in it", file)
	}
	return runs, nil
}

func checkTestRun(o *unstructured.Unstructured) error {
	want := v1alpha1.GroupVersion.WithKind("TestRun")
	switch {
	case o.GroupVersionKind() != want:
		return fmt.Errorf("it is %s %s, and run creates only %s TestRun: apply the rest with kubectl",
			o.GetAPIVersion(), o.GetKind(), want.GroupVersion())
	case o.GetName() == "" && o.GetGenerateName() == "":
		return errors.New("it has no name: set metadata.name or metadata.generateName")
	}
	return nil
}

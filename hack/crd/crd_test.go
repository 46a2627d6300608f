package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

const bases = "../../config/crd/bases"

// `kubectl apply` keeps the whole object as JSON in an annotation, and all annotations together have 256 KiB.
func TestEachCRDFitsTheAnnotationOfKubectlApply(t *testing.T) {
	for file, crd := range crds(t) {
		compact, err := json.Marshal(crd)
		if err != nil {
			t.Fatal(err)
		}
		if len(compact) >= 256<<10 {
			t.Errorf("%s: %d bytes as compact JSON; want less than 256 KiB", file, len(compact))
		}
	}
}

func TestOwnFieldsKeepTheirDescriptionsAndTheTemplatesLoseThem(t *testing.T) {
	for file, crd := range crds(t) {
		version := at(crd, "spec")["versions"].([]any)[0].(map[string]any)
		for name, property := range at(version, "schema", "openAPIV3Schema", "properties") {
			if name == "spec" || name == "status" {
				checkDescribed(t, file+": "+name, property.(map[string]any))
			}
		}
	}
}

func checkDescribed(t *testing.T, path string, schema map[string]any) {
	t.Helper()
	for name, property := range at(schema, "properties") {
		property := property.(map[string]any)
		if property["description"] == nil {
			t.Errorf("%s.%s has no description", path, name)
		}
		if name == "template" {
			checkBare(t, path+"."+name, property)
			continue
		}
		checkDescribed(t, path+"."+name, property)
	}
	if items := at(schema, "items"); items != nil {
		checkDescribed(t, path+"[]", items)
	}
}

func checkBare(t *testing.T, path string, schema map[string]any) {
	t.Helper()
	for _, below := range subschemas(schema) {
		if below["description"] != nil {
			t.Errorf("something below %s is described: %v", path, below["description"])
		}
		checkBare(t, path, below)
	}
}

func TestStripping(t *testing.T) {
	for name, test := range map[string]struct{ schema, want string }{
		"descriptions go at every depth": {
			`{description: a, properties: {b: {description: c, items: {description: d, type: string}}}}`,
			`{properties: {b: {items: {type: string}}}}`,
		},
		"a property named description stays": {
			`{properties: {description: {description: what it is, type: string}}}`,
			`{properties: {description: {type: string}}}`,
		},
		"values of maps and alternatives lose theirs too": {
			`{additionalProperties: {description: a, anyOf: [{description: b, type: integer}]}}`,
			`{additionalProperties: {anyOf: [{type: integer}]}}`,
		},
		"defaults and rules stay": {
			`{description: a, default: {description: b}, x-kubernetes-validations: [{rule: r}]}`,
			`{default: {description: b}, x-kubernetes-validations: [{rule: r}]}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := parse(t, []byte(test.schema))
			strip(got)
			if diff := cmp.Diff(parse(t, []byte(test.want)), got); diff != "" {
				t.Errorf("stripped (-want +got):\n%s", diff)
			}
		})
	}
}

func crds(t *testing.T) map[string]map[string]any {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(bases, "*.yaml"))
	if err != nil || len(files) != 4 {
		t.Fatalf("found %d CRDs (%v); want 4", len(files), err)
	}
	found := map[string]map[string]any{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		found[filepath.Base(file)] = parse(t, text)
	}
	return found
}

func parse(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var parsed map[string]any
	if err := yaml.Unmarshal(text, &parsed); err != nil {
		t.Fatal(err)
	}
	return parsed
}

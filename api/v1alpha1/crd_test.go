package v1alpha1_test

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"
)

// schema is the part of a CRD's schema that tests look at.
type schema struct {
	Description string            `json:"description"`
	Properties  map[string]schema `json:"properties"`
	Validations []struct {
		Message string `json:"message"`
	} `json:"x-kubernetes-validations"`
}

func readCRD(t *testing.T, plural string) schema {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(crds, "podtest.dev_"+plural+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	var crd struct {
		Spec struct {
			Versions []struct {
				Schema struct {
					OpenAPIV3Schema schema `json:"openAPIV3Schema"`
				} `json:"schema"`
			} `json:"versions"`
		} `json:"spec"`
	}
	if err := yaml.Unmarshal(text, &crd); err != nil {
		t.Fatal(err)
	}
	return crd.Spec.Versions[0].Schema.OpenAPIV3Schema
}

// rulesBelow are the messages of all rules of a property and of what is below it.
func (s schema) rulesBelow(property string) string {
	below := s.Properties[property]
	var said strings.Builder
	for _, rule := range below.Validations {
		said.WriteString(rule.Message + "\n")
	}
	for name := range below.Properties {
		said.WriteString(below.rulesBelow(name))
	}
	return said.String()
}

func jsonName(field reflect.StructField) string {
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return name
}

package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"sigs.k8s.io/yaml"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/report"
)

// documentFormats are those in which every verb can print what it knows as one document.
const documentFormats = "json, yaml, jsonpath=…, go-template=…"

// checkFormat refuses a format that a verb does not know; own are those beside documentFormats.
func checkFormat(format string, own ...string) error {
	if slices.Contains(own, format) || isDocument(format) {
		return nil
	}
	return fmt.Errorf("-o %s: want one of %s, %s", format, strings.Join(own, ", "), documentFormats)
}

func isDocument(format string) bool {
	name, _, _ := strings.Cut(format, "=")
	return slices.Contains([]string{"json", "yaml", "jsonpath", "go-template", "jsonpath-as-json"}, name)
}

// document prints a value in one of documentFormats.
func (c *cli) document(format, kind string, value any) error {
	text, err := report.JSON(value, "    ")
	if err != nil {
		return fmt.Errorf("writing %s: %w", format, err)
	}
	switch format {
	case "json":
		_, err := c.out.Write(text)
		return err
	case "yaml":
		data, err := yaml.JSONToYAML(text)
		if err == nil {
			_, err = c.out.Write(data)
		}
		return err
	}
	var object unstructured.Unstructured
	if err := json.Unmarshal(text, &object.Object); err != nil {
		return fmt.Errorf("writing %s: %w", format, err)
	}
	object.SetGroupVersionKind(schema.GroupVersionKind{Version: v1alpha1.GroupVersion.String(), Kind: kind})
	flags := genericclioptions.NewPrintFlags("")
	flags.OutputFormat = &format
	printer, err := flags.ToPrinter()
	if err != nil {
		return fmt.Errorf("-o %s: %w", format, err)
	}
	return printer.PrintObj(&object, c.out)
}

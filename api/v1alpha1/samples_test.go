package v1alpha1_test

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/compose"
)

var example = regexp.MustCompile("(?s)```yaml\n(apiVersion: .*?)```")

func TestSamplesAreAccepted(t *testing.T) {
	files, err := filepath.Glob("../../config/samples/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	texts := map[string]string{}
	for _, file := range files {
		texts[filepath.Base(file)] = read(t, file)
	}
	pages, err := filepath.Glob("../../docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		for i, found := range example.FindAllStringSubmatch(read(t, page), -1) {
			texts[fmt.Sprintf("example %d of %s", i, filepath.Base(page))] = found[1]
		}
	}
	if len(texts) < 5 {
		t.Fatalf("found %d samples and examples; want at least 5", len(texts))
	}
	c := apiServer(t)
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			for object := range strings.SplitSeq(text, "\n---\n") {
				obj := parse(t, toJSON(t, object))
				if got := obj.GroupVersionKind(); got.GroupVersion() != v1alpha1.GroupVersion || got.Kind != "TestRun" && got.Kind != "TestProfile" {
					t.Fatalf("it is a %s; want a TestRun or a TestProfile", got)
				}
				obj.SetNamespace("default")
				defaulted, err := compose.Defaulted(obj)
				if err != nil {
					t.Fatal(err)
				}
				if err := c.Create(t.Context(), obj, client.DryRunAll); err != nil {
					t.Fatalf("refused: %v", err)
				}
				if diff := cmp.Diff(specOf(t, obj), specOf(t, defaulted)); diff != "" {
					t.Errorf("podtest itself fills in other defaults (-API server +podtest):\n%s", diff)
				}
			}
		})
	}
}

func specOf(t *testing.T, o *unstructured.Unstructured) string {
	t.Helper()
	text, err := yaml.Marshal(o.Object["spec"])
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

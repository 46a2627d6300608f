package v1alpha1_test

import (
	"path/filepath"
	"regexp"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
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
	for _, found := range example.FindAllStringSubmatch(read(t, reference), -1) {
		texts["the example of the reference"] = found[1]
	}
	if len(texts) < 5 {
		t.Fatalf("found %d samples and examples; want at least 5", len(texts))
	}
	c := apiServer(t)
	for name, text := range texts {
		t.Run(name, func(t *testing.T) {
			run := parse(t, toJSON(t, text))
			if got := run.GroupVersionKind(); got != v1alpha1.GroupVersion.WithKind("TestRun") {
				t.Fatalf("it is a %s; want a TestRun", got)
			}
			run.SetNamespace("default")
			if err := c.Create(t.Context(), run, client.DryRunAll); err != nil {
				t.Errorf("refused: %v", err)
			}
		})
	}
}

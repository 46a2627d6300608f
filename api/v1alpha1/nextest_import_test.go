package v1alpha1_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/client"
)

// What podtest import nextest writes is what the API takes. The files are golden files of its tests.
func TestTheAPITakesWhatIsImportedFromNextest(t *testing.T) {
	files, err := filepath.Glob(filepath.Join("..", "..", "internal", "importer", "testdata", "*.yaml"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no manifests: %v", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			all, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			for doc := range bytes.SplitSeq(all, []byte("---\n")) {
				obj := parse(t, toJSON(t, string(doc)))
				obj.SetNamespace("default")
				if err := apiServer(t).Create(t.Context(), obj, client.DryRunAll); err != nil {
					t.Errorf("%s %s: %v", obj.GetKind(), obj.GetName(), err)
				}
			}
		})
	}
}

package v1alpha1_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	jsonpatch "gopkg.in/evanphx/json-patch.v4"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/envtest"
	"sigs.k8s.io/yaml"

	"github.com/podtest/podtest/api/v1alpha1"
)

var (
	crds   = filepath.Join("..", "..", "config", "crd", "bases")
	server = &envtest.Environment{CRDDirectoryPaths: []string{crds}, ErrorIfCRDPathMissing: true}
	start  = sync.OnceValues(startServer)
)

func TestMain(m *testing.M) {
	code := m.Run()
	if err := server.Stop(); err != nil {
		fmt.Fprintln(os.Stderr, "stopping the API server:", err)
		code = max(code, 1)
	}
	os.Exit(code)
}

func startServer() (client.Client, error) {
	scheme := runtime.NewScheme()
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return nil, err
	}
	config, err := server.Start()
	if err != nil {
		return nil, err
	}
	c, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return nil, err
	}
	return client.WithFieldValidation(c, metav1.FieldValidationStrict), nil
}

// apiServer is a client of a real API server that knows podtest's CRDs and refuses unknown fields.
func apiServer(t *testing.T) client.Client {
	t.Helper()
	if os.Getenv("KUBEBUILDER_ASSETS") == "" {
		t.Fatal("this test needs etcd and kube-apiserver, and KUBEBUILDER_ASSETS does not say where they are: run `make test`")
	}
	c, err := start()
	if err != nil {
		t.Fatalf("starting the API server: %v", err)
	}
	return c
}

// smallest is a TestRun of which nothing can be left out.
const smallest = `
apiVersion: podtest.dev/v1alpha1
kind: TestRun
metadata: {generateName: run-, namespace: default}
spec:
  suites:
  - {name: unit, go: {binaries: ["/tests/*.test"]}}
  template:
    spec:
      containers:
      - {name: tests, image: "registry.example/tests:1"}
`

// smallestWith is the smallest TestRun with a JSON merge patch applied: lists are replaced, null removes.
func smallestWith(t *testing.T, patch string) *unstructured.Unstructured {
	t.Helper()
	merged, err := jsonpatch.MergePatch(toJSON(t, smallest), toJSON(t, patch))
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, merged)
}

func parse(t *testing.T, doc []byte) *unstructured.Unstructured {
	t.Helper()
	obj := &unstructured.Unstructured{}
	if err := obj.UnmarshalJSON(doc); err != nil {
		t.Fatal(err)
	}
	return obj
}

func toJSON(t *testing.T, text string) []byte {
	t.Helper()
	doc, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatalf("%v in %s", err, text)
	}
	return doc
}

// create makes the object and takes it away again after the test.
func create(t *testing.T, obj client.Object) {
	t.Helper()
	c := apiServer(t)
	if err := c.Create(t.Context(), obj); err != nil {
		t.Fatalf("creating: %v", err)
	}
	t.Cleanup(func() {
		if err := c.Delete(context.WithoutCancel(t.Context()), obj); err != nil {
			t.Errorf("deleting: %v", err)
		}
	})
}

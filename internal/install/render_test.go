package install

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podtest/podtest/config"
	"github.com/podtest/podtest/internal/goldentest"
)

// The CRDs are large, generated, and tested with the API: the golden file names them only.
func TestRenderIsTheGolden(t *testing.T) {
	for name, o := range map[string]Options{
		"default": {},
		"scoped":  {Namespace: "ci", Settings: Settings{Watch: []string{"team-b", "team-a"}, SkipCRDs: true}},
		"everything": {Settings: Settings{
			PullPolicy: "Always", PullSecrets: []string{"registry"}, Requests: map[string]string{"cpu": "1"},
			Limits: map[string]string{"cpu": "2", "memory": "1Gi"}, NodeSelector: map[string]string{"pool": "ci"},
			Tolerations: []corev1.Toleration{{Key: "ci", Operator: corev1.TolerationOpExists}}, Watch: []string{DefaultNamespace},
		}},
		"custom": {Namespace: "ci-tests", Settings: Settings{Image: "registry.example:5000/tools/podtest:v1.2", Replicas: new(int64(1))}},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := Render(config.Tree, o)
			if err != nil {
				t.Fatal(err)
			}
			goldentest.Compare(t, filepath.Join("testdata", name+".yaml"), withoutSchemas(r.YAML))
		})
	}
}

func TestRenderEqualsKubectlKustomize(t *testing.T) {
	kubectl := kubectl(t)
	want, err := exec.Command(kubectl, "kustomize", "../../config/default").Output()
	if err != nil {
		t.Fatalf("kubectl kustomize: %v", err)
	}
	got, err := Render(config.Tree, Options{})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got.YAML)); diff != "" {
		t.Errorf("podtest install --dry-run differs from kubectl kustomize (-kubectl +podtest):\n%s", diff)
	}
}

func TestImageIsCarriedToTheReporters(t *testing.T) {
	digest := "sha256:" + strings.Repeat("ab", 32)
	for in, want := range map[string]string{
		"podtest:dev":                   "podtest:dev",
		"podtest":                       "podtest:latest",
		"reg.example:5000/a/b":          "reg.example:5000/a/b:latest",
		"reg.example:5000/a/b:v1":       "reg.example:5000/a/b:v1",
		"reg.example/a@" + digest:       "reg.example/a@" + digest,
		"reg.example/a:v1@" + digest:    "reg.example/a:v1@" + digest,
		"ghcr.io/x/podtest:v0.1.0-rc.1": "ghcr.io/x/podtest:v0.1.0-rc.1",
	} {
		t.Run(in, func(t *testing.T) {
			r, err := Render(config.Tree, Options{Settings: Settings{Image: in}})
			if err != nil {
				t.Fatal(err)
			}
			image, reporter := managerImages(t, r.Objects)
			if image != want || reporter != want {
				t.Errorf("image %q, PODTEST_IMAGE %q, want both %q", image, reporter, want)
			}
		})
	}
}

func TestImagesThatAreNone(t *testing.T) {
	for _, in := range []string{":v1", "a b", "podtest:", "podtest@", "podtest@abc"} {
		if _, err := Render(config.Tree, Options{Settings: Settings{Image: in}}); err == nil {
			t.Errorf("image %q was taken", in)
		}
	}
}

func TestCRDsOnly(t *testing.T) {
	r, err := Render(config.Tree, Options{CRDsOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range r.Objects {
		if o.GetKind() != "CustomResourceDefinition" {
			t.Errorf("%s %s is no CRD", o.GetKind(), o.GetName())
		}
	}
	if len(r.Objects) != 4 {
		t.Errorf("%d CRDs, want 4", len(r.Objects))
	}
}

func managerImages(t *testing.T, objects []*unstructured.Unstructured) (image, reporter string) {
	t.Helper()
	for _, o := range objects {
		if o.GetKind() != "Deployment" {
			continue
		}
		containers, _, _ := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "containers")
		manager := containers[0].(map[string]any)
		for _, e := range manager["env"].([]any) {
			if env := e.(map[string]any); env["name"] == "PODTEST_IMAGE" {
				reporter, _ = env["value"].(string)
			}
		}
		return manager["image"].(string), reporter
	}
	t.Fatal("no Deployment")
	return "", ""
}

func withoutSchemas(y []byte) []byte {
	var kept [][]byte
	for doc := range bytes.SplitSeq(y, []byte("\n---\n")) {
		if bytes.Contains(doc, []byte("\nkind: CustomResourceDefinition\n")) {
			_, rest, _ := bytes.Cut(doc, []byte("\n  name: "))
			name, _, _ := bytes.Cut(rest, []byte("\n"))
			doc = append([]byte("# CustomResourceDefinition "), name...)
		}
		kept = append(kept, bytes.TrimSuffix(doc, []byte("\n")))
	}
	return append(bytes.Join(kept, []byte("\n---\n")), '\n')
}

func kubectl(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("KUBECTL"); path != "" {
		return path
	}
	if path := filepath.Join(os.Getenv("KUBEBUILDER_ASSETS"), "kubectl"); filepath.IsAbs(path) {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	path, err := exec.LookPath("kubectl")
	if err != nil {
		t.Skip("no kubectl: neither KUBECTL, nor in KUBEBUILDER_ASSETS, nor on PATH")
	}
	return path
}

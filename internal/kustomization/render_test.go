package kustomization

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/podtest/podtest/internal/goldentest"
)

const samples = "../../config/samples/kustomize"

func TestTheSampleOverlayChangesImageFilterAndRetries(t *testing.T) {
	objects, err := Render(samples + "/overlays/ci")
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	for _, o := range objects {
		data, err := yaml.Marshal(o.Object)
		if err != nil {
			t.Fatal(err)
		}
		text.WriteString("---\n")
		text.Write(data)
	}
	goldentest.Compare(t, "testdata/overlay.yaml", text.Bytes())
}

func TestTheSampleUsesTheConfigurationThatIsShipped(t *testing.T) {
	shipped, err := os.ReadFile("../../config/kustomize/podtest.yaml")
	if err != nil {
		t.Fatal(err)
	}
	used, err := os.ReadFile(samples + "/base/podtest.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(shipped), string(used)); diff != "" {
		t.Errorf("copy config/kustomize/podtest.yaml to config/samples/kustomize/base (-shipped +used):\n%s", diff)
	}
}

// tree writes files below a temporary folder, in which the test is then.
func tree(t *testing.T, files map[string]string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

const run = `apiVersion: podtest.dev/v1alpha1
kind: TestRun
metadata: {name: shop}
spec:
  profileRef: {name: p}
  fixtures: [{name: db, service: {image: "db:1"}}]
  template: {spec: {containers: [{name: test, image: "t:1", envFrom: [{configMapRef: {name: c}}, {secretRef: {name: s}}]}]}}
`

func TestNamesAndImagesInsideRunsAreReached(t *testing.T) {
	shipped, err := os.ReadFile("../../config/kustomize/podtest.yaml")
	if err != nil {
		t.Fatal(err)
	}
	tree(t, map[string]string{
		"k/podtest.yaml": string(shipped), "k/run.yaml": run,
		"k/profile.yaml": "{apiVersion: podtest.dev/v1alpha1, kind: TestProfile, metadata: {name: p}, spec: {inherits: p}}",
		"k/kustomization.yaml": `
namePrefix: x-
resources: [run.yaml, profile.yaml]
configurations: [podtest.yaml]
images: [{name: t, newTag: "2"}, {name: db, newTag: "3"}]
configMapGenerator: [{name: c, literals: [a=b]}]
secretGenerator: [{name: s, literals: [a=b], options: {disableNameSuffixHash: true}}]
`,
	})
	objects, err := Render("k")
	if err != nil {
		t.Fatal(err)
	}
	var text strings.Builder
	for _, o := range objects {
		data, err := o.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		text.Write(data)
	}
	for _, want := range []string{
		`"profileRef":{"name":"x-p"}`, `"inherits":"x-p"`, `"image":"t:2"`, `"image":"db:3"`,
		`"configMapRef":{"name":"x-c-`, `"secretRef":{"name":"x-s"}`,
	} {
		if !strings.Contains(text.String(), want) {
			t.Errorf("no %s in\n%s", want, text.String())
		}
	}
}

func TestNothingIsFetchedAndNothingIsRun(t *testing.T) {
	const fetches = " is not on this machine, and podtest fetches nothing: copy it, and name the copy by its path " +
		"(./… if the name looks like this)"
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"a file of another host": {
			map[string]string{"k/kustomization.yaml": `resources: ["https://example.com/a.yaml"]`},
			"k/kustomization.yaml: resources: https://example.com/a.yaml" + fetches,
		},
		"a repository": {
			map[string]string{"k/kustomization.yaml": `resources: ["git@example.com:org/repo.git//base?ref=v1"]`},
			"k/kustomization.yaml: resources: git@example.com:org/repo.git//base?ref=v1" + fetches,
		},
		"a repository on this machine": {
			map[string]string{"k/kustomization.yaml": `bases: ["file:///tmp/repo"]`},
			"k/kustomization.yaml: bases: file:///tmp/repo" + fetches,
		},
		"a folder of the name of a host": {
			map[string]string{"k/kustomization.yaml": `components: [github.com/org/repo]`, "k/github.com/org/repo/kustomization.yaml": ""},
			"k/kustomization.yaml: components: github.com/org/repo" + fetches,
		},
		"in the base of a base": {
			map[string]string{
				"k/kustomization.yaml": `resources: [../b]`, "b/kustomization.yml": `components: [../c]`,
				"c/Kustomization": "kind: Component\nresources: [ssh://host/repo]",
			},
			"c/Kustomization: resources: ssh://host/repo" + fetches,
		},
		"a patch": {
			map[string]string{"k/kustomization.yaml": `patches: [{path: "http://example.com/p.yaml"}]`},
			"k/kustomization.yaml: path: http://example.com/p.yaml" + fetches,
		},
		"a file of a generated ConfigMap": {
			map[string]string{"k/kustomization.yaml": `configMapGenerator: [{name: c, files: ["a=https://example.com/a"]}]`},
			"k/kustomization.yaml: files: https://example.com/a" + fetches,
		},
		"a file of a generator that is configured in a file": {
			map[string]string{
				"k/kustomization.yaml": `generators: [g.yaml]`,
				"k/g.yaml":             `{apiVersion: builtin, kind: ConfigMapGenerator, metadata: {name: g}, envs: ["https://example.com/a"]}`,
			},
			"k/g.yaml: envs: https://example.com/a" + fetches,
		},
		"a file of a generator that is written in place": {
			map[string]string{"k/kustomization.yaml": "generators:\n- |\n  kind: ConfigMapGenerator\n  envs: [https://example.com/a]\n"},
			"k/kustomization.yaml: envs: https://example.com/a" + fetches,
		},
		"a chart": {
			map[string]string{"k/kustomization.yaml": `helmCharts: [{name: c, repo: "https://example.com"}]`},
			"k/kustomization.yaml: helmCharts: podtest fetches and runs nothing: render the chart first, and name the result in resources",
		},
		"a function": {
			map[string]string{
				"k/kustomization.yaml": `transformers: [f.yaml]`,
				"k/f.yaml":             `{kind: F, metadata: {name: f, annotations: {config.kubernetes.io/function: "exec: {path: ./f}"}}}`,
			},
			"k/f.yaml: annotation config.kubernetes.io/function: podtest runs no plugins: render with kustomize itself, " +
				"and give the result to -f -",
		},
		"a plugin": {
			map[string]string{"k/kustomization.yaml": `generators: [g.yaml]`, "k/g.yaml": `{apiVersion: team/v1, kind: G, metadata: {name: g}}`},
			"rendering the kustomization k: loading generator plugins: failed to load generator: " +
				"external plugins disabled; unable to load external plugin 'G'",
		},
		"a file above the root": {
			map[string]string{"k/kustomization.yaml": `resources: [../run.yaml]`, "run.yaml": run},
			"rendering the kustomization k: security; file 'HERE/run.yaml' is not in or below 'HERE/k'",
		},
		"an absolute path": {
			map[string]string{"k/kustomization.yaml": `resources: [/etc/base]`},
			"k/kustomization.yaml: resources: /etc/base is an absolute path: name it from the kustomization's folder",
		},
	} {
		t.Run(name, func(t *testing.T) {
			tree(t, c.files)
			wantError(t, c.want)
		})
	}
}

// wantError renders the folder k in vain.
func wantError(t *testing.T, want string) {
	t.Helper()
	here, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	_, err = Render("k")
	if err == nil {
		t.Fatal("it is rendered")
	}
	if diff := cmp.Diff(want, strings.ReplaceAll(err.Error(), here, "HERE")); diff != "" {
		t.Errorf("error (-want +got):\n%s", diff)
	}
}

func TestMistakesAreTold(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"no folder":        {map[string]string{}, "k is no folder: want one with a kustomization.yaml"},
		"no kustomization": {map[string]string{"k/a.yaml": ""}, "k has no kustomization.yaml"},
		"no such file": {
			map[string]string{"k/kustomization.yaml": `resources: [a.yaml]`}, "k/kustomization.yaml: resources: there is no k/a.yaml",
		},
		"no YAML": {
			map[string]string{"k/kustomization.yaml": `resources: [a.yaml]`, "k/a.yaml": "a: ["},
			"k/a.yaml: error converting YAML to JSON: yaml: line 2: did not find expected node content",
		},
		"no such field": {
			map[string]string{"k/kustomization.yaml": `resourcess: []`},
			`rendering the kustomization k: invalid Kustomization: json: unknown field "resourcess"`,
		},
		"a mistake in a base": {
			map[string]string{"k/kustomization.yaml": `resources: [../b]`, "b/kustomization.yaml": `namePrefix: {}`},
			"rendering the kustomization k: couldn't make target for path 'HERE/b': invalid Kustomization: " +
				"json: cannot unmarshal object into Go struct field " +
				"Kustomization.namePrefix of type string",
		},
		"a circle": {
			map[string]string{"k/kustomization.yaml": `resources: [../b]`, "b/kustomization.yaml": `resources: [../k]`},
			"rendering the kustomization k: cycle detected: candidate root 'HERE/k' contains visited root 'HERE/k'",
		},
	} {
		t.Run(name, func(t *testing.T) {
			tree(t, c.files)
			wantError(t, c.want)
		})
	}
}

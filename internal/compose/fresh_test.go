package compose

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

func TestARunOfFlagsAlone(t *testing.T) {
	d, err := Suites{
		Go: []string{"/a", "/b"}, Libtest: []string{"/c"}, NextestArchive: "/n.tar.zst", WorkspaceRemap: "/src",
		ExecList: "/t list 'a b'", ExecRun: "/t run {id}",
	}.Fresh("r.example:5000/team/Shop_Tests:1@sha256:0")
	if err != nil {
		t.Fatal(err)
	}
	got, err := yaml.Marshal(d.Object.Object)
	if err != nil {
		t.Fatal(err)
	}
	want := `apiVersion: podtest.dev/v1alpha1
kind: TestRun
metadata:
  generateName: shop-tests-
spec:
  suites:
  - go:
      binaries:
      - /a
      - /b
    name: go
  - libtest:
      binaries:
      - /c
    name: libtest
  - name: nextest
    nextest:
      archive: /n.tar.zst
      workspaceRemap: /src
  - exec:
      list:
        command:
        - /t
        - list
        - a b
      run:
        command:
        - /t
        - run
        - '{id}'
    name: exec
  template:
    spec:
      containers:
      - image: r.example:5000/team/Shop_Tests:1@sha256:0
        name: test
`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Error(diff)
	}
}

func TestFlagsThatMakeNoRun(t *testing.T) {
	for name, c := range map[string]struct {
		suites Suites
		image  string
		want   string
	}{
		"no tests": {Suites{}, "i", "no tests: say where they are in the image with --go, --libtest, --nextest-archive, " +
			"or --exec-list and --exec-run; or give a manifest with -f"},
		"no image": {Suites{Go: []string{"/a"}}, "", "tests without an image: name the one that holds them with --image, " +
			"or give a manifest with -f"},
		"a list without a run":      {Suites{ExecList: "/t"}, "i", "--exec-list and --exec-run go together: --exec-run is missing"},
		"sources of no archive":     {Suites{WorkspaceRemap: "/src"}, "i", "--workspace-remap goes with --nextest-archive"},
		"a quote that does not end": {Suites{ExecList: "/t 'a", ExecRun: "b"}, "i", `--exec-list "/t 'a": Unterminated single-quoted string`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.suites.Fresh(c.image)
			if diff := cmp.Diff(c.want, said(err)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestNamesOfImagesAreMadeNamesOfRuns(t *testing.T) {
	for image, want := range map[string]string{
		"a": "a", "r:5000/x/y": "y", "x@sha256:1": "x", "r/___": "run", "A__b": "a-b",
	} {
		if got := baseName(image); got != want {
			t.Errorf("%s: %s, want %s", image, got, want)
		}
	}
}

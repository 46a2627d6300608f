//go:build e2e

// Package examples carries out the examples of examples/ci on a real cluster, as their CI systems would: their own
// scripts and manifests, for runs that pass, fail and cannot be listed. test/e2e/prepare makes what they need.
package examples

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"
	"sigs.k8s.io/yaml"

	"github.com/podtest/podtest/api/v1alpha1"
)

// tree is where the examples are.
const tree = "../../.."

var cluster client.WithWatch

func TestMain(m *testing.M) {
	log.SetLogger(zap.New())
	if err := connect(); err != nil {
		fmt.Fprintln(os.Stderr, "examples:", err, `(run: eval "$(test/e2e/prepare)")`)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func connect() error {
	if os.Getenv("PODTEST_BIN") == "" {
		return errors.New("PODTEST_BIN is not set")
	}
	config, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), v1alpha1.AddToScheme(scheme)); err != nil {
		return err
	}
	cluster, err = client.NewWithWatch(config, client.Options{Scheme: scheme})
	return err
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ending is a run that ends in some way, and what is known of its end.
type ending struct {
	suite  string // of the zoo's set evil
	result v1alpha1.Result
	code   int
	passed int
	failed int
	junit  bool // there are tests to report of
}

var endings = map[string]ending{
	"passes": {
		suite:  `{name: go, go: {binaries: ["/src/**/plain.test"]}}`,
		result: v1alpha1.ResultPassed, code: 0, junit: true,
	},
	"fails": {
		suite:  `{name: go, go: {binaries: ["/src/**/kinds.test"]}}`,
		result: v1alpha1.ResultFailed, code: 100, passed: 12, failed: 6, junit: true,
	},
	"cannot be listed": {
		suite:  `{name: own, exec: {list: {command: [/tests/suite, list, fails]}, run: {command: [/tests/suite, run, "{id}"]}}}`,
		result: v1alpha1.ResultError, code: 104,
	},
}

const image = "podtest.local/zoo-evil:1"

// manifest is a user's testrun.yaml.
func (e ending) manifest() string {
	return fmt.Sprintf(`apiVersion: podtest.dev/v1alpha1
kind: TestRun
metadata: {generateName: checkout-}
spec:
  suites: [%s]
  template:
    spec:
      containers:
      - {name: test, image: $IMAGE, resources: {requests: {cpu: 50m}}}
`, e.suite)
}

// place is a namespace and a checked-out repository, for one story.
type place struct {
	t         *testing.T
	namespace string
	dir       string
	env       []string
}

func newPlace(t *testing.T, e ending) *place {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "example-"}}
	must(t, cluster.Create(t.Context(), ns))
	t.Cleanup(func() { _ = cluster.Delete(context.Background(), ns) })
	p := &place{t: t, namespace: ns.Name, dir: t.TempDir()}
	bin, err := filepath.Abs(os.Getenv("PODTEST_BIN"))
	must(t, err)
	must(t, os.WriteFile(p.file("testrun.yaml"), []byte(e.manifest()), 0o600))
	for _, v := range os.Environ() {
		if name, _, _ := strings.Cut(v, "="); !strings.HasPrefix(name, "GITHUB_") && !strings.HasPrefix(name, "GITLAB_") {
			p.env = append(p.env, v)
		}
	}
	p.set("PATH", filepath.Dir(bin)+":"+os.Getenv("PATH"))
	return p
}

func (p *place) file(name string) string { return filepath.Join(p.dir, name) }

func (p *place) set(name, value string) { p.env = append(p.env, name+"="+value) }

// run runs a program and returns its exit code and all that it printed.
func (p *place) run(args ...string) (int, string) {
	p.t.Helper()
	ctx, stop := context.WithTimeout(p.t.Context(), 5*time.Minute)
	defer stop()
	cmd := exec.CommandContext(ctx, args[0], args[1:]...)
	var out bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = p.dir, p.env, &out, &out
	err := cmd.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		p.t.Fatalf("%v: %v", args, err)
	}
	return cmd.ProcessState.ExitCode(), out.String()
}

// kubectl succeeds, and returns what it printed.
func (p *place) kubectl(args ...string) string {
	p.t.Helper()
	code, out := p.run(append([]string{"kubectl", "--namespace", p.namespace}, args...)...)
	if code != 0 {
		p.t.Fatalf("kubectl %v: exit code %d\n%s", args, code, out)
	}
	return out
}

// theRun is the only run of the namespace.
func (p *place) theRun() *v1alpha1.TestRun {
	p.t.Helper()
	var runs v1alpha1.TestRunList
	must(p.t, cluster.List(p.t.Context(), &runs, client.InNamespace(p.namespace)))
	if len(runs.Items) != 1 {
		p.t.Fatalf("%d runs", len(runs.Items))
	}
	return &runs.Items[0]
}

// wantJUnit checks the report that the example wrote.
func (p *place) wantJUnit(e ending) {
	p.t.Helper()
	text, err := os.ReadFile(p.file("junit.xml"))
	if !e.junit {
		if err == nil {
			p.t.Errorf("there is a JUnit report of no tests:\n%s", text)
		}
		return
	}
	must(p.t, err)
	var report struct {
		Tests    int `xml:"tests,attr"`
		Failures int `xml:"failures,attr"`
	}
	must(p.t, xml.Unmarshal(text, &report))
	if report.Tests == 0 || report.Failures != e.failed {
		p.t.Errorf("the JUnit report has %+v, want %d failures", report, e.failed)
	}
}

// example reads a file of examples/ci.
func example(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(tree, "examples/ci", name))
	must(t, err)
	return string(text)
}

func readExample(t *testing.T, name string, into any) {
	t.Helper()
	if err := yaml.Unmarshal([]byte(example(t, name)), into); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

func eventually(t *testing.T, what string, ok wait.ConditionWithContextFunc) {
	t.Helper()
	if err := wait.PollUntilContextTimeout(t.Context(), 200*time.Millisecond, 4*time.Minute, true, ok); err != nil {
		t.Fatalf("waiting for %s: %v", what, err)
	}
}

// each tells a story for every ending.
func each(t *testing.T, story func(t *testing.T, p *place, e ending)) {
	t.Helper()
	for name, e := range endings {
		t.Run(name, func(t *testing.T) { story(t, newPlace(t, e), e) })
	}
}

func (p *place) write(name, text string) {
	p.t.Helper()
	must(p.t, os.WriteFile(p.file(name), []byte(text), 0o600))
}

func unmarshal(t *testing.T, text string, into any) {
	t.Helper()
	must(t, yaml.Unmarshal([]byte(text), into))
}

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
)

func managerOf(namespace string) *appsv1.Deployment {
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{
		Namespace: namespace, Name: "podtest-manager", Labels: map[string]string{"app.kubernetes.io/part-of": "podtest"},
	}}
	d.Spec.Template.Spec.Containers = []corev1.Container{{Name: "manager", Image: "podtest:v1"}}
	return d
}

func TestRunsAreNotLostWithoutAsking(t *testing.T) {
	run := &v1alpha1.TestRun{ObjectMeta: metav1.ObjectMeta{Namespace: "ci", Name: "shop", Finalizers: []string{v1alpha1.FinalizerTeardown}}}
	s := newShell(t, run, managerOf("podtest-system"))
	if code := s.podtest(t, "uninstall", "--crds"); code != 96 {
		t.Errorf("exit code %d", code)
	}
	want := "this deletes 1 TestRun with all results in 1 namespace, 1 of them not finished; fixtures to tear down first: ci/shop\n" +
		"error: nothing is deleted: say --yes if it is to be\n"
	if s.err.String() != want {
		t.Errorf("said %q, want %q", s.err.String(), want)
	}
	if err := s.cluster.Get(t.Context(), client.ObjectKeyFromObject(run), run); err != nil {
		t.Error(err)
	}
}

func TestTheCRDsStayWhileAnotherNeedsThem(t *testing.T) {
	s := newShell(t, managerOf("podtest-system"), managerOf("team-a"))
	code := s.podtest(t, "uninstall", "--crds", "--yes")
	if code != 96 || !strings.Contains(s.err.String(), "in namespace team-a (podtest:v1) needs the CRDs: take it out first") {
		t.Errorf("exit code %d, said %s", code, s.err.String())
	}
}

func TestUpgradeNeedsAnInstallation(t *testing.T) {
	s := newShell(t)
	code := s.podtest(t, "upgrade", "-n", "tools")
	if code != 96 || !strings.HasPrefix(s.err.String(), "error: there is no podtest in namespace tools: `podtest install` puts it there") {
		t.Errorf("exit code %d, said %s", code, s.err.String())
	}
}

func TestInstallFlagsThatMakeNoSense(t *testing.T) {
	for name, args := range map[string][]string{
		"want yaml":                    {"-o", "json", "--dry-run"},
		"-o is for --dry-run":          {"-o", "yaml"},
		"leave out the flags":          {"--crds-only", "--replicas", "3"},
		"installs nothing":             {"--crds-only", "--skip-crds"},
		"replicas 0":                   {"--replicas", "0"},
		"want Always":                  {"--image-pull-policy", "Sometimes"},
		`"much" is no quantity`:        {"--limits", "memory=much"},
		"namespace \"A\" to watch":     {"--watch-namespace", "A"},
		"effect \"Never\"":             {"--toleration", "a=b:Never"},
		"want KEY[=VALUE][:EFFECT]":    {"--toleration", "=b"},
		"want repository[:tag][@sha25": {"--image", ":v1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newShell(t)
			if code := s.podtest(t, append([]string{"install"}, args...)...); code != 96 || !strings.Contains(s.err.String(), name) {
				t.Errorf("exit code %d, said %s", code, s.err.String())
			}
		})
	}
}

func TestVersionsOfClientAndManager(t *testing.T) {
	leader := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{
		Namespace: "podtest-system", Name: "m", Labels: map[string]string{v1alpha1.LabelLeader: "true"},
		Annotations: map[string]string{"podtest.dev/version": "v1.2.3"},
	}, Status: corev1.PodStatus{Phase: corev1.PodRunning}}
	s := newShell(t, managerOf("podtest-system"), leader)
	if code := s.podtest(t, "version"); code != 0 || !strings.HasSuffix(s.out.String(),
		"\nmanager v1.2.3, namespace podtest-system, image podtest:v1\n") {
		t.Errorf("exit code %d, said %s", code, s.out.String())
	}
	var v versions
	s.podtest(t, "version", "-o", "json", "--client")
	if err := json.Unmarshal(s.out.Bytes(), &v); err != nil || v.Client.Version == "" || len(v.Manager) > 0 {
		t.Errorf("%v, %+v", err, v)
	}
}

func TestImportWritesAFileForEachObject(t *testing.T) {
	s := newShell(t)
	s.in = "[profile.ci]\nretries = 2\nstatus-level = \"all\"\n"
	dir := filepath.Join(t.TempDir(), "deploy")
	if code := s.podtest(t, "import", "nextest", "-", "--profile", "ci", "--output-dir", dir); code != 0 {
		t.Fatalf("exit code %d, said %s", code, s.err.String())
	}
	for _, name := range []string{"testprofile-default.yaml", "testprofile-ci.yaml", "testrun-tests.yaml"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil || !strings.Contains(s.out.String(), name+"\n") {
			t.Errorf("%s: %v; said %s", name, err, s.out.String())
		}
	}
	if want := "line 3: profile.ci.status-level: not carried: it is about the terminal: `podtest run --status-level all`\n"; s.err.String() != want {
		t.Errorf("said %q, want %q", s.err.String(), want)
	}
	if code := s.podtest(t, "import", "nextest", "-", "--profile", "cy"); code != 96 || !strings.Contains(s.err.String(), "want one of ci, default") {
		t.Errorf("exit code %d, said %s", code, s.err.String())
	}
}

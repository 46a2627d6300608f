package repro_test

import (
	"bytes"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/goldentest"
	"github.com/podtest/podtest/internal/report/repro"
	"github.com/podtest/podtest/internal/settings"
	"github.com/podtest/podtest/internal/wire"
)

var hostile = []string{
	"TestA", "TestA ", " TestA", "a,b", "a)", "(a", `a\`, "it's", "$(reboot)", "a\x1b[2J", "a\u202eb", "a\rb", "é", "a # b", "- a: b", "{{a}}",
}

// shop is a run with tests of hostile names, an ignored one among them, and settings of all kinds.
func shop() (*v1alpha1.TestRun, *catalog.Catalog) {
	run := &v1alpha1.TestRun{ObjectMeta: metav1.ObjectMeta{
		Namespace: "ci", Name: strings.Repeat("long", 49) + ".x", UID: "u1", ResourceVersion: "7", Labels: map[string]string{"branch": "main"},
	}}
	s := &run.Spec
	s.Suites = []v1alpha1.Suite{
		{Name: "go", Go: &v1alpha1.BinariesHarness{Binaries: []string{"/t/*.test"}}},
		{Name: "rust", Libtest: &v1alpha1.BinariesHarness{Binaries: []string{"/r/*"}}},
		{Name: "own", Exec: &v1alpha1.ExecHarness{WorkingDir: "/w d", Run: v1alpha1.ExecRun{Command: []string{"/run", "{id}", "{attempt}"}}}},
		{Name: "nx", Nextest: &v1alpha1.NextestHarness{Archive: "/t.tar.zst", WorkspaceRemap: "/src"}},
	}
	s.Filter, s.DefaultFilter, s.Partition, s.RunIgnored = "test(A)", "not all()", "slice:1/9", v1alpha1.RunIgnoredOnly
	s.Rerun = &v1alpha1.Rerun{Name: "before"}
	s.ProfileRef, s.Parallelism, s.Retries = &v1alpha1.ProfileRef{Name: "ci"}, 20, &v1alpha1.Retries{Count: 3}
	s.FailFast, s.Cancel, s.Force, s.Suspend = &v1alpha1.FailFast{}, true, true, true
	s.Groups = []v1alpha1.Group{{Name: "db", MaxParallel: 1}}
	s.Overrides = []v1alpha1.Override{
		{Name: "heavy", Filter: "binary_id(go::a)", Group: "db", Retries: &v1alpha1.Retries{Count: 9}, Resources: &corev1.ResourceRequirements{
			Requests: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("1Gi")}, Limits: corev1.ResourceList{corev1.ResourceMemory: resource.MustParse("2Gi")},
		}},
		{Filter: "binary_id(rust::a)", Retries: &v1alpha1.Retries{Count: 9}},
	}
	s.RunWrapper, s.RunExtraArgs = []string{"strace", "-f"}, []string{"--more args"}
	s.Template.Spec.Containers = []corev1.Container{{Name: "test", Image: "shop:1", Env: []corev1.EnvVar{
		{Name: "A", Value: "b c\x1b"}, {Name: "SECRET", ValueFrom: &corev1.EnvVarSource{}},
	}}}
	cat := &catalog.Catalog{}
	for i, suite := range []string{"go", "rust", "own", "nx"} {
		cat.Binaries = append(cat.Binaries, wire.Binary{Suite: suite, ID: suite + "::a", Path: "/t/" + suite, Dir: "/t"})
		for _, name := range hostile {
			cat.Tests = append(cat.Tests, wire.Listed{Binary: i, Name: name, Ignored: name == "TestA"})
		}
	}
	return run, cat
}

func testOf(t *testing.T, run *v1alpha1.TestRun, cat *catalog.Catalog, ordinal uint32) repro.Test {
	t.Helper()
	said, err := settings.Overridden(&run.Spec, cat, ordinal)
	if err != nil {
		t.Fatal(err)
	}
	test := repro.Test{Run: run, Class: "default", Said: said}
	test.Binary, test.Listed = cat.Test(ordinal)
	return test
}

// manifestOf is the run of a manifest, as it is after it was written and read.
func manifestOf(t *testing.T, test repro.Test, c repro.Change) *v1alpha1.TestRun {
	t.Helper()
	var b bytes.Buffer
	if err := test.Write(&b, test.TestRun(c), repro.Advice{Podtest: "podtest", Told: test.Listed.Name, Set: &settings.Test{}}); err != nil {
		t.Fatal(err)
	}
	var run v1alpha1.TestRun
	if err := yaml.UnmarshalStrict(b.Bytes(), &run); err != nil {
		t.Fatalf("%v in\n%s", err, b.String())
	}
	return &run
}

func TestAManifestSelectsExactlyItsTestOnce(t *testing.T) {
	run, cat := shop()
	for ordinal := range uint32(cat.Len()) {
		got := manifestOf(t, testOf(t, run, cat, ordinal), repro.Change{})
		set, err := settings.Resolve(&got.Spec, settings.Provenance{}, cat)
		if err != nil {
			t.Fatal(err)
		}
		for o := range uint32(cat.Len()) {
			if set.Selected(o) != (o == ordinal) {
				t.Errorf("%q for %q of %s: selected %t", cat.DisplayName(o), cat.Tests[ordinal].Name, got.Spec.Filter, set.Selected(o))
			}
		}
		if p := set.Policy(ordinal); p.MaxAttempts != 1 {
			t.Errorf("%q: %d attempts", cat.DisplayName(ordinal), p.MaxAttempts)
		}
		was, err := settings.Resolve(&run.Spec, settings.Provenance{}, cat)
		if err != nil {
			t.Fatal(err)
		}
		if a, b := was.Test(ordinal), set.Test(ordinal); a.Group != b.Group || a.SlowPeriod != b.SlowPeriod {
			t.Errorf("%q: other settings: %+v, %+v", cat.DisplayName(ordinal), a, b)
		}
		if diff := cmp.Diff(was.Classes[was.Policy(ordinal).Class].Shape, set.Classes[set.Policy(ordinal).Class].Shape); diff != "" && was.Selected(ordinal) {
			t.Errorf("%q: another pod: %s", cat.DisplayName(ordinal), diff)
		}
	}
}

func TestManifest(t *testing.T) {
	run, cat := shop()
	big := new(resource.MustParse("512Mi"))
	for name, c := range map[string]struct {
		ordinal uint32
		change  repro.Change
		class   string
	}{
		"as-it-was":    {0, repro.Change{}, "heavy"},
		"plain":        {17, repro.Change{}, "default"},
		"other-limits": {1, repro.Change{Memory: big, CPU: new(resource.MustParse("2")), Count: 20}, "class-1"},
		"exec":         {2*16 + 7, repro.Change{Memory: big}, "default"},
		"nextest":      {3*16 + 9, repro.Change{}, "alone"},
	} {
		t.Run(name, func(t *testing.T) {
			test := testOf(t, run, cat, c.ordinal)
			test.Class = c.class
			var b bytes.Buffer
			advice := repro.Advice{
				Podtest: "kubectl podtest", Told: test.Binary.ID + " " + test.Listed.Name, Ended: "failed: It failed.\nexit code 1",
				Set: &settings.Test{Wrapper: run.Spec.RunWrapper, Args: run.Spec.RunExtraArgs, Env: []v1alpha1.EnvVar{{Name: "B", Value: "$HOME"}}, Fixtures: []int{0}},
			}
			if err := test.Write(&b, test.TestRun(c.change), advice); err != nil {
				t.Fatal(err)
			}
			goldentest.Compare(t, filepath.Join("testdata", name+".yaml"), b.Bytes())
		})
	}
}

// TestAShellReadsACommandAsItIsMeant puts printf in the place of the test's binary.
func TestAShellReadsACommandAsItIsMeant(t *testing.T) {
	run, cat := shop()
	for _, name := range append(hostile, "a\nb\x01", "\t", "'\\\x7f", "\xff") {
		cat.Binaries[2].Dir = "/"
		run.Spec.Suites[2].Exec.WorkingDir = "/"
		run.Spec.Suites[2].Exec.Run.Command = []string{"printf", `%s|`, "{id}", "{attempt}"}
		test := repro.Test{Run: run, Binary: cat.Binaries[2], Listed: wire.Listed{Name: name}}
		out, err := exec.Command("bash", "-c", test.Command(&settings.Test{})).Output()
		if err != nil {
			t.Fatalf("%s: %v", test.Command(&settings.Test{}), err)
		}
		if diff := cmp.Diff(name+"|1|", string(out)); diff != "" {
			t.Errorf("%s: %s", test.Command(&settings.Test{}), diff)
		}
	}
}

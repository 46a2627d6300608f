package local_test

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/podtest/podtest/api/v1alpha1"
)

const whereAmI = `package deep

import (
	"os"
	"testing"
)

func TestReadsItsData(t *testing.T) {
	if _, err := os.ReadFile("testdata/greeting"); err != nil {
		t.Fatal(err)
	}
}
`

func TestTestsOfGoRunInTheFolderOfTheirPackage(t *testing.T) {
	for name, c := range map[string]struct {
		workingDir, want string
	}{
		"as go test does":         {"", "TestReadsItsData: passed, 1"},
		"unless the run says one": {".", "TestReadsItsData: failed, 1"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, nil)
			s.write("go.mod", "module example.org/shop\n\ngo 1.26\n")
			s.write("very/deep/deep_test.go", whereAmI)
			s.write("very/deep/testdata/greeting", "hello")
			build := exec.Command("go", "test", "-c", "-o", filepath.Join(s.dir, "bin", "deep.test"), "./very/deep")
			build.Dir = s.dir
			if out, err := build.CombinedOutput(); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			s.run.Spec.Suites = []v1alpha1.Suite{{Name: "unit", Go: &v1alpha1.BinariesHarness{
				Binaries: []string{"./bin/*.test"}, WorkingDir: c.workingDir,
			}}}
			if _, got := s.play(); strings.Join(got, "\n") != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

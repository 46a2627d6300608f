package golang_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/podtest/podtest/internal/harness"
	"github.com/podtest/podtest/internal/harness/golang"
	"github.com/podtest/podtest/internal/harness/harnesstest"
)

// said is what frames tell of a test.
type said struct{ Ran, Passed, Failed, Skipped bool }

// ours is what Frames makes of an output.
func ours(name string, output []byte) said {
	f := golang.Frames{Name: name}
	_, _ = harnesstest.Dribble(&f, string(output), harness.Exit{}, nil)
	f.Close()
	return said{f.Ran, f.Passed, f.Failed, f.Skipped}
}

var test2json = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "test2json")
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "test2json")
	return path, exec.Command("go", "build", "-o", path, "cmd/test2json").Run()
})

func TestMain(m *testing.M) {
	code := m.Run()
	if path, err := test2json(); err == nil {
		_ = os.RemoveAll(filepath.Dir(path))
	}
	os.Exit(code)
}

// theirs is what Go's own tool makes of it.
func theirs(t testing.TB, name string, output []byte) said {
	t.Helper()
	path, err := test2json()
	if err != nil {
		t.Skipf("test2json cannot be built here: %v", err)
	}
	c := exec.Command(path)
	// A last report is told only when another line follows; a process that dies prints none.
	c.Stdin = io.MultiReader(bytes.NewReader(output), strings.NewReader("\n\x16=== NAME  \n"))
	events, err := c.Output()
	if err != nil {
		t.Fatal(err)
	}
	var s said
	for d := json.NewDecoder(bytes.NewReader(events)); d.More(); {
		var e struct{ Action, Test string }
		if err := d.Decode(&e); err != nil {
			t.Fatal(err)
		}
		if e.Test != name {
			continue
		}
		s.Ran = s.Ran || e.Action == "run"
		s.Passed = s.Passed || e.Action == "pass"
		s.Failed = s.Failed || e.Action == "fail"
		s.Skipped = s.Skipped || e.Action == "skip"
	}
	return s
}

// TestFramesAreReadAsGoReadsThem runs every test of a real binary and compares with Go's own tool, on the output as
// it is and with noise put in at random places between lines.
func TestFramesAreReadAsGoReadsThem(t *testing.T) {
	dir := t.TempDir()
	binary := filepath.Join(dir, "kinds.test")
	build := exec.Command("go", "test", "-c", "-o", binary, ".")
	build.Dir = "testdata/kinds"
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	list, err := exec.Command(binary, "-test.list", ".*").Output()
	if err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	names := strings.Fields(string(list))
	for _, name := range names {
		t.Run(name, func(t *testing.T) {
			output, err := exec.Command(binary, "-test.run", "^"+name+"$", "-test.v=test2json", "-test.paniconexit0").Output()
			var exit *exec.ExitError
			if err != nil && !errors.As(err, &exit) {
				t.Fatal(err)
			}
			for range 5 {
				if got, want := ours(name, output), theirs(t, name, output); got != want {
					t.Errorf("got %+v, want %+v of %q", got, want, output)
				}
				output = disturb(random, output)
			}
		})
	}
	if len(names) < 5 {
		t.Errorf("only %q", names)
	}
}

var noise = []string{"noise\n", "\n", "--- PASS: TestPasses (0.00s)\n", "=== RUN   TestFails\n", "PASS\n", "    --- FAIL: x (0.00s)\n"}

// disturb puts a line in after a line.
func disturb(r *rand.Rand, output []byte) []byte {
	lines := bytes.SplitAfter(output, []byte("\n"))
	at := 1 + r.IntN(len(lines))
	var all []byte
	for i, l := range lines {
		all = append(all, l...)
		if i+1 == at && len(l) > 0 {
			all = append(all, noise[r.IntN(len(noise))]...)
		}
	}
	return all
}

func FuzzFramesDoNotDependOnWhereOutputIsCut(f *testing.F) {
	f.Add([]byte("\x16=== RUN   TestA\nnoise\x16--- PASS: TestA (0.00s)\n"), 3, false)
	f.Add([]byte("--- PASS: TestA (0.00s)"), 1, true)
	f.Fuzz(func(t *testing.T, output []byte, cut int, unmarked bool) {
		whole := golang.Frames{Name: "TestA", Unmarked: unmarked}
		_, _ = whole.Write(output)
		whole.Close()
		parts := golang.Frames{Name: "TestA", Unmarked: unmarked}
		for rest := output; len(rest) > 0; {
			n := min(max(cut, 1), len(rest))
			_, _ = parts.Write(rest[:n])
			rest = rest[n:]
		}
		parts.Close()
		a := said{whole.Ran, whole.Passed, whole.Failed, whole.Skipped}
		b := said{parts.Ran, parts.Passed, parts.Failed, parts.Skipped}
		if a != b {
			t.Errorf("whole %+v, in parts %+v", a, b)
		}
		if !unmarked && a.Passed && !bytes.Contains(output, []byte("\x16--- PASS: TestA (")) {
			t.Error("a pass without its record")
		}
	})
}

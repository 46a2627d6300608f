package runner

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/podtest/podtest/internal/wire"
)

func TestArtifactsStayAndEmptyFoldersGo(t *testing.T) {
	root := artifacts(t.TempDir())
	w := work{
		Assignment: wire.Assignment{Ordinal: 7, Attempt: 2, Name: "a/../b::ü"}, binary: wire.Binary{ID: "unit::x/y"},
	}
	dir := root.make("run", w)
	if want := filepath.Join(string(root), "run", "unit__x_y", "a_.._b___-7", "2"); dir != want {
		t.Errorf("the folder is %s", dir)
	}
	if rel, err := filepath.Rel(string(root), dir); err != nil || !filepath.IsLocal(rel) {
		t.Errorf("%s is not below its root", dir)
	}
	root.clean(dir)
	if _, err := os.Stat(filepath.Dir(dir)); !os.IsNotExist(err) {
		t.Error("an empty folder stays")
	}
	dir = root.make("run", w)
	if err := os.WriteFile(filepath.Join(dir, "shot.png"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	root.clean(dir)
	if _, err := os.Stat(filepath.Join(dir, "shot.png")); err != nil {
		t.Error(err)
	}
}

func TestNamesOfFoldersAreSafe(t *testing.T) {
	cases := map[string]string{
		"":              "_",
		"..":            "_..",
		"a b/c":         "a_b_c",
		"Test-1_x.y":    "Test-1_x.y",
		"\x00\n":        "__",
		"ünï":           "_n_",
		"../../etc/pwd": ".._.._etc_pwd",
	}
	for text, want := range cases {
		if got := fileName(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func TestWithoutAVolumeThereAreNoArtifacts(t *testing.T) {
	if dir := artifacts("").make("run", work{}); dir != "" {
		t.Errorf("there is %s", dir)
	}
	if dir := artifacts("/proc/nowhere").make("run", work{}); dir != "" {
		t.Errorf("there is %s", dir)
	}
}

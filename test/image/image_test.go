// Package image_test builds podtest's image as a user would, with buildah and
// without a registry. The binaries are stand-ins: here it is the Dockerfile
// that is tested, not what it packs.
package image_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const tag = "podtest.local/podtest:test"

func TestPrebuiltBinariesMakeAnImageOnScratch(t *testing.T) {
	buildah := newBuildah(t)
	dir := buildContext(t)
	buildah.run("build", "--isolation", "chroot", "--target", "prebuilt", "--build-arg", "BASE=scratch", "--tag", tag, dir)

	var image struct {
		OCIv1 struct {
			Config struct {
				User       string
				Entrypoint []string
			} `json:"config"`
		}
	}
	if err := json.Unmarshal([]byte(buildah.run("inspect", "--type", "image", tag)), &image); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff("65532:65532", image.OCIv1.Config.User); diff != "" {
		t.Errorf("user (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/bin/manager"}, image.OCIv1.Config.Entrypoint); diff != "" {
		t.Errorf("entrypoint (-want +got):\n%s", diff)
	}

	container := buildah.run("from", tag)
	root := buildah.run("mount", container)
	if diff := cmp.Diff(standIns, files(t, root)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

type file struct {
	Content    string
	Executable bool
}

var standIns = map[string]file{
	"bin/manager": {Content: "the manager", Executable: true},
	"bin/agent":   {Content: "the agent", Executable: true},
	"bin/podtest": {Content: "the command line", Executable: true},
}

// buildContext is a copy of what the image is made from, with stand-ins in bin/,
// and with something beside them that must stay out.
func buildContext(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"Dockerfile", ".dockerignore"} {
		content, err := os.ReadFile(filepath.Join("..", "..", name))
		if err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, name), string(content), 0o644)
	}
	for name, want := range standIns {
		write(t, filepath.Join(dir, name), want.Content, 0o755)
	}
	write(t, filepath.Join(dir, "bin", "stray"), "not for the image", 0o755)
	return dir
}

func write(t *testing.T, path, content string, mode os.FileMode) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), mode); err != nil {
		t.Fatal(err)
	}
}

func files(t *testing.T, root string) map[string]file {
	t.Helper()
	found := map[string]file{}
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		content, err := os.ReadFile(path)
		found[name] = file{Content: string(content), Executable: info.Mode()&0o111 == 0o111}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

type buildah struct {
	t       *testing.T
	storage []string
}

// newBuildah keeps its images in a folder of this test, away from the user's.
func newBuildah(t *testing.T) buildah {
	t.Helper()
	if _, err := exec.LookPath("buildah"); err != nil {
		t.Skip("buildah is not installed")
	}
	if os.Getuid() != 0 {
		t.Skip("needs root: without it buildah mounts in a user namespace only")
	}
	dir := t.TempDir()
	return buildah{t: t, storage: []string{
		"--storage-driver", "vfs", "--root", filepath.Join(dir, "root"), "--runroot", filepath.Join(dir, "run"),
	}}
}

func (b buildah) run(args ...string) string {
	b.t.Helper()
	cmd := exec.CommandContext(b.t.Context(), "buildah", append(b.storage, args...)...)
	var errors strings.Builder
	cmd.Stderr = &errors
	out, err := cmd.Output()
	if err != nil {
		b.t.Fatalf("buildah %s: %v\n%s%s", strings.Join(args, " "), err, out, errors.String())
	}
	return strings.TrimSpace(string(out))
}

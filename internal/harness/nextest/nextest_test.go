package nextest_test

import (
	"archive/tar"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/podtest/podtest/internal/harness"
	"github.com/podtest/podtest/internal/harness/nextest"
	"github.com/podtest/podtest/internal/harness/nextest/archive"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

// The test binary is the agent when the harness starts it to unpack.
func init() {
	if len(os.Args) != 4 || os.Args[1] != nextest.Verb {
		return
	}
	if err := archive.Extract(os.Args[2], os.Args[3]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(3)
	}
	os.Exit(0)
}

// image is a folder that plays the root of an image with a build in it that was made below /build.
type image string

func newImage(t *testing.T) image {
	t.Helper()
	root := image(t.TempDir())
	for _, name := range []string{"debug/deps/alpha-1", "debug/deps/it-2", "debug/deps/my_tool-3", "debug/deps/mac-4"} {
		root.write(t, "target/"+name, "")
	}
	for _, name := range []string{"ws/alpha/Cargo.toml", "ws/crates/mac/Cargo.toml", "target/debug/build/sys-5/out/lib.so"} {
		root.write(t, name, "")
	}
	for _, name := range []string{"binaries.json", "cargo.json"} {
		text, err := os.ReadFile("testdata/" + name)
		must(t, err)
		root.write(t, name, string(text))
	}
	return root
}

func (i image) path(name string) string { return filepath.Join(string(i), name) }

func (i image) write(t *testing.T, name, text string) {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(i.path(name)), 0o755))
	must(t, os.WriteFile(i.path(name), []byte(text), 0o755))
}

func (i image) suite() wire.Suite {
	return wire.Suite{
		Name: "rs", Harness: "nextest", BinariesMetadata: i.path("binaries.json"), CargoMetadata: i.path("cargo.json"),
		WorkspaceRemap: i.path("ws"), TargetDirRemap: i.path("target"),
	}
}

// pack makes an archive of the target directory and the metadata.
func (i image) pack(t *testing.T) string {
	t.Helper()
	f, err := os.Create(i.path("tests.tar.zst"))
	must(t, err)
	z, err := zstd.NewWriter(f)
	must(t, err)
	w := tar.NewWriter(z)
	must(t, os.Rename(i.path("binaries.json"), mkdir(t, i.path(archive.BinariesMetadata))))
	must(t, os.Rename(i.path("cargo.json"), i.path(archive.CargoMetadata)))
	i.write(t, "target/nextest/libdirs/host/libstd.so", "")
	must(t, w.AddFS(os.DirFS(string(i))))
	must(t, w.Close())
	must(t, z.Close())
	must(t, f.Close())
	must(t, os.RemoveAll(i.path("target")))
	return f.Name()
}

func mkdir(t *testing.T, path string) string {
	t.Helper()
	must(t, os.MkdirAll(filepath.Dir(path), 0o755))
	return path
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func TestBinariesAreThoseOfTheMetadata(t *testing.T) {
	i := newImage(t)
	got, err := nextest.New().Find(i.suite())
	must(t, err)
	deps := i.path("target/debug/deps/")
	want := []wire.Binary{
		{Suite: "rs", ID: "alpha", Path: deps + "/alpha-1", Dir: i.path("ws/alpha"), Name: "alpha", Kind: "lib", Package: "alpha", Platform: "target"},
		{Suite: "rs", ID: "alpha::it", Path: deps + "/it-2", Dir: i.path("ws/alpha"), Name: "it", Kind: "test", Package: "alpha", Platform: "target"},
		{Suite: "rs", ID: "alpha::bin/my-tool", Path: deps + "/my_tool-3", Dir: i.path("ws/alpha"), Name: "my-tool", Kind: "bin", Package: "alpha", Platform: "target"},
		{Suite: "rs", ID: "alpha-macros", Path: deps + "/mac-4", Dir: i.path("ws/crates/mac"), Name: "alpha-macros", Kind: "proc-macro", Package: "alpha-macros", Platform: "host"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func attempt(t *testing.T, h harness.Harness, s wire.Suite, id string) harness.Command {
	t.Helper()
	target := harness.Target{Suite: s, Binary: wire.Binary{Suite: s.Name, ID: id, Path: "/where/another/pod/has/it"}}
	return h.Attempt(target, wire.Assignment{Name: "a::b"}).Command()
}

func TestTestsRunInTheEnvironmentOfNextest(t *testing.T) {
	t.Setenv("LD_LIBRARY_PATH", "/opt/lib")
	t.Setenv("LD_DEBUG_OUTPUT", "/x")
	i := newImage(t)
	got := attempt(t, nextest.New(), i.suite(), "alpha::it")
	target := i.path("target")
	libraries := strings.Join([]string{
		target + "/debug/build/sys-5/out", target + "/debug", target + "/debug/deps",
		"/rust/host/lib", "/rust/musl/lib", "/opt/lib",
	}, ":")
	want := harness.Command{
		Argv: []string{target + "/debug/deps/it-2", "a::b", "--exact", "--nocapture"},
		Dir:  i.path("ws/alpha"),
		Env: []string{
			"CARGO_BIN_EXE_my-tool=" + target + "/debug/my-tool",
			"CARGO_MANIFEST_DIR=" + i.path("ws/alpha"),
			"CARGO_PKG_AUTHORS=Ada <ada@example.com>:Bob", "CARGO_PKG_DESCRIPTION=Does things", "CARGO_PKG_HOMEPAGE=",
			"CARGO_PKG_LICENSE=MIT", "CARGO_PKG_LICENSE_FILE=", "CARGO_PKG_NAME=alpha",
			"CARGO_PKG_REPOSITORY=https://example.com/alpha", "CARGO_PKG_RUST_VERSION=1.70",
			"CARGO_PKG_VERSION=1.2.3-rc.1+build.7", "CARGO_PKG_VERSION_MAJOR=1", "CARGO_PKG_VERSION_MINOR=2",
			"CARGO_PKG_VERSION_PATCH=3", "CARGO_PKG_VERSION_PRE=rc.1",
			"FROM_BUILD=x",
			"LD_LIBRARY_PATH=" + libraries,
			"NEXTEST_BINARY_ID=alpha::it",
			"NEXTEST_BIN_EXE_my-tool=" + target + "/debug/my-tool", "NEXTEST_BIN_EXE_my_tool=" + target + "/debug/my-tool",
			"NEXTEST_LD_DEBUG_OUTPUT=/x", "NEXTEST_LD_LIBRARY_PATH=" + libraries,
			"NEXTEST_WORKSPACE_ROOT=" + i.path("ws"),
			"OUT_DIR=" + target + "/debug/build/alpha-6/out",
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestUnitTestsAreNotToldOfPrograms(t *testing.T) {
	for _, e := range attempt(t, nextest.New(), newImage(t).suite(), "alpha").Env {
		if strings.Contains(e, "BIN_EXE") {
			t.Errorf("got %s", e)
		}
	}
}

func TestListsAreAskedForInTheEnvironmentOfNextest(t *testing.T) {
	i := newImage(t)
	run := func(_ context.Context, c harness.Command, w io.Writer) (harness.Exit, error) {
		if c.Dir != i.path("ws/alpha") || !slices.Contains(c.Env, "CARGO_PKG_NAME=alpha") {
			t.Errorf("got %+v", c)
		}
		_, err := io.WriteString(w, "a: test\nb: benchmark\n")
		return harness.Exit{}, err
	}
	got, err := nextest.New().List(t.Context(), harness.Target{Suite: i.suite(), Binary: wire.Binary{ID: "alpha"}}, run)
	must(t, err)
	if diff := cmp.Diff([]harness.Test{{Name: "a", Ignored: true, Line: 1}}, got); diff != "" {
		t.Error(diff)
	}
}

func TestWithoutCargoMetadataTestsRunBesideTheirBinary(t *testing.T) {
	i := newImage(t)
	s := i.suite()
	s.CargoMetadata, s.WorkspaceRemap = "", ""
	h := nextest.New()
	found, err := h.Find(s)
	must(t, err)
	for _, b := range found {
		if b.Dir != i.path("target/debug/deps") || b.Package == "" {
			t.Errorf("got %+v", b)
		}
	}
	env := attempt(t, h, s, "alpha-macros").Env
	if !slices.Contains(env, "CARGO_PKG_NAME=alpha-macros") || !slices.Contains(env, "CARGO_PKG_VERSION=0.1.0") {
		t.Errorf("got %q", env)
	}
}

func TestAnArchiveIsUnpackedOnce(t *testing.T) {
	i := newImage(t)
	temp := t.TempDir()
	t.Setenv("TMPDIR", temp)
	h := nextest.New()
	a := wire.Suite{Name: "a", Archive: i.pack(t), WorkspaceRemap: i.path("ws")}
	b := a
	b.Name = "b"
	var all sync.WaitGroup
	for _, s := range []wire.Suite{a, b, a, b} {
		all.Go(func() {
			found, err := h.Find(s)
			if err != nil || len(found) != 4 || !strings.HasPrefix(found[0].Path, temp) {
				t.Errorf("got %v, %v", found, err)
			}
		})
	}
	all.Wait()
	folders, err := os.ReadDir(temp)
	must(t, err)
	if len(folders) != 1 {
		t.Fatalf("got %v", folders)
	}
	libdir := filepath.Join(temp, folders[0].Name(), "target/nextest/libdirs/host")
	if env := strings.Join(attempt(t, h, a, "alpha").Env, "\n"); !strings.Contains(env, libdir) || strings.Contains(env, "/rust/") {
		t.Errorf("got %s", env)
	}
}

func TestWhatIsMissingIsNamedWithWhatToDo(t *testing.T) {
	cases := map[string]struct {
		spoil func(*testing.T, image, *wire.Suite)
		want  []string
	}{
		"no metadata": {
			func(_ *testing.T, _ image, s *wire.Suite) { s.BinariesMetadata = "/no/such.json" },
			[]string{"/no/such.json: no such file in the image: make it with `cargo nextest list --list-type binaries-only"},
		},
		"broken metadata": {
			func(t *testing.T, i image, _ *wire.Suite) { i.write(t, "binaries.json", `{"rust-binaries": nope}`) },
			[]string{"/binaries.json: byte 20: invalid character 'o' in literal null"},
		},
		"metadata cut short": {
			func(t *testing.T, i image, _ *wire.Suite) { i.write(t, "cargo.json", `{"packages":[{"id":"x"}`) },
			[]string{"/cargo.json: byte 23: the file ends in the middle: make it with `cargo metadata --format-version 1`"},
		},
		"an empty file": {
			func(t *testing.T, i image, _ *wire.Suite) { i.write(t, "binaries.json", "") },
			[]string{"/binaries.json: byte 0: the file ends in the middle"},
		},
		"another type": {
			func(t *testing.T, i image, _ *wire.Suite) { i.write(t, "cargo.json", `{"packages":[{"id":7}]}`) },
			[]string{"/cargo.json: byte 21: json: cannot unmarshal number", ".id of type string"},
		},
		"more after the end": {
			func(t *testing.T, i image, _ *wire.Suite) { i.write(t, "cargo.json", `{"workspace_root":"/w"}{}`) },
			[]string{"/cargo.json: byte 24: { after the end"},
		},
		"too much metadata": {
			func(t *testing.T, i image, _ *wire.Suite) {
				i.write(t, "cargo.json", `{"a":1`+strings.Repeat(" ", 64<<20)+"}")
			},
			[]string{"/cargo.json: more than 64 MiB"},
		},
		"metadata of the full list": {
			func(t *testing.T, i image, _ *wire.Suite) { i.write(t, "binaries.json", `{"rust-suites":{}}`) },
			[]string{"there is no rust-binaries or no target-directory in it: make it with"},
		},
		"metadata of two builds": {
			func(t *testing.T, i image, _ *wire.Suite) {
				i.write(t, "cargo.json", `{"workspace_root":"/w","packages":[]}`)
			},
			[]string{"is not in the cargo metadata: both must be of one build"},
		},
		"no sources": {
			func(_ *testing.T, _ image, s *wire.Suite) { s.WorkspaceRemap = "/no/such/ws" },
			[]string{
				"package alpha: there is no folder /no/such/ws/alpha, in which its tests run: sources are not in the image: " +
					"copy them or set workspaceRemap",
				"package alpha-macros: there is no folder /no/such/ws/crates/mac",
			},
		},
		"no binaries": {
			func(_ *testing.T, _ image, s *wire.Suite) { s.TargetDirRemap = "" },
			[]string{
				"binary alpha: /build/target/debug/deps/alpha-1: no such file in the image: copy the target directory, or set targetDirRemap",
			},
		},
		"a binary that is not executable": {
			func(t *testing.T, i image, _ *wire.Suite) { must(t, os.Chmod(i.path("target/debug/deps/it-2"), 0o644)) },
			[]string{"binary alpha::it: ", "not an executable file"},
		},
		"a remap of unknown folders": {
			func(_ *testing.T, _ image, s *wire.Suite) { s.CargoMetadata = "" }, []string{"workspaceRemap needs cargoMetadata"},
		},
		"no archive": {
			func(_ *testing.T, _ image, s *wire.Suite) { s.Archive = "/no/such.tar.zst" },
			[]string{"unpacking /no/such.tar.zst: no such file in the image"},
		},
		"no archive of nextest": {
			func(_ *testing.T, i image, s *wire.Suite) { s.Archive = i.path("cargo.json") },
			[]string{"/cargo.json: not compressed with zstd"},
		},
		"no temporary folder": {
			func(t *testing.T, i image, s *wire.Suite) { s.Archive = i.pack(t); t.Setenv("TMPDIR", "/proc/none") },
			[]string{"there is no writable temporary folder to unpack ", "mount a volume (emptyDir) at /proc/none, or set TMPDIR"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			i := newImage(t)
			s := i.suite()
			c.spoil(t, i, &s)
			_, err := nextest.New().Find(s)
			if err == nil {
				t.Fatal("no error")
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %v, want %q", err, want)
				}
			}
			if left, _ := filepath.Glob(filepath.Join(os.TempDir(), "podtest-*")); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

func TestATestThatCannotBeStartedSaysWhy(t *testing.T) {
	a := nextest.New().Attempt(harness.Target{Suite: newImage(t).suite(), Binary: wire.Binary{ID: "gone"}}, wire.Assignment{})
	v, again := a.Judge(harness.Exit{Code: 3})
	if again || v.Outcome != outcome.Failed || v.Reason != outcome.NotStarted ||
		!strings.Contains(v.Why, "binary gone is not in the suite's metadata") {
		t.Errorf("got %+v, %v", v, again)
	}
}

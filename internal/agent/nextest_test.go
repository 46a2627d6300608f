package agent_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"github.com/podtest/podtest/internal/agent"
	"github.com/podtest/podtest/internal/agent/collectortest"
	"github.com/podtest/podtest/internal/harness/nextest"
	"github.com/podtest/podtest/internal/harness/nextest/archive"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

// The test binary is the agent when the harness starts it to unpack.
func init() {
	if len(os.Args) > 1 && os.Args[1] == nextest.Verb {
		os.Exit(agent.Unpack(os.Args[2:]))
	}
}

var nextestVerdicts = map[string]verdict{
	"alpha passes":                        {Outcome: outcome.Passed},
	"alpha fails":                         {Outcome: outcome.Failed, Reason: outcome.ExitCode, Code: 101},
	"alpha::it runs_the_tool":             {Outcome: outcome.Passed},
	"alpha::it reads_beside_its_manifest": {Outcome: outcome.Passed},
	"alpha::it knows_its_package":         {Outcome: outcome.Passed},
	"beta passes":                         {Outcome: outcome.Passed},
	"beta is_ignored":                     {Outcome: outcome.Passed},
}

func TestANextestArchiveIsListedAndRun(t *testing.T) {
	w := buildWorkspace(t)
	w.pack(t)
	sources := filepath.Join(t.TempDir(), "elsewhere")
	must(t, os.CopyFS(sources, os.DirFS("testdata/nextest")))
	must(t, os.RemoveAll(w.dir)) // nothing of the build is left
	runNextest(t, wire.Suite{Name: "rs", Harness: "nextest", Archive: w.archive, WorkspaceRemap: sources})
}

func TestNextestMetadataAreListedAndRunWhereTheTargetDirectoryWasMovedTo(t *testing.T) {
	w := buildWorkspace(t)
	target := filepath.Join(t.TempDir(), "moved")
	must(t, os.Rename(filepath.Join(w.dir, "target"), target))
	runNextest(t, wire.Suite{
		Name: "rs", Harness: "nextest", BinariesMetadata: w.binaries, CargoMetadata: w.cargo, TargetDirRemap: target,
	})
}

// runNextest lists the suite in one pod and runs it in another.
func runNextest(t *testing.T, suite wire.Suite) {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	listing := &collectortest.Collector{Config: wire.Config{Mode: "list", ListTimeoutMS: 60_000, Suites: []wire.Suite{suite}}}
	startPod(t, listing).end(t)
	catalog := listing.Parts()[0]
	if catalog.Error != "" {
		t.Fatal(catalog.Error)
	}
	var ids []string
	for _, b := range catalog.Binaries {
		ids = append(ids, strings.Join([]string{b.ID, b.Kind, b.Name, b.Package, b.Platform}, " "))
	}
	if diff := cmp.Diff([]string{
		"alpha lib alpha alpha target", "alpha::it test it alpha target", "alpha::bin/my-tool bin my-tool alpha target",
		"beta lib beta beta target",
	}, ids); diff != "" {
		t.Error(diff)
	}

	t.Setenv("TMPDIR", t.TempDir())
	lease := wire.Lease{Binaries: catalog.Binaries, Settings: []wire.TestSettings{{TotalAttempts: 1, GraceMS: 60_000, LeakMS: 60_000}}}
	var names []string
	for i, test := range catalog.Tests {
		names = append(names, catalog.Binaries[test.Binary].ID+" "+test.Name)
		lease.Attempts = append(lease.Attempts, wire.Assignment{
			Ordinal: uint32(i), Attempt: 1, Binary: test.Binary, Name: test.Name, Ignored: test.Ignored,
		})
	}
	running := &collectortest.Collector{
		Config: wire.Config{Mode: "run", Slots: 2, GraceMS: 60_000, Suites: []wire.Suite{suite}},
		Leases: []wire.Lease{lease},
	}
	startPod(t, running).end(t)
	got := map[string]verdict{}
	for i, v := range verdicts(running.Rows()) {
		got[names[i]] = v
	}
	if diff := cmp.Diff(nextestVerdicts, got); diff != "" {
		t.Errorf("%s\n%v", diff, running.Excerpts())
	}
}

// workspace is a Cargo workspace that has been built, and metadata of it in nextest's shape.
type workspace struct{ dir, binaries, cargo, archive string }

func buildWorkspace(t *testing.T) workspace {
	t.Helper()
	dir, meta := filepath.Join(t.TempDir(), "w"), t.TempDir()
	must(t, os.CopyFS(dir, os.DirFS("testdata/nextest")))
	target := filepath.Join(dir, "target")
	built := cargo(t, dir, "test", "--no-run", "--message-format", "json", "--target-dir", target)
	text, err := json.Marshal(binariesMetadata(t, target, built))
	must(t, err)
	w := workspace{
		dir: dir, binaries: filepath.Join(meta, "binaries.json"), cargo: filepath.Join(meta, "cargo.json"),
		archive: filepath.Join(meta, "tests.tar.zst"),
	}
	must(t, os.WriteFile(w.binaries, text, 0o600))
	must(t, os.WriteFile(w.cargo, cargo(t, dir, "metadata", "--format-version", "1"), 0o600))
	return w
}

func cargo(t *testing.T, dir string, args ...string) []byte {
	t.Helper()
	if _, err := exec.LookPath("cargo"); err != nil {
		t.Skipf("no Cargo here: %v", err)
	}
	var stderr bytes.Buffer
	c := exec.Command("cargo", append([]string{args[0], "--offline", "--locked"}, args[1:]...)...)
	c.Dir, c.Stderr = dir, &stderr
	out, err := c.Output()
	if err != nil {
		t.Fatalf("cargo %s: %v\n%s", args[0], err, stderr.Bytes())
	}
	return out
}

type object = map[string]any

// binariesMetadata makes of what `cargo test` prints what `cargo nextest list --list-type binaries-only` would print.
func binariesMetadata(t *testing.T, target string, built []byte) object {
	t.Helper()
	binaries, programs := object{}, map[string][]object{}
	for line := range bytes.Lines(built) {
		var m struct {
			Package    string `json:"package_id"`
			Executable string
			Target     struct {
				Name string
				Kind []string
			}
			Profile struct{ Test bool }
		}
		must(t, json.Unmarshal(line, &m))
		if m.Executable == "" {
			continue
		}
		kind, name := m.Target.Kind[0], m.Target.Name
		if !m.Profile.Test {
			programs[m.Package] = append(programs[m.Package], object{
				"name": name, "kind": "bin-exe", "path": strings.TrimPrefix(m.Executable, target+"/"), "build-platform": "target",
			})
			continue
		}
		pkg := "beta"
		if strings.Contains(m.Package, "alpha") {
			pkg = "alpha"
		}
		id := map[string]string{"lib": pkg, "test": pkg + "::" + name, "bin": pkg + "::bin/" + name}[kind]
		binaries[id] = object{
			"binary-id": id, "binary-name": name, "package-id": m.Package, "kind": kind,
			"binary-path": m.Executable, "build-platform": "target",
		}
	}
	return object{
		"rust-build-meta": object{
			"target-directory": target, "build-directory": target, "base-output-directories": []string{"debug"},
			"non-test-binaries": programs, "linked-paths": []string{},
		},
		"rust-binaries": binaries,
	}
}

// pack makes the archive that `cargo nextest archive` would make.
func (w workspace) pack(t *testing.T) {
	t.Helper()
	f, err := os.Create(w.archive)
	must(t, err)
	z, err := zstd.NewWriter(f)
	must(t, err)
	to := tar.NewWriter(z)
	add := func(path, name string) {
		text, err := os.ReadFile(path)
		must(t, err)
		must(t, to.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Size: int64(len(text)), Mode: 0o755}))
		_, err = to.Write(text)
		must(t, err)
	}
	add(w.binaries, archive.BinariesMetadata)
	add(w.cargo, archive.CargoMetadata)
	must(t, filepath.WalkDir(filepath.Join(w.dir, "target", "debug"), func(path string, e fs.DirEntry, err error) error {
		name, _ := filepath.Rel(w.dir, path)
		if err == nil && e.Type().IsRegular() && !strings.Contains(name, "incremental") {
			add(path, name)
		}
		return err
	}))
	must(t, to.Close())
	must(t, z.Close())
	must(t, f.Close())
}

package nextest

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// environment is what tests are given beside what the runner gives to all.
type environment map[string]string

func (e environment) list() []string {
	list := make([]string, 0, len(e))
	for _, name := range slices.Sorted(maps.Keys(e)) {
		list = append(list, name+"="+e[name])
	}
	return list
}

// ofScript is what the package's build script has left, first: whatever else is set has precedence.
func (e environment) ofScript(id string, build buildMeta, l layout) {
	dir, has := build.OutDirs[id]
	if !has {
		return
	}
	e["OUT_DIR"] = filepath.Join(l.buildDir(), dir)
	maps.Copy(e, build.ScriptInfo[id].Envs)
}

func (e environment) ofPackage(p cargoPackage, dir string) {
	e["CARGO_PKG_NAME"] = p.Name
	e.ofVersion(p.Version)
	if dir == "" {
		return // there is no cargo metadata: more is not known
	}
	e["CARGO_MANIFEST_DIR"] = dir
	e["CARGO_PKG_AUTHORS"] = strings.Join(p.Authors, ":")
	e["CARGO_PKG_DESCRIPTION"] = p.Description
	e["CARGO_PKG_HOMEPAGE"] = p.Homepage
	e["CARGO_PKG_REPOSITORY"] = p.Repository
	e["CARGO_PKG_LICENSE"] = p.License
	e["CARGO_PKG_LICENSE_FILE"] = p.LicenseFile
	e["CARGO_PKG_RUST_VERSION"] = p.RustVersion
}

func (e environment) ofVersion(version string) {
	release, _, _ := strings.Cut(version, "+")
	numbers, pre, _ := strings.Cut(release, "-")
	parts := append(strings.SplitN(numbers, ".", 3), "", "", "")
	e["CARGO_PKG_VERSION"] = version
	e["CARGO_PKG_VERSION_MAJOR"], e["CARGO_PKG_VERSION_MINOR"] = parts[0], parts[1]
	e["CARGO_PKG_VERSION_PATCH"], e["CARGO_PKG_VERSION_PRE"] = parts[2], pre
}

// ofPrograms names the package's programs. As with nextest and Cargo only integration tests and benchmarks have them.
func (e environment) ofPrograms(b rustBinary, build buildMeta, l layout) {
	if b.Kind != "test" && b.Kind != "bench" {
		return
	}
	for _, program := range build.NonTest[b.Package] {
		if program.Kind != "bin-exe" {
			continue
		}
		path := filepath.Join(l.targetDir, program.Path)
		e["CARGO_BIN_EXE_"+program.Name] = path
		e["NEXTEST_BIN_EXE_"+program.Name] = path
		e["NEXTEST_BIN_EXE_"+strings.ReplaceAll(program.Name, "-", "_")] = path
	}
}

const libraryPath = "LD_LIBRARY_PATH"

// ofLibraries sets the path of dynamic libraries, in Cargo's order, and keeps a copy of the linker's variables under
// nextest's names: some programs drop those.
func (e environment) ofLibraries(build buildMeta, l layout) {
	for _, entry := range os.Environ() {
		if name, value, _ := strings.Cut(entry, "="); strings.HasPrefix(name, "LD_") {
			e["NEXTEST_"+name] = value
		}
	}
	var dirs []string
	for _, linked := range build.LinkedPaths {
		dirs = append(dirs, existing(filepath.Join(l.buildDir(), linked))...)
	}
	for _, base := range build.BaseOutputs {
		dirs = append(dirs, filepath.Join(l.targetDir, base), filepath.Join(l.buildDir(), base, "deps"))
	}
	dirs = append(dirs, l.libdirs(build)...)
	dirs = append(dirs, filepath.SplitList(os.Getenv(libraryPath))...)
	path := strings.Join(unique(dirs), string(filepath.ListSeparator))
	e[libraryPath], e["NEXTEST_"+libraryPath] = path, path
}

func unique(dirs []string) []string {
	var kept []string
	for _, d := range dirs {
		if d != "" && !slices.Contains(kept, d) {
			kept = append(kept, d)
		}
	}
	return kept
}

func existing(paths ...string) []string {
	return slices.DeleteFunc(paths, func(p string) bool {
		_, err := os.Stat(p)
		return err != nil
	})
}

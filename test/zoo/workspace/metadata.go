package workspace

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
)

// The two files of metadata are where an archive has them, below the folder of the target directory.
const (
	BinariesMetadata = "target/nextest/binaries-metadata.json"
	CargoMetadata    = "target/nextest/cargo-metadata.json"

	archivedMetadata = "target/nextest/archived-metadata.json" // an archive has it as BinariesMetadata
)

type object = map[string]any

// describe writes what `cargo nextest list --list-type binaries-only --message-format json` and `cargo metadata` print,
// and the former as it is in an archive.
func (w *Workspace) describe() error {
	build, err := w.buildMeta()
	if err != nil {
		return err
	}
	// Newer versions of nextest tell the build directory, but not in archives.
	listed := maps.Clone(build)
	listed["build-directory"] = w.Target()
	cargo, err := output(w.dir, "cargo", "metadata", "--format-version=1", "--locked", "--offline")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(w.Target(), "nextest"), 0o755); err != nil {
		return err
	}
	for name, build := range map[string]object{BinariesMetadata: listed, archivedMetadata: build} {
		if err := w.write(name, object{"rust-build-meta": build, "rust-binaries": w.binariesByID()}); err != nil {
			return err
		}
	}
	return w.write(CargoMetadata, json.RawMessage(cargo))
}

func (w *Workspace) buildMeta() (object, error) {
	host, err := platform()
	if err != nil {
		return nil, err
	}
	libdir, err := output("", "rustc", "--print", "target-libdir")
	if err != nil {
		return nil, err
	}
	platform := object{
		"platform": object{"triple": host, "target-features": "unknown"},
		"libdir":   object{"status": "available", "path": libdir},
	}
	return object{
		"target-directory": w.Target(), "base-output-directories": []string{host + "/debug"},
		"non-test-binaries": w.programs, "build-script-out-dirs": object{}, "build-script-info": object{},
		"linked-paths": []string{}, "platforms": object{"host": platform, "targets": []object{platform}},
	}, nil
}

func (w *Workspace) binariesByID() map[string]Binary {
	binaries := map[string]Binary{}
	for _, b := range w.Binaries {
		binaries[b.ID] = b
	}
	return binaries
}

func (w *Workspace) write(name string, value any) error {
	text, err := json.Marshal(value)
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(w.dir, name), text, 0o644)
}

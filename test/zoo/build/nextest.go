package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// nextestWorkspace adds a Cargo workspace of ours the two ways cargo-nextest can hand it over: an archive, and the
// metadata of a target directory. Both name the places of the build, which are not in the image: as with tests that
// are built on another machine, remaps tell where things are.
func nextestWorkspace(name string) part {
	return func(img *image) error {
		w := workspace{dir: img.root + ".workspace"}
		defer func() { _ = os.RemoveAll(w.dir) }()
		if err := w.build(filepath.Join(img.zoo, name)); err != nil {
			return err
		}
		to := path.Join("/tests", name)
		if err := copyTree(filepath.Join(img.zoo, name), img.path(path.Join(to, "src"))); err != nil {
			return err
		}
		files := w.files()
		for at, from := range files {
			if err := copyFile(from, img.path(path.Join(to, at))); err != nil {
				return err
			}
		}
		for _, b := range w.binaries {
			img.addBinary(b.inImage(w.target(), to))
		}
		return pack(img.path(path.Join(to, "tests.tar.zst")), files)
	}
}

// A workspace is being built, in a copy of its sources.
type workspace struct {
	dir, host string
	binaries  []testBinary
	programs  map[string][]program // by package id
}

// The two files of metadata are where an archive has them.
const (
	binariesMetadata = "target/nextest/binaries-metadata.json"
	cargoMetadata    = "target/nextest/cargo-metadata.json"
)

// testBinary and program are as in nextest's metadata.
type testBinary struct {
	ID       string `json:"binary-id"`
	Name     string `json:"binary-name"`
	Package  string `json:"package-id"`
	Kind     string `json:"kind"`
	Path     string `json:"binary-path"`
	Platform string `json:"build-platform"`
}

type program struct {
	Name     string `json:"name"`
	Kind     string `json:"kind"`
	Path     string `json:"path"`
	Platform string `json:"build-platform"`
}

func (w *workspace) target() string { return filepath.Join(w.dir, "target") }

func (w *workspace) build(sources string) error {
	err := copyTree(sources, w.dir)
	if err == nil {
		w.host, err = output("", "rustc", "--print", "host-tuple")
	}
	if err != nil {
		return err
	}
	messages, err := cargoTest(w.dir, w.host, w.target(), "--locked")
	if err != nil {
		return err
	}
	w.programs = map[string][]program{}
	for line := range strings.Lines(messages) {
		if err := w.built(line); err != nil {
			return err
		}
	}
	return w.describe()
}

// built takes one message of cargo.
func (w *workspace) built(message string) error {
	var m struct {
		Package    string `json:"package_id"`
		Manifest   string `json:"manifest_path"`
		Executable string
		Target     struct {
			Name string
			Kind []string
		}
		Profile struct{ Test bool }
	}
	if err := json.Unmarshal([]byte(message), &m); err != nil {
		return fmt.Errorf("reading cargo's messages: %w", err)
	}
	if m.Executable == "" {
		return nil
	}
	kind := m.Target.Kind[0]
	switch {
	case m.Profile.Test:
		w.binaries = append(w.binaries, testBinary{
			// All packages here are in folders of their name.
			ID: binaryID(filepath.Base(filepath.Dir(m.Manifest)), kind, m.Target.Name), Name: m.Target.Name,
			Package: m.Package, Kind: kind, Path: m.Executable, Platform: "target",
		})
	case kind == "bin":
		w.programs[m.Package] = append(w.programs[m.Package], program{
			Name: m.Target.Name, Kind: "bin-exe", Path: strings.TrimPrefix(m.Executable, w.target()+"/"), Platform: "target",
		})
	}
	return nil
}

// binaryID is nextest's: https://nexte.st/docs/glossary/#binary-id
func binaryID(pkg, kind, name string) string {
	switch kind {
	case "lib":
		return pkg
	case "test":
		return pkg + "::" + name
	}
	return pkg + "::" + kind + "/" + name
}

// describe writes what `cargo nextest list --list-type binaries-only --message-format json` and `cargo metadata` print.
func (w *workspace) describe() error {
	type object = map[string]any
	binaries := object{}
	for _, b := range w.binaries {
		binaries[b.ID] = b
	}
	libdir, err := output("", "rustc", "--print", "target-libdir")
	if err != nil {
		return err
	}
	platform := object{
		"platform": object{"triple": w.host, "target-features": "unknown"},
		"libdir":   object{"status": "available", "path": libdir},
	}
	text, err := json.Marshal(object{
		"rust-build-meta": object{
			"target-directory": w.target(), "base-output-directories": []string{w.host + "/debug"},
			"non-test-binaries": w.programs, "build-script-out-dirs": object{}, "build-script-info": object{},
			"linked-paths": []string{}, "platforms": object{"host": platform, "targets": []object{platform}},
		},
		"rust-binaries": binaries,
	})
	if err != nil {
		return err
	}
	cargo, err := output(w.dir, "cargo", "metadata", "--format-version=1", "--locked", "--offline")
	if err != nil {
		return err
	}
	return writeFiles(w.dir, map[string]string{binariesMetadata: string(text), cargoMetadata: cargo})
}

// files are what nextest puts into an archive, by their names there. It would add Rust's own libraries, which static
// binaries do not need.
func (w *workspace) files() map[string]string {
	files := map[string]string{}
	add := func(name string) { files[name] = filepath.Join(w.dir, name) }
	add(binariesMetadata)
	add(cargoMetadata)
	for _, b := range w.binaries {
		add(strings.TrimPrefix(b.Path, w.dir+"/"))
	}
	for _, programs := range w.programs {
		for _, p := range programs {
			add(path.Join("target", p.Path))
		}
	}
	return files
}

// inImage is the binary for the list beside the image.
func (b testBinary) inImage(target, to string) binary {
	pkg, _, _ := strings.Cut(b.ID, "::")
	return binary{
		ID: b.ID, Harness: "libtest", Cwd: path.Join(to, "src", pkg),
		Path: path.Join(to, "target", strings.TrimPrefix(b.Path, target)),
	}
}

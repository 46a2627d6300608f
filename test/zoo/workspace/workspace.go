// Package workspace builds a Cargo workspace and hands it over the two ways that cargo-nextest does: an archive, and
// the metadata of a target directory. It takes Cargo, not cargo-nextest, and shares no code with what reads them.
package workspace

import (
	"os"
	"path/filepath"
	"strings"
)

// A Workspace has been built, in a copy of its sources.
type Workspace struct {
	Binaries []Binary // those with tests

	dir      string
	programs map[string][]program // by package id
}

// Binary and program are as in nextest's metadata.
type Binary struct {
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

// Build copies sources to dir, which has none of them yet, and builds and describes all tests there.
func Build(sources, dir string) (*Workspace, error) {
	if err := os.CopyFS(dir, os.DirFS(sources)); err != nil {
		return nil, err
	}
	w := &Workspace{dir: dir, programs: map[string][]program{}}
	built, err := Compile(dir, w.Target(), "--locked", "--offline")
	if err != nil {
		return nil, err
	}
	for _, e := range built {
		w.add(e)
	}
	return w, w.describe()
}

// Target is the target directory.
func (w *Workspace) Target() string { return filepath.Join(w.dir, "target") }

func (w *Workspace) add(e Executable) {
	kind, name := e.Target.Kind[0], e.Target.Name
	switch {
	case e.Profile.Test:
		w.Binaries = append(w.Binaries, Binary{
			// All packages here are in folders of their name.
			ID: binaryID(filepath.Base(filepath.Dir(e.Manifest)), kind, name), Name: name,
			Package: e.Package, Kind: kind, Path: e.Path, Platform: "target",
		})
	case kind == "bin":
		w.programs[e.Package] = append(w.programs[e.Package], program{
			Name: name, Kind: "bin-exe", Path: strings.TrimPrefix(e.Path, w.Target()+"/"), Platform: "target",
		})
	}
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

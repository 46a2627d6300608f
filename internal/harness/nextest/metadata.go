package nextest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
)

// maxMetadata bounds a metadata file, in bytes.
const maxMetadata = 64 << 20

// binariesMetadata is what `cargo nextest list --list-type binaries-only --message-format json` prints, the part of it
// that is needed.
type binariesMetadata struct {
	Build    buildMeta             `json:"rust-build-meta"`
	Binaries map[string]rustBinary `json:"rust-binaries"`
}

type buildMeta struct {
	TargetDirectory string                     `json:"target-directory"`
	BuildDirectory  string                     `json:"build-directory"` // of newer versions; not in archives
	BaseOutputs     []string                   `json:"base-output-directories"`
	NonTest         map[string][]nonTestBinary `json:"non-test-binaries"`     // by package id
	OutDirs         map[string]string          `json:"build-script-out-dirs"` // by package id
	ScriptInfo      map[string]scriptInfo      `json:"build-script-info"`     // by package id
	LinkedPaths     []string                   `json:"linked-paths"`
	Platforms       struct {
		Host    platform   `json:"host"`
		Targets []platform `json:"targets"`
	} `json:"platforms"`
}

type rustBinary struct {
	ID       string `json:"binary-id"`
	Name     string `json:"binary-name"`
	Package  string `json:"package-id"`
	Kind     string `json:"kind"`
	Path     string `json:"binary-path"`
	Platform string `json:"build-platform"`
}

type nonTestBinary struct {
	Name string `json:"name"`
	Kind string `json:"kind"`
	Path string `json:"path"` // below the target directory
}

type scriptInfo struct {
	Envs map[string]string `json:"envs"`
}

type platform struct {
	Libdir struct {
		Path string `json:"path"` // empty: not available
	} `json:"libdir"`
}

// cargoMetadata is what `cargo metadata --format-version 1` prints, of the packages only those that have tests.
type cargoMetadata struct {
	WorkspaceRoot string
	Packages      map[string]cargoPackage // by id
}

type cargoPackage struct {
	ID           string   `json:"id"`
	Name         string   `json:"name"`
	Version      string   `json:"version"`
	Authors      []string `json:"authors"`
	Description  string   `json:"description"`
	Homepage     string   `json:"homepage"`
	Repository   string   `json:"repository"`
	License      string   `json:"license"`
	LicenseFile  string   `json:"license_file"`
	RustVersion  string   `json:"rust_version"`
	ManifestPath string   `json:"manifest_path"`
}

func readBinaries(path string) (*binariesMetadata, error) {
	const made = "make it with `cargo nextest list --list-type binaries-only --message-format json`"
	var m binariesMetadata
	err := readJSON(path, made, func(d *json.Decoder) error { return d.Decode(&m) })
	if err != nil {
		return nil, err
	}
	if m.Binaries == nil || m.Build.TargetDirectory == "" {
		return nil, fmt.Errorf("%s: there is no rust-binaries or no target-directory in it: %s", path, made)
	}
	return &m, nil
}

// readCargo keeps the wanted packages only: those of a workspace's dependencies may be many times more, and what is
// read stays in the runner's memory.
func readCargo(path string, wanted map[string]bool) (*cargoMetadata, error) {
	const made = "make it with `cargo metadata --format-version 1`"
	m := cargoMetadata{Packages: map[string]cargoPackage{}}
	err := readJSON(path, made, func(d *json.Decoder) error { return m.read(d, wanted) })
	if err != nil {
		return nil, err
	}
	if m.WorkspaceRoot == "" {
		return nil, fmt.Errorf("%s: there is no workspace_root in it: %s", path, made)
	}
	return &m, nil
}

func (m *cargoMetadata) read(d *json.Decoder, wanted map[string]bool) error {
	if err := expect(d, '{'); err != nil {
		return err
	}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return err
		}
		switch key {
		case "workspace_root":
			err = d.Decode(&m.WorkspaceRoot)
		case "packages":
			err = m.readPackages(d, wanted)
		default:
			err = skip(d)
		}
		if err != nil {
			return err
		}
	}
	return expect(d, '}')
}

func (m *cargoMetadata) readPackages(d *json.Decoder, wanted map[string]bool) error {
	if err := expect(d, '['); err != nil {
		return err
	}
	for d.More() {
		var p cargoPackage
		if err := d.Decode(&p); err != nil {
			return err
		}
		if wanted[p.ID] {
			m.Packages[p.ID] = p
		}
	}
	return expect(d, ']')
}

func expect(d *json.Decoder, want json.Delim) error {
	t, err := d.Token()
	if err == nil && t != want {
		return fmt.Errorf("%v where %q should be", t, want.String())
	}
	return err
}

// skip reads over one value of any size.
func skip(d *json.Decoder) error {
	for depth := 0; ; {
		t, err := d.Token()
		if err != nil {
			return err
		}
		switch t {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth == 0 {
			return nil
		}
	}
}

// readJSON opens a file for read; an error names the file, the place and how such a file is made.
func readJSON(path, made string, read func(*json.Decoder) error) error {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s: no such file in the image: %s, and copy it there", path, made)
	}
	if err != nil {
		return err
	}
	defer func() { _ = f.Close() }()
	limited := &io.LimitedReader{R: f, N: maxMetadata + 1}
	d := json.NewDecoder(limited)
	err = read(d)
	if err == nil {
		err = nothingMore(d)
	}
	switch {
	case limited.N <= 0:
		return fmt.Errorf("%s: more than %d MiB", path, maxMetadata>>20)
	case err != nil:
		return fmt.Errorf("%s: byte %d: %w: %s", path, offset(d, err), plainEnd(err), made)
	}
	return nil
}

func nothingMore(d *json.Decoder) error {
	if t, err := d.Token(); err == nil {
		return fmt.Errorf("%v after the end", t)
	} else if !errors.Is(err, io.EOF) {
		return err
	}
	return nil
}

func offset(d *json.Decoder, err error) int64 {
	if s, ok := errors.AsType[*json.SyntaxError](err); ok {
		return s.Offset
	}
	return d.InputOffset()
}

func plainEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("the file ends in the middle")
	}
	return err
}

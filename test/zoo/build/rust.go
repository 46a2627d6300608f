package main

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"

	"github.com/podtest/podtest/test/zoo/workspace"
)

// crate adds the test binaries of a crate from the registry: `cargo vendor` is how its sources are had.
func crate(name, version string) part {
	return func(img *image) error {
		scratch, err := os.MkdirTemp("", "zoo-crate-")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(scratch) }()
		wanted := fmt.Sprintf("[package]\nname = \"zoo\"\nversion = \"0.0.0\"\n[lib]\npath = \"lib.rs\"\n"+
			"[dependencies]\n%s = { version = \"=%s\", default-features = false }\n", name, version)
		err = errors.Join(
			os.WriteFile(filepath.Join(scratch, "Cargo.toml"), []byte(wanted), 0o644),
			os.WriteFile(filepath.Join(scratch, "lib.rs"), nil, 0o644))
		if err != nil {
			return err
		}
		if _, err := output(scratch, "cargo", "vendor", "--quiet"); err != nil {
			return err
		}
		return addRust(img, filepath.Join(scratch, "vendor", name), path.Join("/tests/rust", name))
	}
}

// crateFolder adds the test binaries of a crate of ours.
func crateFolder(name string) part {
	return func(img *image) error {
		return addRust(img, filepath.Join(img.zoo, name), path.Join("/tests/rust", name))
	}
}

func addRust(img *image, from, to string) error {
	if err := copyTree(from, img.path(to)); err != nil {
		return err
	}
	target := img.root + ".target"
	defer func() { _ = os.RemoveAll(target) }()
	built, err := workspace.Compile(img.path(to), target, "--tests")
	if err != nil {
		return err
	}
	for _, e := range built {
		if !e.Profile.Test {
			continue
		}
		name := e.Target.Name
		binaryPath := path.Join(to, "bin", name)
		img.addBinary(binary{ID: path.Join(path.Base(to), name), Harness: "libtest", Path: binaryPath, Cwd: to})
		if err := copyFile(e.Path, img.path(binaryPath)); err != nil {
			return err
		}
	}
	return nil
}

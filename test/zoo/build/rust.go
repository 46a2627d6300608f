package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
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
	host, err := output("", "rustc", "--print", "host-tuple")
	if err != nil {
		return err
	}
	target := img.root + ".target"
	defer func() { _ = os.RemoveAll(target) }()
	messages, err := cargoTest(img.path(to), host, target, "--tests")
	if err != nil {
		return err
	}
	for line := range strings.Lines(messages) {
		if err := img.placeRust(line, to); err != nil {
			return err
		}
	}
	return nil
}

// cargoTest builds the tests in dir and returns cargo's messages. Binaries are static even with glibc, so the image
// needs no libraries. A named target keeps build scripts out of this.
func cargoTest(dir, host, target string, more ...string) (string, error) {
	return output(dir, append([]string{
		"cargo", "test", "--no-run", "--quiet", "--message-format=json", "--target=" + host, "--target-dir=" + target,
		"--config=build.rustflags=['-Ctarget-feature=+crt-static']",
	}, more...)...)
}

// placeRust takes one message of cargo; only those about a test binary matter.
func (img *image) placeRust(message, to string) error {
	var built struct {
		Executable string
		Target     struct{ Name string }
		Profile    struct{ Test bool }
	}
	if err := json.Unmarshal([]byte(message), &built); err != nil {
		return fmt.Errorf("reading cargo's messages: %w", err)
	}
	if !built.Profile.Test || built.Executable == "" {
		return nil
	}
	name := built.Target.Name
	binaryPath := path.Join(to, "bin", name)
	img.addBinary(binary{ID: path.Join(path.Base(to), name), Harness: "libtest", Path: binaryPath, Cwd: to})
	return copyFile(built.Executable, img.path(binaryPath))
}

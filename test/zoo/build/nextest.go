package main

import (
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/podtest/podtest/test/zoo/workspace"
)

// nextestWorkspace adds a Cargo workspace of ours the two ways cargo-nextest can hand it over: an archive, and the
// metadata of a target directory. Both name the places of the build, which are not in the image: as with tests that
// are built on another machine, remaps tell where things are.
func nextestWorkspace(name string) part {
	return func(img *image) error {
		sources, dir := filepath.Join(img.zoo, name), img.root+".workspace"
		if err := os.RemoveAll(dir); err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(dir) }()
		w, err := workspace.Build(sources, dir)
		if err != nil {
			return err
		}
		to := path.Join("/tests", name)
		if err := copyTree(sources, img.path(path.Join(to, "src"))); err != nil {
			return err
		}
		for at, from := range w.Files() {
			if err := copyFile(from, img.path(path.Join(to, at))); err != nil {
				return err
			}
		}
		for _, b := range w.Binaries {
			img.addBinary(inImage(b, w.Target(), to))
		}
		return w.Pack(img.path(path.Join(to, "tests.tar.zst")))
	}
}

// inImage is the binary for the list beside the image.
func inImage(b workspace.Binary, target, to string) binary {
	pkg, _, _ := strings.Cut(b.ID, "::")
	return binary{
		ID: b.ID, Harness: "libtest", Cwd: path.Join(to, "src", pkg),
		Path: path.Join(to, "target", strings.TrimPrefix(b.Path, target)),
	}
}

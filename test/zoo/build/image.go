package main

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// An image is a root file system in the making.
type image struct {
	zoo      string // our sources
	root     string // where the image's / is
	manifest manifest
}

func (img *image) path(inImage string) string { return filepath.Join(img.root, inImage) }

func (img *image) addBinary(b binary) { img.manifest.Binaries = append(img.manifest.Binaries, b) }

// addSkeleton adds what programs expect of any system: a user, a host name, a place for temporary files.
func (img *image) addSkeleton() error {
	for _, dir := range []string{"dev", "etc", "proc", "root", "src", "sys", "tests", "tmp"} {
		if err := os.MkdirAll(img.path(dir), 0o755); err != nil {
			return err
		}
	}
	files := map[string]string{
		"etc/passwd":        "root:x:0:0:root:/root:/sbin/nologin\nnobody:x:65534:65534:nobody:/:/sbin/nologin\n",
		"etc/group":         "root:x:0:\nnogroup:x:65534:\n",
		"etc/hosts":         "127.0.0.1 localhost\n::1 localhost\n",
		"etc/nsswitch.conf": "hosts: files dns\n",
	}
	for name, text := range files {
		if err := os.WriteFile(img.path(name), []byte(text), 0o644); err != nil {
			return err
		}
	}
	return os.Chmod(img.path("tmp"), 0o777|fs.ModeSticky)
}

// copyTree copies files, not links, and makes them writable: the module cache is read-only.
func copyTree(from, to string) error {
	return filepath.WalkDir(from, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		target := filepath.Join(to, strings.TrimPrefix(path, from))
		switch {
		case d.IsDir():
			return os.MkdirAll(target, 0o755)
		case d.Type().IsRegular():
			return copyFile(path, target)
		}
		return nil
	})
}

func copyFile(from, to string) error {
	info, err := os.Stat(from)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	return os.WriteFile(to, data, info.Mode().Perm()|0o200)
}

// output runs a command in dir and returns what it printed.
func output(dir string, argv ...string) (string, error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), buildEnv...)
	cmd.Stderr = new(strings.Builder)
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, cmd.Stderr)
	}
	return strings.TrimSpace(string(out)), err
}

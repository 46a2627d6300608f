package main

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// zooDir finds our sources from any working directory inside podtest's module.
func zooDir() (string, error) {
	gomod, err := output("", "go", "env", "GOMOD")
	if err != nil {
		return "", err
	}
	zoo := filepath.Join(filepath.Dir(gomod), "test", "zoo")
	if _, err := os.Stat(filepath.Join(zoo, "evil", "go.mod")); err != nil {
		return "", errors.New("run this inside podtest's source tree")
	}
	return zoo, nil
}

// keyOf names all that goes into a set: our sources (module versions among them) and the compilers.
func keyOf(zoo, set string) (string, error) {
	hash := sha256.New()
	fmt.Fprintln(hash, set)
	for _, compiler := range []string{"go version", "rustc --version", "cc --version"} {
		version, err := output("", strings.Fields(compiler)...)
		fmt.Fprintln(hash, version, err != nil)
	}
	for _, folder := range []string{"build", "evil", "evil-rust", "nextest", "noop", "workspace"} {
		err := filepath.WalkDir(filepath.Join(zoo, folder), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(path)
			fmt.Fprintf(hash, "%s %d\n%s", strings.TrimPrefix(path, zoo), len(data), data)
			return err
		})
		if err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%x", hash.Sum(nil)[:16]), nil
}

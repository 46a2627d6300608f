// Build makes a root file system full of real test binaries: `go run ./test/zoo/build OUT SET`. Beside the root
// it writes OUT.json, the list of the binaries in it. A root that is up to date is left alone. It compiles
// everything and has no verdicts: those are the oracle's.
package main

import (
	"errors"
	"fmt"
	"log"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) != 3 || sets[os.Args[2]] == nil {
		names := slices.Sorted(maps.Keys(sets))
		log.Fatalf("usage: build OUT %s", strings.Join(names, "|"))
	}
	out, err := filepath.Abs(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	if err := build(out, os.Args[2]); err != nil {
		log.Fatalf("building %s: %v", os.Args[2], err)
	}
}

func build(out, set string) error {
	zoo, err := zooDir()
	if err != nil {
		return err
	}
	key, err := keyOf(zoo, set)
	if err != nil {
		return fmt.Errorf("computing the key: %w", err)
	}
	old, err := readManifest(out)
	if err == nil && old.Key == key {
		log.Printf("%s: up to date, %d binaries", set, len(old.Binaries))
		return nil
	}
	if _, statErr := os.Stat(out); statErr == nil && err != nil {
		return fmt.Errorf("%s is not ours to replace: %w", out, err)
	}
	return rebuild(&image{zoo: zoo, root: out + ".building", manifest: manifest{Set: set, Key: key}}, out)
}

// rebuild works beside OUT, so that OUT is always whole.
func rebuild(img *image, out string) error {
	start := time.Now()
	if err := os.RemoveAll(img.root); err != nil {
		return err
	}
	if err := img.addSkeleton(); err != nil {
		return err
	}
	for _, add := range sets[img.manifest.Set] {
		if err := add(img); err != nil {
			return err
		}
	}
	if err := errors.Join(os.RemoveAll(out), os.Rename(img.root, out), img.manifest.write(out)); err != nil {
		return err
	}
	log.Printf("%s: %d binaries in %s", img.manifest.Set, len(img.manifest.Binaries), time.Since(start).Round(time.Second))
	return nil
}

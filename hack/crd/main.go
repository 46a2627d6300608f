// Command crd shortens what controller-gen made. A pod template in full is so long that `kubectl apply` could
// not keep the CRD in its annotation; `kubectl explain testrun.spec.template` is a copy of what `kubectl explain
// pod` says anyway. So the template's schema loses its descriptions, and podtest's own fields keep theirs.
package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "crd:", err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: crd <folder of CRDs>")
	}
	files, err := filepath.Glob(filepath.Join(args[0], "*.yaml"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return fmt.Errorf("no CRD in %s", args[0])
	}
	for _, file := range files {
		if err := shorten(file); err != nil {
			return fmt.Errorf("shortening %s: %w", file, err)
		}
	}
	return nil
}

func shorten(file string) error {
	before, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	var crd map[string]any
	if err := yaml.Unmarshal(before, &crd); err != nil {
		return err
	}
	stripTemplates(crd)
	after, err := yaml.Marshal(crd)
	if err != nil {
		return err
	}
	return os.WriteFile(file, append([]byte("---\n"), after...), 0o644)
}

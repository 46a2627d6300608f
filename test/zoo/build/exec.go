package main

import (
	"path/filepath"
	"strconv"
)

// suites adds the suite program once, and a binary for each kind of list it can print.
func suites(kinds ...string) part {
	return func(img *image) error {
		for _, kind := range kinds {
			img.addBinary(binary{
				ID: "suite-" + kind, Harness: "exec", Path: "/tests/suite", Cwd: "/",
				List: []string{"/tests/suite", "list", kind}, Format: formatOf(kind),
				Run: []string{"/tests/suite", "run", "{id}"},
			})
		}
		return img.addProgram("evil/suite", "/tests/suite")
	}
}

func formatOf(kind string) string {
	switch kind {
	case "json":
		return "JSON"
	case "libtest", "noise":
		return "Libtest"
	}
	return "Lines"
}

// noop adds a program of n tests that do nothing, in C: a Go runtime would be most of what is measured.
func noop(n int) part {
	return func(img *image) error {
		img.addBinary(binary{
			ID: "noop", Harness: "exec", Path: "/tests/noop", Cwd: "/",
			List: []string{"/tests/noop", "list", strconv.Itoa(n)}, Format: "Lines",
			Run: []string{"/tests/noop", "run", "{id}"},
		})
		source := filepath.Join(img.zoo, "noop", "noop.c")
		_, err := output("", "cc", "-O2", "-static", "-s", "-o", img.path("/tests/noop"), source)
		return err
	}
}

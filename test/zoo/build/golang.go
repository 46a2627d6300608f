package main

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// buildEnv makes static binaries, whatever the user's Go settings are.
var buildEnv = []string{"CGO_ENABLED=0", "GOFLAGS=-mod=mod", "GOWORK=off"}

// goModule adds every test binary of a public module but those of the packages left out, by their path in the module;
// its tests need the sources and testdata around them.
func goModule(module string, leaveOut ...string) part {
	return func(img *image) error {
		answer, err := output(img.zoo, "go", "mod", "download", "-json", module)
		if err != nil {
			return err
		}
		var downloaded struct{ Path, Dir string }
		if err := json.Unmarshal([]byte(answer), &downloaded); err != nil {
			return fmt.Errorf("reading where %s is: %w", module, err)
		}
		for i := range leaveOut {
			leaveOut[i] = path.Join(downloaded.Path, leaveOut[i])
		}
		return addGo(img, downloaded.Dir, path.Join("/src", downloaded.Path), leaveOut...)
	}
}

// goFolder adds every test binary of a module of ours.
func goFolder(name string) part {
	return func(img *image) error {
		return addGo(img, filepath.Join(img.zoo, name), path.Join("/src/zoo", name))
	}
}

func addGo(img *image, from, to string, leaveOut ...string) error {
	if err := copyTree(from, img.path(to)); err != nil {
		return err
	}
	packages, err := output(img.path(to), "go", "list", "-f",
		"{{if or .TestGoFiles .XTestGoFiles}}{{.ImportPath}} {{.Dir}}{{end}}", "./...")
	if err != nil {
		return err
	}
	var all []testPackage
	for line := range strings.Lines(packages) {
		importPath, dir, _ := strings.Cut(strings.TrimSpace(line), " ")
		if slices.Contains(leaveOut, importPath) {
			continue
		}
		all = append(all, testPackage{importPath, strings.TrimPrefix(dir, img.root)})
	}
	for _, group := range groupByName(all) {
		if err := compile(img, img.path(to), group); err != nil {
			return err
		}
	}
	return nil
}

// A testPackage has its folder in the image, where its binary goes too.
type testPackage struct{ importPath, dir string }

// majorVersion is v2 and up, as the go command sees it: v1 is a name like any other.
var majorVersion = regexp.MustCompile(`^v([2-9]|[1-9][0-9]+)$`)

// binaryName is the name the go command gives the test binary.
func (p testPackage) binaryName() string {
	name := path.Base(p.importPath)
	if majorVersion.MatchString(name) {
		name = path.Base(path.Dir(p.importPath))
	}
	return name + ".test"
}

// groupByName keeps packages of one name apart: the go command compiles many packages at once into one folder.
func groupByName(all []testPackage) [][]testPackage {
	var groups [][]testPackage
	seen := map[string]int{}
	for _, p := range all {
		n := seen[p.binaryName()]
		seen[p.binaryName()]++
		if n == len(groups) {
			groups = append(groups, nil)
		}
		groups[n] = append(groups[n], p)
	}
	return groups
}

func compile(img *image, module string, group []testPackage) error {
	binaries, err := os.MkdirTemp(img.root, "binaries-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(binaries) }()
	argv := []string{"go", "test", "-c", "-trimpath", "-ldflags=-s -w", "-o", binaries + "/"}
	for _, p := range group {
		argv = append(argv, p.importPath)
	}
	if _, err := output(module, argv...); err != nil {
		return err
	}
	for _, p := range group {
		if err := img.placeGo(filepath.Join(binaries, p.binaryName()), p); err != nil {
			return err
		}
	}
	return nil
}

func (img *image) placeGo(compiled string, p testPackage) error {
	to := path.Join(p.dir, p.binaryName())
	if _, err := os.Stat(img.path(to)); err == nil {
		return fmt.Errorf("%s: the sources have a file of that name", to)
	}
	if err := os.Rename(compiled, img.path(to)); err != nil {
		return err
	}
	img.addBinary(binary{ID: p.importPath, Harness: "go", Path: to, Cwd: p.dir})
	return nil
}

// addProgram compiles a main package of ours.
func (img *image) addProgram(folder, to string) error {
	if err := os.MkdirAll(filepath.Dir(img.path(to)), fs.ModePerm); err != nil {
		return err
	}
	_, err := output(filepath.Join(img.zoo, folder), "go", "build", "-trimpath", "-ldflags=-s -w", "-o", img.path(to), ".")
	return err
}

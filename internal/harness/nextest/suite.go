package nextest

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/podtest/podtest/internal/harness"
	"github.com/podtest/podtest/internal/harness/nextest/archive"
	"github.com/podtest/podtest/internal/wire"
)

// suite is what the metadata of a suite say.
type suite struct {
	binaries map[string]binary // by nextest's binary id
	sources  bool              // whether the folders of the packages are known
}

type binary struct {
	wire.Binary
	env []string
}

func load(s wire.Suite, unpacked string) (*suite, error) {
	files := s
	if unpacked != "" {
		files.BinariesMetadata = filepath.Join(unpacked, archive.BinariesMetadata)
		files.CargoMetadata = filepath.Join(unpacked, archive.CargoMetadata)
	}
	built, err := readBinaries(files.BinariesMetadata)
	if err != nil {
		return nil, err
	}
	var cargo *cargoMetadata
	switch {
	case files.CargoMetadata != "":
		cargo, err = readCargo(files.CargoMetadata, packagesOf(built))
	case s.WorkspaceRemap != "":
		err = errors.New("workspaceRemap needs cargoMetadata: without it nobody knows which folders the packages are in")
	}
	if err != nil {
		return nil, err
	}
	return newSuite(s.Name, built, cargo, newLayout(s, unpacked, built.Build, cargo))
}

func packagesOf(m *binariesMetadata) map[string]bool {
	ids := map[string]bool{}
	for _, b := range m.Binaries {
		ids[b.Package] = true
	}
	return ids
}

func newSuite(name string, built *binariesMetadata, cargo *cargoMetadata, l layout) (*suite, error) {
	all := environment{}
	all.ofLibraries(built.Build, l)
	if l.workspace != "" {
		all["NEXTEST_WORKSPACE_ROOT"] = l.workspace
	}
	s := &suite{binaries: map[string]binary{}, sources: cargo != nil}
	for _, id := range slices.Sorted(maps.Keys(built.Binaries)) {
		b := built.Binaries[id]
		p, err := packageOf(b, cargo)
		if err != nil {
			return nil, err
		}
		s.binaries[id] = newBinary(name, id, b, environ{p, built.Build, l, all})
	}
	return s, nil
}

// packageOf is the package of a binary, as far as it is known.
func packageOf(b rustBinary, cargo *cargoMetadata) (cargoPackage, error) {
	if cargo == nil {
		name, version := parsePackageID(b.Package)
		return cargoPackage{Name: name, Version: version}, nil
	}
	p, known := cargo.Packages[b.Package]
	if !known {
		return p, fmt.Errorf("package %s of binary %s is not in the cargo metadata: both must be of one build",
			b.Package, b.ID)
	}
	return p, nil
}

// environ is what the environment of a binary is made of.
type environ struct {
	cargoPackage
	build  buildMeta
	layout layout
	all    environment
}

func newBinary(suite, id string, b rustBinary, e environ) binary {
	path := e.layout.binary(b.Path)
	dir, manifestDir := filepath.Dir(path), ""
	if e.ManifestPath != "" {
		manifestDir = e.layout.source(filepath.Dir(e.ManifestPath))
		dir = manifestDir
	}
	env := environment{"NEXTEST_BINARY_ID": id} // when listing too
	env.ofScript(b.Package, e.build, e.layout)
	maps.Copy(env, e.all)
	env.ofPackage(e.cargoPackage, manifestDir)
	env.ofPrograms(b, e.build, e.layout)
	return binary{
		Binary: wire.Binary{
			Suite: suite, ID: id, Path: path, Dir: dir,
			Name: b.Name, Kind: b.Kind, Package: e.Name, Platform: b.Platform,
		},
		env: env.list(),
	}
}

// find names the binaries in nextest's order, and what is missing of them.
func (s *suite) find() ([]wire.Binary, error) {
	var found []wire.Binary
	for _, b := range s.binaries {
		found = append(found, b.Binary)
	}
	slices.SortFunc(found, func(a, b wire.Binary) int { return compareIDs(a.ID, b.ID) })
	var problems harness.Problems
	checked := map[string]bool{}
	for _, b := range found {
		problems.Add(checkFile(b))
		if !checked[b.Dir] && s.sources {
			checked[b.Dir] = true
			problems.Add(checkDir(b))
		}
	}
	return found, problems.Err()
}

func checkFile(b wire.Binary) error {
	info, err := os.Stat(b.Path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("binary %s: %s: no such file in the image: copy the target directory, or set targetDirRemap",
			b.ID, b.Path)
	case err != nil:
		return fmt.Errorf("binary %s: %w", b.ID, err)
	case !info.Mode().IsRegular() || info.Mode()&0o111 == 0:
		return fmt.Errorf("binary %s: %s: not an executable file", b.ID, b.Path)
	}
	return nil
}

func checkDir(b wire.Binary) error {
	info, err := os.Stat(b.Dir)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("package %s: there is no folder %s, in which its tests run: sources are not in the image: "+
			"copy them or set workspaceRemap", b.Package, b.Dir)
	case err != nil:
		return fmt.Errorf("package %s: %w", b.Package, err)
	case !info.IsDir():
		return fmt.Errorf("package %s: %s is not a folder", b.Package, b.Dir)
	}
	return nil
}

// parsePackageID knows `name version (source)`, and the newer `source#name@version` and `source/name#version`.
func parsePackageID(id string) (name, version string) {
	source, fragment, isNew := strings.Cut(id, "#")
	if words := strings.Fields(id); !isNew || len(words) == 3 && strings.HasPrefix(words[2], "(") {
		words = append(words, "", "")
		return words[0], words[1]
	}
	if name, version, named := strings.Cut(fragment, "@"); named {
		return name, version
	}
	source, _, _ = strings.Cut(source, "?")
	return source[strings.LastIndexByte(source, '/')+1:], fragment
}

// compareIDs is nextest's order: by package, then no name before a name alone before kind and name. It is not that of
// plain strings.
func compareIDs(a, b string) int {
	x, y := splitID(a), splitID(b)
	return cmp.Or(strings.Compare(x.pkg, y.pkg), cmp.Compare(x.rank, y.rank),
		strings.Compare(x.kind, y.kind), strings.Compare(x.name, y.name))
}

type idParts struct {
	pkg, kind, name string
	rank            int
}

func splitID(id string) idParts {
	pkg, rest, named := strings.Cut(id, "::")
	if !named {
		return idParts{pkg: pkg}
	}
	if kind, name, both := strings.Cut(rest, "/"); both {
		return idParts{pkg, kind, name, 2}
	}
	return idParts{pkg, "", rest, 1}
}

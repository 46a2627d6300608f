package harness

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/podtest/podtest/internal/wire"
)

// FindBinaries is Find for suites whose binaries are files: those that the suite's patterns match.
func FindBinaries(s wire.Suite) ([]wire.Binary, error) {
	var found []wire.Binary
	var problems []error
	seen := map[string]bool{}
	for _, pattern := range s.Binaries {
		paths, err := expand(pattern)
		if err != nil {
			problems = append(problems, err)
		}
		for _, path := range paths {
			if !seen[path] {
				seen[path] = true
				found = append(found, binaryAt(s, pattern, path))
			}
		}
	}
	problems = append(problems, sameID(found)...)
	slices.SortFunc(found, func(a, b wire.Binary) int { return strings.Compare(a.ID, b.ID) })
	return found, errors.Join(problems...)
}

func binaryAt(s wire.Suite, pattern, path string) wire.Binary {
	dir := s.WorkingDir
	if dir == "" {
		dir = filepath.Dir(path)
	}
	return wire.Binary{Suite: s.Name, ID: s.Name + "::" + relative(pattern, path), Path: path, Dir: dir}
}

// relative is the part of a binary's path that the pattern leaves open, without .test.
func relative(pattern, path string) string {
	fixed, _ := splitPattern(pattern)
	rel := strings.TrimPrefix(strings.TrimPrefix(path, fixed), "/")
	return strings.TrimSuffix(rel, ".test")
}

func sameID(found []wire.Binary) []error {
	var problems []error
	first := map[string]string{}
	for _, b := range found {
		if other, taken := first[b.ID]; taken {
			problems = append(problems, fmt.Errorf("%s and %s would both be %q: match both with one pattern that "+
				"begins above them, or put them in two suites", other, b.Path, b.ID))
			continue
		}
		first[b.ID] = b.Path
	}
	return problems
}

// splitPattern is the folder of a pattern that has no wildcard in it, and the rest.
func splitPattern(pattern string) (fixed string, rest []string) {
	parts := strings.Split(filepath.Clean(pattern)[1:], "/")
	n := slices.IndexFunc(parts, wild)
	if n < 0 {
		n = len(parts) - 1
	}
	return "/" + strings.Join(parts[:n], "/"), parts[n:]
}

func wild(part string) bool { return strings.ContainsAny(part, "*?") }

func expand(pattern string) ([]string, error) {
	if !strings.HasPrefix(pattern, "/") {
		return nil, fmt.Errorf("pattern %q: must be an absolute path", pattern)
	}
	fixed, rest := splitPattern(pattern)
	if !slices.ContainsFunc(rest, wild) {
		path := filepath.Clean(pattern)
		return []string{path}, whyNotBinary(path)
	}
	if rest[len(rest)-1] == "**" {
		rest = append(rest, "*")
	}
	w := walk{found: map[string]bool{}}
	w.in(fixed, rest)
	if len(w.found) == 0 {
		w.problems = append(w.problems, fmt.Errorf("pattern %s matches no executable file: "+
			"are the test binaries in the image, and executable?", pattern))
	}
	paths := make([]string, 0, len(w.found))
	for path := range w.found {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	return paths, errors.Join(w.problems...)
}

func whyNotBinary(path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("%s: no such file in the image", path)
	case err != nil:
		return err
	case !info.Mode().IsRegular():
		return fmt.Errorf("%s: not a regular file", path)
	case info.Mode()&0o111 == 0:
		return fmt.Errorf("%s: not executable: chmod +x it when the image is built", path)
	}
	return nil
}

// kernelFolders are never walked into: they hold no binaries and no end.
var kernelFolders = []string{"/proc", "/sys", "/dev"}

type walk struct {
	found    map[string]bool
	problems []error
}

func (w *walk) in(dir string, parts []string) {
	if slices.Contains(kernelFolders, dir) {
		return
	}
	entries, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		w.problems = append(w.problems, err)
	}
	part, rest := parts[0], parts[1:]
	if part == "**" {
		w.in(dir, rest)
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		switch {
		case part == "**":
			if e.IsDir() { // links are not followed: they may go round in circles
				w.in(path, parts)
			}
		case !matches(part, e.Name()):
		case len(rest) == 0:
			w.take(path)
		case isDir(path):
			w.in(path, rest)
		}
	}
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

func (w *walk) take(path string) {
	if whyNotBinary(path) != nil {
		return
	}
	if !utf8.ValidString(path) || strings.ContainsAny(path, "\n\x00") {
		w.problems = append(w.problems, fmt.Errorf("%q: the path of a test binary must be UTF-8 in one line", path))
		return
	}
	w.found[path] = true
}

// matches tells whether a name in a folder fits a part of a pattern; * and ? are all there is.
func matches(part, name string) bool {
	star, mark := -1, 0
	p, n := 0, 0
	for n < len(name) {
		_, size := utf8.DecodeRuneInString(name[n:])
		switch {
		case p < len(part) && part[p] == '*':
			star, mark = p, n
			p++
		case p < len(part) && part[p] == '?':
			p++
			n += size
		case p < len(part) && part[p] == name[n]:
			p++
			n++
		case star >= 0:
			_, size = utf8.DecodeRuneInString(name[mark:])
			mark += size
			p, n = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(part[p:], "*") == ""
}

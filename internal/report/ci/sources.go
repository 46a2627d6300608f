package ci

import (
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"
)

// mention is a place in a test's source as Go, Rust and pytest print it. Go names its file without a folder.
var mention = regexp.MustCompile(
	`([A-Za-z0-9_.@+/-]*[A-Za-z0-9_](?:_test\.go|\.rs|\.py)):([1-9][0-9]{0,6})(?::([1-9][0-9]{0,4}))?`)

// foreign are folders whose sources are not the tests' own: a panic in Rust names its standard library.
var foreign = []string{"/rustc/", "/.cargo/registry/", "/site-packages/", "library/std/", "library/core/"}

// Sources are the files of a repository, to find those that the output of tests names.
type Sources struct {
	files  fs.FS
	byName map[string][]string // paths by their last part
}

// NewSources are the files of a tree. It is read on first need.
func NewSources(tree fs.FS) *Sources { return &Sources{files: tree} }

// place is where in the sources an output says that something went wrong.
type place struct{ file, line, column string }

// properties are those of a GitHub annotation.
func (p place) properties() string {
	s := fmt.Sprintf(",file=%s,line=%s", property.Replace(p.file), p.line)
	if p.column != "" {
		s += ",col=" + p.column
	}
	return s
}

// place is the first one that an output mentions.
func (s *Sources) place(binary, output string) (place, bool) {
next:
	for _, m := range mention.FindAllStringSubmatch(output, 64) {
		for _, f := range foreign {
			if strings.Contains(m[1], f) {
				continue next
			}
		}
		return place{s.find(binary, m[1]), m[2], m[3]}, true
	}
	return place{}, false
}

// find is the path in the repository of a file that a test of a binary names: the one whose end is most like it. The
// name as it is, if there is none, or several.
func (s *Sources) find(binary, named string) string {
	plain := strings.TrimPrefix(path.Clean(named), "/")
	if s == nil {
		return plain
	}
	if s.byName == nil {
		s.read()
	}
	full := plain
	if _, file, ok := strings.Cut(binary, "::"); ok && !strings.Contains(named, "/") {
		full = path.Join(path.Dir(file), named) // a Go binary lies in the folder of its package, or of its image
	}
	best, most, ties := plain, 0, 0
	for _, candidate := range s.byName[path.Base(named)] {
		switch n := alike(candidate, full); {
		case n > most:
			best, most, ties = candidate, n, 0
		case n == most:
			ties++
		}
	}
	if ties > 0 {
		return plain
	}
	return best
}

// alike is how many parts two paths share at their ends.
func alike(a, b string) int {
	x, y := strings.Split(a, "/"), strings.Split(b, "/")
	n := 0
	for n < len(x) && n < len(y) && x[len(x)-1-n] == y[len(y)-1-n] {
		n++
	}
	return n
}

// maxFiles is how much of a tree is read: with more, annotations name files as the tests do.
const maxFiles = 200_000

// read notes the sources. What cannot be read is not there.
func (s *Sources) read() {
	s.byName = map[string][]string{}
	seen := 0
	_ = fs.WalkDir(s.files, ".", func(name string, d fs.DirEntry, err error) error {
		if seen++; seen > maxFiles {
			return fs.SkipAll
		}
		switch {
		case err != nil:
			return fs.SkipDir
		case d.IsDir() && (d.Name() == ".git" || d.Name() == "node_modules" || d.Name() == "target"):
			return fs.SkipDir
		case !d.IsDir() && mention.MatchString(name+":1"):
			s.byName[d.Name()] = append(s.byName[d.Name()], name)
		}
		return nil
	})
}

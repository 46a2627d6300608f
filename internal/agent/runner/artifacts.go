package runner

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// artifacts is the folder below which attempts have one each for what they want to leave behind; empty: they have
// none.
type artifacts string

const (
	artifactsMode = 0o755
	// maxArtifactName keeps the names of folders within what file systems take.
	maxArtifactName = 100
)

// make is a new folder for an attempt: <root>/<run>/<binary id>/<test>-<ordinal>/<attempt>. Where it cannot be made,
// there is none.
func (a artifacts) make(run string, w work) string {
	if a == "" {
		return ""
	}
	test := fmt.Sprintf("%s-%d", fileName(w.Name), w.Ordinal)
	dir := filepath.Join(string(a), fileName(run), fileName(w.binary.ID), test, strconv.Itoa(int(w.Attempt)))
	if os.MkdirAll(dir, artifactsMode) != nil {
		return ""
	}
	return dir
}

// clean removes the folder of an attempt that has left nothing in it, and the test's with it.
func (a artifacts) clean(dir string) {
	if dir != "" && os.Remove(dir) == nil {
		_ = os.Remove(filepath.Dir(dir))
	}
}

// fileName is a text as the name of a file anywhere.
func fileName(text string) string {
	const safe = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
	name := strings.Map(func(r rune) rune {
		if strings.ContainsRune(safe, r) {
			return r
		}
		return '_'
	}, text)
	if name = name[:min(len(name), maxArtifactName)]; strings.Trim(name, ".") == "" {
		return "_" + name
	}
	return name
}

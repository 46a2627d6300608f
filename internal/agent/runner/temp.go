package runner

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
)

// tempRoot holds the private folders of the attempts that run.
type tempRoot struct {
	path  string
	count *atomic.Int64
}

// newTempRoot makes the folder; in an image without a writable one, tests go without.
func newTempRoot() tempRoot {
	_ = os.MkdirAll(os.TempDir(), 0o1777)
	path, err := os.MkdirTemp("", "podtest-")
	if err != nil {
		return tempRoot{}
	}
	return tempRoot{path: path, count: new(atomic.Int64)}
}

func (t tempRoot) remove() {
	if t.path != "" {
		_ = os.RemoveAll(t.path)
	}
}

// tempDir is the private folder of the attempt in a slot. One that an attempt has left as it was given is used again:
// making and removing a folder costs as much as starting a process.
type tempDir struct {
	root tempRoot
	path string
}

const tempMode = 0o700

// ready is an empty folder, or "" if there can be none.
func (t *tempDir) ready() string {
	if t.path != "" || t.root.path == "" {
		return t.path
	}
	path := fmt.Sprintf("%s/%d", t.root.path, t.root.count.Add(1))
	if os.Mkdir(path, tempMode) != nil {
		return ""
	}
	t.path = path
	return path
}

// clean removes the folder unless it is as good as new.
func (t *tempDir) clean() {
	if t.path == "" || untouched(t.path) {
		return
	}
	_ = os.RemoveAll(t.path)
	t.path = ""
}

func untouched(path string) bool {
	dir, err := os.Open(path)
	if err != nil {
		return false
	}
	defer func() { _ = dir.Close() }()
	info, err := dir.Stat()
	if err != nil || info.Mode() != os.ModeDir|tempMode {
		return false
	}
	_, err = dir.Readdirnames(1)
	return errors.Is(err, io.EOF)
}

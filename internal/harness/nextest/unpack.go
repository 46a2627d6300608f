package nextest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/podtest/podtest/internal/harness"
	"github.com/podtest/podtest/internal/harness/nextest/archive"
)

// Self and Verb are how the agent is started to unpack: `agent unpack ARCHIVE DIR`.
const (
	Self = "/proc/self/exe"
	Verb = "unpack"
)

// unpack puts an archive into a new folder, which stays as long as the pod does.
func unpack(path string) (dir string, err error) {
	_ = os.MkdirAll(os.TempDir(), 0o1777)
	dir, err = os.MkdirTemp("", "podtest-nextest-")
	if err != nil {
		return "", fmt.Errorf("there is no writable temporary folder to unpack %s into: mount a volume (emptyDir) at %s, "+
			"or set TMPDIR: %w", path, os.TempDir(), err)
	}
	var stderr bytes.Buffer
	c := exec.Command(Self, Verb, path, dir)
	c.Stderr = &stderr
	err = c.Run()
	// What looks after orphans may have reaped the child before it was waited for: the file tells, not the exit code.
	if _, missing := os.Stat(filepath.Join(dir, archive.Done)); missing == nil {
		return dir, nil
	}
	if said := harness.Printable(stderr.Bytes()); said != "" {
		err = errors.New(said)
	}
	return "", errors.Join(fmt.Errorf("unpacking %s: %w", path, err), os.RemoveAll(dir))
}

package nextest

import (
	"path/filepath"
	"strings"

	"github.com/podtest/podtest/internal/harness/nextest/archive"
	"github.com/podtest/podtest/internal/wire"
)

// layout says where the things of a build are here, whatever they were where it was built.
type layout struct {
	targetDir, oldTargetDir, oldBuildDir string
	workspace, oldWorkspace              string // empty: not known
	unpacked                             string // folder of the archive; empty: there is none
}

func newLayout(s wire.Suite, unpacked string, build buildMeta, cargo *cargoMetadata) layout {
	l := layout{
		targetDir: build.TargetDirectory, oldTargetDir: build.TargetDirectory, oldBuildDir: build.BuildDirectory,
		unpacked: unpacked,
	}
	switch {
	case unpacked != "":
		l.targetDir = filepath.Join(unpacked, "target")
	case s.TargetDirRemap != "":
		l.targetDir = s.TargetDirRemap
	}
	if cargo != nil {
		l.workspace, l.oldWorkspace = cargo.WorkspaceRoot, cargo.WorkspaceRoot
		if s.WorkspaceRemap != "" {
			l.workspace = s.WorkspaceRemap
		}
	}
	return l
}

// buildDir is where test binaries and what build scripts made are. As with nextest, one remap is for both folders.
func (l layout) buildDir() string {
	if l.oldBuildDir == "" || l.targetDir != l.oldTargetDir {
		return l.targetDir
	}
	return l.oldBuildDir
}

func (l layout) binary(path string) string {
	if l.oldBuildDir != "" {
		if moved, ok := remap(path, l.oldBuildDir, l.buildDir()); ok {
			return moved
		}
	}
	moved, _ := remap(path, l.oldTargetDir, l.targetDir)
	return moved
}

func (l layout) source(path string) string {
	moved, _ := remap(path, l.oldWorkspace, l.workspace)
	return moved
}

func remap(path, from, to string) (string, bool) {
	rest, below := strings.CutPrefix(path, strings.TrimSuffix(from, "/"))
	if !below || rest != "" && rest[0] != '/' {
		return path, false
	}
	return filepath.Join(to, rest), true
}

// libdirs are the folders of Rust's own libraries. Those of an archive are in it.
func (l layout) libdirs(build buildMeta) []string {
	if l.unpacked != "" {
		base := filepath.Join(l.unpacked, filepath.Dir(archive.BinariesMetadata), "libdirs")
		return existing(filepath.Join(base, "host"), filepath.Join(base, "target/0"))
	}
	dirs := []string{build.Platforms.Host.Libdir.Path}
	for _, p := range build.Platforms.Targets {
		dirs = append(dirs, p.Libdir.Path)
	}
	return dirs
}

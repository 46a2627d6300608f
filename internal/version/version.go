// Package version tells which podtest this is. The linker may set the number; else the Go toolchain knows it from the
// version control system or the module.
package version

import (
	"runtime"
	"runtime/debug"
)

// number is set with -ldflags "-X github.com/podtest/podtest/internal/version.number=v1.2.3".
var number string

// Dev is the version of a build that has none.
const Dev = "dev"

// Annotation bears the version of the manager on the pod that leads.
const Annotation = "podtest.dev/version"

// Info is the version of a program.
type Info struct {
	Version  string `json:"version"`
	Commit   string `json:"commit,omitempty"`
	Modified bool   `json:"modified,omitempty"` // the sources were not those of the commit
	Go       string `json:"go"`
	Platform string `json:"platform"`
}

// Get is the version of this program.
func Get() Info {
	i := Info{Version: Dev, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH}
	if build, ok := debug.ReadBuildInfo(); ok {
		if v := build.Main.Version; v != "" && v != "(devel)" {
			i.Version = v
		}
		for _, s := range build.Settings {
			switch s.Key {
			case "vcs.revision":
				i.Commit = s.Value
			case "vcs.modified":
				i.Modified = s.Value == "true"
			}
		}
	}
	if number != "" {
		i.Version = number
	}
	return i
}

// String is the version in a few words.
func (i Info) String() string {
	text := i.Version
	if i.Commit != "" {
		text += ", commit " + i.Commit
	}
	if i.Modified {
		text += " with changes"
	}
	return text + ", " + i.Go + " " + i.Platform
}

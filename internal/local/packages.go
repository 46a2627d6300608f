package local

import (
	"debug/buildinfo"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/modfile"
)

// goHome has Go's tests run where `go test` runs them: in the folder of their package, if it is in the module around
// the folder that paths begin at. A suite's workingDir comes first; other tests stay in the folder of their binary.
func (p *play) goHome() {
	module := moduleAround(p.o.Dir)
	if module.path == "" {
		return
	}
	set := map[string]bool{} // suites of Go that say no folder themselves
	for _, s := range p.run.Spec.Suites {
		set[s.Name] = s.Go != nil && s.Go.WorkingDir == ""
	}
	for i, b := range p.cat.Binaries {
		if folder := module.folder(b.Path); set[b.Suite] && folder != "" {
			p.cat.Binaries[i].Dir = folder
		}
	}
}

// goModule is a module and the folder that holds its go.mod; its zero value: there is none.
type goModule struct{ path, root string }

func moduleAround(dir string) goModule {
	dir, err := filepath.Abs(dir)
	for ; err == nil; dir = filepath.Dir(dir) {
		text, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		switch {
		case err == nil:
			return goModule{path: modfile.ModulePath(text), root: dir}
		case dir == filepath.Dir(dir):
			return goModule{}
		}
	}
	return goModule{}
}

// folder is that of the package whose tests a binary holds; empty: not of this module, or not known.
func (m goModule) folder(binary string) string {
	info, err := buildinfo.ReadFile(binary)
	if err != nil || info.Main.Path != m.path {
		return ""
	}
	tested, of := strings.CutSuffix(info.Path, ".test")
	below, inside := strings.CutPrefix(tested+"/", m.path+"/")
	if !of || !inside {
		return ""
	}
	folder := filepath.Join(m.root, filepath.FromSlash(below))
	if at, err := os.Stat(folder); err != nil || !at.IsDir() {
		return ""
	}
	return folder
}

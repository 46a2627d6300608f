package golang

import (
	"fmt"
	"io"
	"strings"

	"github.com/podtest/podtest/internal/harness"
	"github.com/podtest/podtest/internal/wire"
)

// Attempt prepares one attempt of one test.
func (h *Harness) Attempt(t harness.Target, a wire.Assignment) harness.Attempt {
	_, old := h.old.Load(t.Binary.Path)
	return &attempt{harness: h, target: t, name: a.Name, old: old, frames: Frames{Name: a.Name, Unmarked: old}}
}

type attempt struct {
	harness *Harness
	target  harness.Target
	name    string
	old     bool
	frames  Frames
}

func (a *attempt) Command() harness.Command {
	verbose := "-test.v=test2json"
	if a.old {
		verbose = "-test.v=true"
	}
	return harness.Command{
		Argv: []string{
			a.target.Binary.Path, "-test.run", "^" + a.name + "$", verbose,
			"-test.paniconexit0", "-test.count=1", "-test.timeout=0",
		},
		Dir: a.target.Binary.Dir,
	}
}

func (a *attempt) Watch() io.Writer { return &a.frames }

// knowsNoFrames is what package flag says of -test.v=test2json in a binary made before Go 1.20.
const knowsNoFrames = `invalid boolean value "test2json" for -test.v`

func (a *attempt) tooOld(e harness.Exit) bool {
	return e.Code == 2 && !a.old && !a.frames.Any && strings.Contains(string(e.Stderr), knowsNoFrames)
}

func (a *attempt) Judge(e harness.Exit) (harness.Verdict, bool) {
	if a.tooOld(e) {
		a.harness.old.Store(a.target.Binary.Path, true)
		a.old, a.frames = true, Frames{Name: a.name, Unmarked: true}
		return harness.Verdict{}, true
	}
	a.frames.Close()
	v := a.frames.judge(e.Code)
	if lastWord := whyDied(e.Stderr); e.Code != 0 && lastWord != "" {
		v.Why += ", " + lastWord
	}
	return v, false
}

func exitCode(n int) string { return fmt.Sprintf("exit code %d", n) }

const longestLastWord = 200

// whyDied is the line that says it, from a process that died of a panic; the dump after it says where.
func whyDied(stderr []byte) string {
	for line := range strings.Lines(string(stderr)) {
		if strings.HasPrefix(line, "panic: ") || strings.HasPrefix(line, "fatal error: ") {
			line = strings.TrimSpace(line)
			return strings.ToValidUTF8(line[:min(len(line), longestLastWord)], "")
		}
	}
	return ""
}

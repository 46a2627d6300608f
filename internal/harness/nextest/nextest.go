// Package nextest is the harness of suites that cargo-nextest has built: its metadata, or an archive of it, name the
// binaries, which speak libtest's protocol. Unlike other harnesses it starts a process: the agent itself, once for each
// archive, to unpack it.
package nextest

import (
	"context"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/podtest/podtest/internal/harness"
	"github.com/podtest/podtest/internal/harness/libtest"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

// Harness knows the suites it has been asked for.
type Harness struct {
	libtest libtest.Harness

	mu       sync.Mutex
	archives map[string]func() (string, error)
	suites   map[key]func() (*suite, error)
}

type key struct{ name, archive, binaries, cargo, workspace, target string }

// New is the harness.
func New() *Harness {
	return &Harness{
		libtest:  libtest.New(),
		archives: map[string]func() (string, error){}, suites: map[key]func() (*suite, error){},
	}
}

// suite reads a suite's metadata, the first time it is asked for it.
func (h *Harness) suite(s wire.Suite) (*suite, error) {
	k := key{s.Name, s.Archive, s.BinariesMetadata, s.CargoMetadata, s.WorkspaceRemap, s.TargetDirRemap}
	h.mu.Lock()
	once, known := h.suites[k]
	if !known {
		once = sync.OnceValues(func() (*suite, error) { return h.load(s) })
		h.suites[k] = once
	}
	h.mu.Unlock()
	return once()
}

func (h *Harness) load(s wire.Suite) (*suite, error) {
	if s.Archive == "" {
		return load(s, "")
	}
	h.mu.Lock()
	once, known := h.archives[s.Archive]
	if !known {
		once = sync.OnceValues(func() (string, error) { return unpack(s.Archive) })
		h.archives[s.Archive] = once
	}
	h.mu.Unlock()
	dir, err := once()
	if err != nil {
		return nil, err
	}
	return load(s, dir)
}

// Find names the binaries of the metadata.
func (h *Harness) Find(s wire.Suite) ([]wire.Binary, error) {
	known, err := h.suite(s)
	if err != nil {
		return nil, err
	}
	return known.find()
}

// here is the binary where it is in this pod: each pod unpacks an archive to a folder of its own.
func (h *Harness) here(t harness.Target) (binary, error) {
	known, err := h.suite(t.Suite)
	if err != nil {
		return binary{}, err
	}
	b, ok := known.binaries[t.Binary.ID]
	if !ok {
		return binary{}, fmt.Errorf("binary %s is not in the suite's metadata: has the image changed since the tests "+
			"were listed?", t.Binary.ID)
	}
	return b, nil
}

// List asks as libtest does, in nextest's environment.
func (h *Harness) List(ctx context.Context, t harness.Target, run harness.Run) ([]harness.Test, error) {
	b, err := h.here(t)
	if err != nil {
		return nil, err
	}
	t.Binary = b.Binary
	return h.libtest.List(ctx, t, func(ctx context.Context, c harness.Command, w io.Writer) (harness.Exit, error) {
		c.Env = append(slices.Clip(c.Env), b.env...)
		return run(ctx, c, w)
	})
}

// Attempt prepares one attempt as libtest does, in nextest's environment.
func (h *Harness) Attempt(t harness.Target, a wire.Assignment) harness.Attempt {
	b, err := h.here(t)
	if err != nil {
		return lost{err}
	}
	t.Binary = b.Binary
	return attempt{h.libtest.Attempt(t, a), b.env}
}

type attempt struct {
	harness.Attempt
	env []string
}

func (a attempt) Command() harness.Command {
	c := a.Attempt.Command()
	c.Env = append(slices.Clip(c.Env), a.env...)
	return c
}

// lost is an attempt of a test that cannot be started. In its place the agent is, which ends at once and says nothing.
type lost struct{ err error }

func (lost) Command() harness.Command { return harness.Command{Argv: []string{Self, Verb}} }

func (lost) Watch() io.Writer { return nil }

func (l lost) Judge(harness.Exit) (harness.Verdict, bool) {
	return harness.Failed(outcome.NotStarted, "cannot start it: "+l.err.Error()), false
}

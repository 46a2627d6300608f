// Package harnesstest plays processes for the tests of harnesses.
package harnesstest

import (
	"context"
	"io"
	"strings"

	"github.com/podtest/podtest/internal/harness"
)

// Printed is what a process prints, and how it ends.
type Printed struct {
	Stdout string
	harness.Exit
	Err error
}

// Run plays a process whatever the command is.
func (p Printed) Run(_ context.Context, _ harness.Command, w io.Writer) (harness.Exit, error) {
	return Dribble(w, p.Stdout, p.Exit, p.Err)
}

// Dribble writes text in small pieces, for it must not matter where they are cut.
func Dribble(w io.Writer, text string, e harness.Exit, err error) (harness.Exit, error) {
	for r := strings.NewReader(text); r.Len() > 0; {
		_, _ = io.CopyN(w, r, 7)
	}
	return e, err
}

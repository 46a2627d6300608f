package wire

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/podtest/podtest/internal/outcome"
)

// LiveSocket is the Unix socket on which a runner shows what its tests print: in the abstract namespace, so that
// nobody can put another in its place and no folder is needed.
func LiveSocket(runUID, pod string) string {
	sum := sha256.Sum256([]byte(runUID + "/" + pod))
	return "@podtest/live/" + hex.EncodeToString(sum[:16])
}

// LiveRequest asks a runner for what an attempt prints. It is the only line to it.
type LiveRequest struct {
	Version int    `json:"version"`
	Ordinal uint32 `json:"o"`
	Attempt uint16 `json:"a,omitempty"` // 0: the one that runs
	Follow  bool   `json:"follow,omitempty"`
}

// What the last line of LiveOutput says.
const (
	LiveEnded   = "ended"   // the attempt has a result: Row
	LiveStopped = "stopped" // it was ended from outside, or its runner was: it has no result
	LiveRunning = "running" // it goes on; nobody asked to follow it
	LiveAbsent  = "absent"  // this runner does not run it, now
)

// LiveOutput is a line of what a runner answers, and of what `agent output` prints.
type LiveOutput struct {
	Attempt uint16      `json:"a,omitempty"`
	Stdout  []LivePiece `json:"stdout,omitempty"`
	Stderr  []LivePiece `json:"stderr,omitempty"`

	End     string       `json:"end,omitempty"` // the last line; empty: more follows
	Row     *outcome.Row `json:"row,omitempty"`
	Excerpt string       `json:"excerpt,omitempty"` // why it failed
	Error   string       `json:"error,omitempty"`   // nothing can be shown; this is the only line
}

// LivePiece is a part of what a process wrote.
type LivePiece struct {
	Cut  int64  `json:"cut,omitempty"` // bytes before it that were not kept
	Text []byte `json:"text,omitempty"`
}

package agent

import (
	"fmt"
	"os"
	"runtime/debug"

	"github.com/podtest/podtest/internal/harness/nextest/archive"
)

// Unpack is `agent unpack ARCHIVE DIR`, which the runner starts for an archive of nextest. Without arguments it fails
// and says nothing: it stands in for a test that cannot be started.
func Unpack(args []string) int {
	if len(args) != 2 {
		return ExitNoStart
	}
	debug.SetGCPercent(gcPercent)
	if err := archive.Extract(args[0], args[1]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return ExitNoStart
	}
	return ExitComplete
}

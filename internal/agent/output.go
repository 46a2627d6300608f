package agent

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"

	"github.com/podtest/podtest/internal/agent/process"
	"github.com/podtest/podtest/internal/wire"
)

// OutputOptions say which attempt is asked for.
type OutputOptions struct {
	Run     string // its UID
	Ordinal uint32
	Attempt uint16 // 0: the one that runs
	Follow  bool
}

// Output shows what a test of this container prints: `agent output`, which `podtest logs` starts beside the runner. It
// prints lines of wire.LiveOutput.
func Output(to io.Writer, o OutputOptions) int {
	// No test may take this process over: it is shown what no test is.
	if err := process.Undumpable(); err != nil {
		return wrong(to, err)
	}
	conn, err := net.Dial("unix", wire.LiveSocket(o.Run, os.Getenv(wire.EnvPod)))
	if err != nil {
		return wrong(to, fmt.Errorf("the runner shows nothing: it has not begun, or it has ended: %w", err))
	}
	defer func() { _ = conn.Close() }()
	asked := json.NewEncoder(conn).Encode(wire.LiveRequest{
		Version: wire.Version, Ordinal: o.Ordinal, Attempt: o.Attempt, Follow: o.Follow,
	})
	// Who is refused may be so before the request is written: the answer says why.
	if n, err := io.Copy(to, conn); n == 0 {
		return wrong(to, cmp.Or(err, asked, io.ErrUnexpectedEOF))
	}
	return ExitComplete
}

func wrong(to io.Writer, err error) int {
	_ = json.NewEncoder(to).Encode(wire.LiveOutput{Error: err.Error()})
	return ExitNoReport
}

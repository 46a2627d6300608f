package agent

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/podtest/podtest/internal/agent/reporter"
	"github.com/podtest/podtest/internal/wire"
)

// probePatience is how long the collector may take to answer a probe.
const probePatience = 20 * time.Second

// Probe tells whether a reporter would reach the collector from here: `agent probe`. It writes a wire.Probe to w and,
// for whoever cannot read logs, to the termination message.
func Probe(w io.Writer) int {
	ctx, stop := context.WithTimeout(context.Background(), probePatience)
	defer stop()
	began := time.Now()
	result := reporter.Probe(ctx, reporter.Options{
		Collector: os.Getenv(wire.EnvCollector), ServerName: os.Getenv(wire.EnvServer), CA: []byte(os.Getenv(wire.EnvCA)),
	})
	result.Milliseconds = time.Since(began).Milliseconds()
	text, err := json.Marshal(result)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return ExitNoReport
	}
	fmt.Fprintf(w, "%s\n", text)
	words := os.Getenv(EnvTerminationLog)
	if words == "" {
		words = terminationLog
	}
	_ = os.WriteFile(words, text, 0o644) // not there outside a pod
	if result.Error != "" {
		return ExitNoReport
	}
	return ExitComplete
}

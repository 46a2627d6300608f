package agent

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/podtest/podtest/internal/agent/fixture"
	"github.com/podtest/podtest/internal/agent/process"
	"github.com/podtest/podtest/internal/agent/reporter"
	"github.com/podtest/podtest/internal/agent/runner"
	"github.com/podtest/podtest/internal/wire"
)

// Exit codes. Above 128: ended by signal n-128.
const (
	ExitComplete = 0 // the report is complete, whatever the outcomes
	ExitUsage    = 2
	ExitNoStart  = 3 // something that was to be run cannot be
	ExitNoReport = 4 // the report cannot be written
)

// EnvTerminationLog names another file than the kubelet's for the termination message; for tests.
const EnvTerminationLog = "PODTEST_TERMINATION_LOG"

const (
	terminationLog  = "/dev/termination-log"
	socketPatience  = 60 * time.Second
	reporterStop    = 20 * time.Second // of the pod's 30
	reporterDrain   = 5 * time.Second
	reporterLinger  = 30 * time.Second
	reporterRunMark = ".runner-connected"
)

// signals end the agent; an image may ask for any of them with STOPSIGNAL.
var signals = []os.Signal{syscall.SIGTERM, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGHUP}

// signalled is the cause of a context that a signal ended.
type signalled struct{ syscall.Signal }

func (s signalled) Error() string { return s.String() }

func untilSignal() (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(context.Background())
	c := make(chan os.Signal, 1)
	signal.Notify(c, signals...)
	go func() {
		if s, ok := (<-c).(syscall.Signal); ok {
			cancel(signalled{s})
		}
	}()
	return ctx, func() { cancel(nil) }
}

// gcPercent keeps the heap near what is used: a test's peak memory is never less than its runner's size.
const gcPercent = 25

// Run is the runner: `agent run` and `agent list`, which of them the reporter's configuration says.
func Run(log *slog.Logger, version string) int {
	return run(log, runner.Options{Socket: wire.SocketPath, Patience: socketPatience, Version: version})
}

// RunOn is the runner of whoever has started it with a connection as this descriptor, and talks to it as a reporter
// does. No test inherits it.
func RunOn(log *slog.Logger, version string, descriptor uintptr) int {
	file := os.NewFile(descriptor, "reporter")
	if file == nil {
		log.Error("there is no connection", "descriptor", descriptor)
		return ExitUsage
	}
	conn, err := net.FileConn(file)
	_ = file.Close() // conn has a copy
	if err != nil {
		log.Error("there is no connection", "descriptor", descriptor, "error", err)
		return ExitUsage
	}
	return run(log, runner.Options{Conn: conn, Version: version})
}

func run(log *slog.Logger, o runner.Options) int {
	debug.SetGCPercent(gcPercent)
	ctx, stop := untilSignal()
	defer stop()
	if err := process.Undumpable(); err != nil {
		log.Error("cannot hide from the tests", "error", err)
		return ExitNoStart
	}
	family, err := process.Adopt()
	if err != nil {
		log.Error("cannot look after orphans", "error", err)
		return ExitNoStart
	}
	o.Environ, o.Family = os.Environ(), family
	return exitCode(log, runner.Run(ctx, o))
}

// Report is the reporter: `agent report`.
func Report(log *slog.Logger, version string) int {
	debug.SetGCPercent(gcPercent)
	ctx, stop := untilSignal()
	defer stop()
	words := os.Getenv(EnvTerminationLog)
	if words == "" {
		words = terminationLog
	}
	err := reporter.Run(ctx, reporter.Options{
		Collector: os.Getenv(wire.EnvCollector), ServerName: os.Getenv(wire.EnvServer), CA: []byte(os.Getenv(wire.EnvCA)),
		Batch: os.Getenv(wire.EnvBatch), Node: os.Getenv(wire.EnvNode), Agent: version,
		TokenPath: wire.TokenPath, Socket: wire.SocketPath, Marker: filepath.Join(wire.BinDir, reporterRunMark),
		LastWords: words, Log: log, StopWithin: reporterStop, Drain: reporterDrain, Linger: reporterLinger,
	})
	return exitCode(log, err)
}

// fixtureGrace is how long a fixture's command has from SIGTERM to SIGKILL.
const fixtureGrace = 10 * time.Second

// Fixture runs the command of a fixture: `agent fixture -- COMMAND...`.
func Fixture(log *slog.Logger, argv []string) int {
	ctx, stop := untilSignal()
	defer stop()
	timeout, err := time.ParseDuration(os.Getenv(wire.EnvFixtureTimeout))
	if err != nil {
		log.Error("reading "+wire.EnvFixtureTimeout, "error", err)
		return ExitUsage
	}
	words := os.Getenv(EnvTerminationLog)
	if words == "" {
		words = terminationLog
	}
	return fixture.Run(ctx, fixture.Options{
		Argv: argv, Environ: os.Environ(), Dir: os.Getenv(wire.EnvFixtureDir), Timeout: timeout, Grace: fixtureGrace,
		Words: words, Stdout: os.Stdout, Stderr: os.Stderr,
	})
}

func exitCode(log *slog.Logger, err error) int {
	if runner.IsDone(err) {
		return ExitComplete
	}
	log.Error("ended", "error", err)
	if s, ok := errors.AsType[signalled](err); ok {
		return 128 + int(s.Signal)
	}
	return ExitNoReport
}

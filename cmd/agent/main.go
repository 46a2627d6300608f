// Command agent is podtest's part in the user's pods. Flags and exit codes only; internal/agent does the work.
//
//	agent report        beside the user's container: takes what the runner says to the collector
//	agent run | list    inside it: starts tests, or asks the test binaries for theirs
//	agent unpack A DIR  beneath run and list: unpacks an archive of cargo-nextest
//	agent fixture -- COMMAND...   runs a fixture's command, the only thing in its pod
//	agent install DIR   copies itself to DIR/agent
//	agent version
package main

import (
	"fmt"
	"log/slog"
	"os"

	"github.com/podtest/podtest/internal/agent"
	"github.com/podtest/podtest/internal/harness/nextest"
)

// version is set by the linker.
var version = "dev"

const usage = "usage: agent report | run | list | fixture -- COMMAND... | install DIR | version"

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	verb := ""
	if len(args) > 0 {
		verb = args[0]
	}
	switch {
	case verb == "install" && len(args) == 2:
		return install(args[1])
	case verb == "fixture" && len(args) > 2 && args[1] == "--":
		return agent.Fixture(log, args[2:])
	case verb == nextest.Verb && (len(args) == 1 || len(args) == 3):
		return agent.Unpack(args[1:])
	case len(args) != 1:
	case verb == "report":
		return agent.Report(log, version)
	case verb == "run" || verb == "list":
		return agent.Run(log, version)
	case verb == "version":
		fmt.Println(version)
		return agent.ExitComplete
	}
	fmt.Fprintln(os.Stderr, usage)
	return agent.ExitUsage
}

func install(dir string) int {
	if err := agent.Install(dir); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return agent.ExitNoReport
	}
	return agent.ExitComplete
}

// Command agent is podtest's part in the user's pods. Flags and exit codes only; internal/agent does the work.
//
//	agent report        beside the user's container: takes what the runner says to the collector
//	agent run | list    inside it: starts tests, or asks the test binaries for theirs
//	agent output FLAGS  inside it too: shows what a test prints while it runs
//	agent unpack A DIR  beneath run and list: unpacks an archive of cargo-nextest
//	agent fixture -- COMMAND...   runs a fixture's command, the only thing in its pod
//	agent probe         tells whether the collector can be reached from here
//	agent install DIR   copies itself to DIR/agent
//	agent version
package main

import (
	"flag"
	"fmt"
	"log/slog"
	"math"
	"os"

	"github.com/podtest/podtest/internal/agent"
	"github.com/podtest/podtest/internal/harness/nextest"
)

// version is set by the linker.
var version = "dev"

const usage = "usage: agent report | run | list | output FLAGS | fixture -- COMMAND... | probe | install DIR | version"

func main() { os.Exit(run(os.Args[1:])) }

func run(args []string) int {
	log := slog.New(slog.NewTextHandler(os.Stderr, nil))
	if len(args) == 0 {
		return badUsage()
	}
	verb, rest := args[0], args[1:]
	if len(rest) > 0 || verb == nextest.Verb {
		return runWith(log, verb, rest)
	}
	switch verb {
	case "report":
		return agent.Report(log, version)
	case "run", "list":
		return agent.Run(log, version)
	case "probe":
		return agent.Probe(os.Stdout)
	case "version":
		fmt.Println(version)
		return agent.ExitComplete
	}
	return badUsage()
}

// runWith is run for verbs that take arguments.
func runWith(log *slog.Logger, verb string, rest []string) int {
	switch {
	case verb == "install" && len(rest) == 1:
		return install(rest[0])
	case verb == "output":
		return output(rest)
	case verb == "fixture" && len(rest) > 1 && rest[0] == "--":
		return agent.Fixture(log, rest[1:])
	case verb == nextest.Verb && (len(rest) == 0 || len(rest) == 2):
		return agent.Unpack(rest)
	}
	return badUsage()
}

// output is for `podtest logs`, which calls the agent of the pod it finds: its flags are a contract between versions.
func output(args []string) int {
	flags := flag.NewFlagSet("output", flag.ContinueOnError)
	run := flags.String("run", "", "UID of the TestRun")
	ordinal := flags.Uint("ordinal", 0, "the test's place in the catalog")
	attempt := flags.Uint("attempt", 0, "the number of the attempt; 0: the one that runs")
	follow := flags.Bool("follow", false, "go on until it has ended")
	if err := flags.Parse(args); err != nil || flags.NArg() > 0 || *run == "" ||
		*ordinal > math.MaxUint32 || *attempt > math.MaxUint16 {
		return badUsage()
	}
	return agent.Output(os.Stdout, agent.OutputOptions{
		Run: *run, Ordinal: uint32(*ordinal), Attempt: uint16(*attempt), Follow: *follow,
	})
}

func badUsage() int {
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

package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/podtest/podtest/api/v1alpha1"
)

// exitCodes is the one table of them: help texts are made from it, and docs/exit-codes.md has the same rows.
var exitCodes = []struct {
	code    int32
	result  string // of the run, where a run ends so
	meaning string
}{
	{v1alpha1.ExitPassed, "Passed", "all selected tests passed, flaky ones included; or the verb did what it was told"},
	{v1alpha1.ExitNoTests, "Failed", "no test was selected, and noTests does not say Pass"},
	{v1alpha1.ExitOutstanding, "Passed", "a rerun passed, and tests of the run before it have still not run"},
	{v1alpha1.ExitFilter, "Error", "a filterset is wrong"},
	{v1alpha1.ExitSetup, "Error", "the spec or the set-up is wrong; of a verb: wrong usage, no cluster, no such run"},
	{v1alpha1.ExitTestsFailed, "Failed", "tests failed, or a deadline of the run passed before all had run"},
	{v1alpha1.ExitListFailed, "Error", "the tests could not be listed"},
	{v1alpha1.ExitFixtureFailed, "Failed", "a fixture could not be set up, or a service was lost too often"},
	{v1alpha1.ExitIncomplete, "", "replay: the recording ends before its run does"},
	{v1alpha1.ExitOutput, "", "standard output could not be written; the run goes on"},
	{v1alpha1.ExitInfrastructure, "Error", "the infrastructure left tests without a verdict, and no test failed"},
	{v1alpha1.ExitCancelled, "Cancelled", "the run was cancelled or deleted; or podtest was interrupted: the run goes on"},
}

// exitCodesTopic is a page of help, not a verb.
func (c *cli) exitCodesTopic() *cobra.Command {
	var b strings.Builder
	b.WriteString(`run, watch and rerun exit with the exit code of the run, which is also its status.exitCode. Of
several runs it is the first that is not 0. Other verbs exit with 0 or 96.

`)
	for _, e := range exitCodes {
		fmt.Fprintf(&b, "  %4d  %-9s  %s\n", e.code, e.result, e.meaning)
	}
	b.WriteString("\n120 and 130 are podtest's own; the rest are cargo-nextest's, with its meaning.\n")
	return &cobra.Command{Use: "exit-codes", Short: "What each exit code means", Long: b.String()}
}

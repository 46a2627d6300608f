package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/podtest/podtest/internal/records"
	"github.com/podtest/podtest/internal/report"
)

func (c *cli) listVerb() *cobra.Command {
	output := "table"
	all := false
	cmd := &cobra.Command{
		Use:   "list NAME",
		Short: "Show the tests of a run and what holds for each: its plan, also of one with mode: List",
		Long: `Shows the tests of a run in the order of its catalog, each with its class of pods, group, weight, priority,
attempts and timeout. With -o json also every other setting, and which part of the spec said so. A run with
spec.mode: List starts no test pod: apply it to see the plan only.`,
		Example: c.example(
			"podtest list checkout --namespace ci",
			"podtest list checkout --all",
			"podtest list checkout -o json | jq -r 'select(.class == \"heavy\") | .name'"),
		Args:              c.named("", 0, 0),
		ValidArgsFunction: c.completeRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			if output != "table" && output != "json" {
				return fmt.Errorf("-o %s: want table or json", output)
			}
			cluster, run, err := c.get(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if err := listed(run); err != nil {
				return err
			}
			cat, set, err := records.LoadTests(cmd.Context(), cluster, run)
			if err != nil {
				return fmt.Errorf("TestRun %s/%s: %w", run.Namespace, run.Name, err)
			}
			planned := report.Plan(cat, set, all)
			if output == "json" {
				return report.WritePlanJSON(c.out, planned)
			}
			return report.WritePlan(c.out, planned)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", output, "table or json (an object a line)")
	cmd.Flags().BoolVar(&all, "all", false, "tests that are not selected too, with the reason")
	return cmd
}

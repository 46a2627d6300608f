package main

import (
	"bytes"
	"context"
	"os"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/report/junit"
)

func (c *cli) junitVerb() *cobra.Command {
	file := ""
	cmd := &cobra.Command{
		Use:   "junit NAME",
		Short: "Write what became of each test of a run as JUnit XML",
		Long: `Writes one JUnit report for all pods of a run, in nextest's dialect, also while the run goes on: tests without
a verdict are in it as skipped. The run's settings under junit say what else is in it.`,
		Example: c.example(
			"podtest junit checkout --namespace ci -o junit.xml",
			"podtest junit checkout | xmllint --xpath 'count(//failure)' -"),
		Args:              c.named("", 0, 0),
		ValidArgsFunction: c.completeRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			cluster, run, err := c.get(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return c.writeJUnit(cmd.Context(), cluster, run, file)
		},
	}
	cmd.Flags().StringVarP(&file, "output", "o", file, "file to write; none or -: standard output")
	return cmd
}

// writeJUnit touches no file before the report is whole.
func (c *cli) writeJUnit(ctx context.Context, r client.Client, run *v1alpha1.TestRun, file string) error {
	in, err := c.input(ctx, r, run)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := junit.Write(&text, in); err != nil {
		return err
	}
	if file == "" || file == "-" {
		_, err = text.WriteTo(c.out)
		return err
	}
	return os.WriteFile(file, text.Bytes(), 0o644)
}

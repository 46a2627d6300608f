package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
)

func (c *cli) explainVerb() *cobra.Command {
	output := "text"
	cmd := &cobra.Command{
		Use:   "explain NAME TEST",
		Short: "Tell all about one test of a run: why it ended so, its attempts, what holds for it and who said so",
		Long: `Tells of one test of a run whether it is selected and why, why it ended as it did, in what pods it runs, its
attempts so far, also those that were lost with their pods, and all its settings with the part of the spec or of the
profile that made each. The test is told by its name, or by its binary id and its name if tests of several binaries
share it; of a stress run the first round that failed is meant, unless the name says @stress-N.`,
		Example: c.example(
			"podtest explain checkout TestCheckout/empty_cart",
			"podtest explain checkout 'unit::cart.test TestCheckout/empty_cart' -o yaml"),
		Args:              c.named(" and a test", 1, -1),
		ValidArgsFunction: c.completeTests,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(output, "text"); err != nil {
				return err
			}
			cluster, run, err := c.get(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			book, err := open(cmd.Context(), cluster, run)
			if err != nil {
				return err
			}
			whole, from, err := effective(cmd.Context(), cluster, run)
			if err != nil {
				return err
			}
			ordinal, err := book.Find(strings.Join(args[1:], " "))
			if err != nil {
				return fmt.Errorf("TestRun %s/%s: %w", run.Namespace, run.Name, err)
			}
			told := book.Explain(whole, from, ordinal)
			if output == "text" {
				return told.Write(c.out)
			}
			return c.document(output, "TestExplanation", told)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", output, "text or one of "+documentFormats)
	return cmd
}

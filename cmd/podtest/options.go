package main

import (
	"fmt"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
)

func (c *cli) optionsVerb() *cobra.Command {
	return &cobra.Command{
		Use:     "options",
		Short:   "Show the flags that all verbs take: how to reach the cluster, and as whom",
		Example: c.example("podtest options"),
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			all := pflag.NewFlagSet("options", pflag.ContinueOnError)
			cmd.Root().PersistentFlags().VisitAll(func(f *pflag.Flag) {
				shown := *f
				shown.Hidden = false
				all.AddFlag(&shown)
			})
			_, err := fmt.Fprintf(c.out, "All verbs take these flags:\n\n%s", all.FlagUsages())
			return err
		},
	}
}

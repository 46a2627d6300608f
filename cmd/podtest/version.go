package main

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/podtest/podtest/internal/install"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/version"
)

// versionPatience is how long a cluster may take to answer a question that nobody asked in particular.
const versionPatience = 5 * time.Second

// versions is what podtest version tells.
type versions struct {
	Client  version.Info             `json:"client"`
	Manager []install.ManagerVersion `json:"manager,omitempty"`
}

func (c *cli) versionVerb() *cobra.Command {
	var output string
	clientOnly := false
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Show the version of this podtest, and of the one in the cluster",
		Example: c.example(
			"podtest version",
			"podtest version --client -o json"),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if output != "" && output != "json" {
				return fmt.Errorf("-o %s: want json", output)
			}
			v := versions{Client: version.Get()}
			var trouble error
			if !clientOnly {
				v.Manager, trouble = c.managers(cmd.Context())
			}
			return c.sayVersions(v, trouble, output)
		},
	}
	cmd.Flags().BoolVar(&clientOnly, "client", false, "ask no cluster")
	cmd.Flags().StringVarP(&output, "output", "o", "", "json")
	return cmd
}

// managers are those of the cluster, or of the namespace that is told.
func (c *cli) managers(ctx context.Context) ([]install.ManagerVersion, error) {
	ctx, stop := context.WithTimeout(ctx, versionPatience)
	defer stop()
	cluster, err := c.connect()
	if err != nil {
		return nil, err
	}
	return install.ManagerVersions(ctx, cluster, c.home())
}

func (c *cli) sayVersions(v versions, trouble error, output string) error {
	if trouble != nil {
		c.hint("the version in the cluster is not known: " + c.explain(trouble))
	}
	if output == "json" {
		return json.NewEncoder(c.out).Encode(v)
	}
	fmt.Fprintln(c.out, "podtest "+v.Client.String())
	for _, m := range v.Manager {
		fmt.Fprintln(c.out, report.Line("manager "+m.String()))
	}
	return nil
}

// number is the version alone.
func number() string { return version.Get().Version }

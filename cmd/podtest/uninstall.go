package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/podtest/podtest/config"
	"github.com/podtest/podtest/internal/install"
)

func (c *cli) uninstallVerb() *cobra.Command {
	withCRDs, yes := false, false
	timeout := installTimeout
	cmd := &cobra.Command{
		Use:   "uninstall",
		Short: "Take podtest out of the cluster; runs and results stay unless --crds is given",
		Long: `Takes podtest out of the cluster. Runs and results stay, and runs that are not finished go on when it is
installed again. With --crds every TestRun goes with all its results, in all namespaces, first those
whose fixtures are still to be torn down, while there is a manager to do so.`,
		Example: c.example(
			"podtest uninstall",
			"podtest uninstall --crds   # and with it every TestRun and all results, in all namespaces"),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cluster, err := c.installer(timeout)
			if err != nil {
				return err
			}
			return c.uninstall(cmd.Context(), cluster, withCRDs, yes)
		},
	}
	cmd.Flags().BoolVar(&withCRDs, "crds", false, "also delete the CRDs, and with them every TestRun and its results")
	cmd.Flags().BoolVarP(&yes, "yes", "y", false, "do not ask whether runs may be lost")
	cmd.Flags().DurationVar(&timeout, "timeout", timeout, "how long to wait for each part")
	return cmd
}

func (c *cli) uninstall(ctx context.Context, cluster install.Cluster, withCRDs, yes bool) error {
	there, err := install.Find(ctx, cluster.Client, c.home())
	if err != nil {
		return err
	}
	options := install.Options{Namespace: c.home()}
	if there != nil {
		options.Settings = there.Settings
	}
	r, err := install.Render(config.Tree, options)
	if err != nil {
		return err
	}
	others, err := c.otherInstallations(ctx, cluster)
	if err != nil {
		return err
	}
	if len(others) > 0 {
		if r.Objects = install.Own(r.Objects); withCRDs {
			return fmt.Errorf("%s needs the CRDs: take it out first, or leave out --crds", others[0])
		}
	}
	if err := c.mayLose(ctx, cluster, there, withCRDs, yes); err != nil {
		return err
	}
	if err := cluster.Uninstall(ctx, r.Objects, withCRDs); err != nil {
		return err
	}
	return cluster.DeleteLeftover(ctx, c.home())
}

// otherInstallations are those in other namespaces; who may not list them is told of none.
func (c *cli) otherInstallations(ctx context.Context, cluster install.Cluster) ([]*install.Installation, error) {
	all, err := install.All(ctx, cluster.Client)
	if err != nil {
		return nil, err
	}
	var others []*install.Installation
	for _, i := range all {
		if i.Namespace != c.home() {
			others = append(others, i)
		}
	}
	return others, nil
}

// mayLose says what goes or waits, and asks if it goes.
func (c *cli) mayLose(
	ctx context.Context, cluster install.Cluster, there *install.Installation, withCRDs, yes bool,
) error {
	of := there
	if withCRDs {
		of = nil
	}
	losses, err := cluster.Losses(ctx, of)
	if err != nil || losses.Runs == 0 {
		return err
	}
	if !withCRDs {
		if losses.Unfinished > 0 {
			c.hint(fmt.Sprintf("%d TestRuns are not finished: they go on when podtest is installed again", losses.Unfinished))
		}
		if len(losses.Teardowns) > 0 {
			c.hint("without podtest nobody tears down the fixtures of these TestRuns, and they cannot be deleted: " +
				strings.Join(losses.Teardowns, ", "))
		}
		return nil
	}
	c.hint("this deletes " + losses.String())
	if yes {
		return nil
	}
	in, isFile := c.in.(*os.File)
	if !isFile || !term.IsTerminal(int(in.Fd())) {
		return errors.New("nothing is deleted: say --yes if it is to be")
	}
	fmt.Fprint(c.err, "go on? [y/N] ")
	answer, _ := bufio.NewReader(in).ReadString('\n')
	if a := strings.ToLower(strings.TrimSpace(answer)); a != "y" && a != "yes" {
		return errors.New("nothing is deleted")
	}
	return nil
}

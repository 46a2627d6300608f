package main

import (
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/podtest/podtest/config"
	"github.com/podtest/podtest/internal/install"
)

// home is the namespace of podtest itself if none is told; the kubeconfig's is for runs.
const home = "podtest-system"

func (c *cli) home() string {
	if c.flags.Namespace != nil && *c.flags.Namespace != "" {
		return *c.flags.Namespace
	}
	return home
}

func (c *cli) installVerb() *cobra.Command {
	var o install.Options
	var replicas int64
	var dryRun bool
	var output string
	timeout := 2 * time.Minute
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Install podtest in the cluster, or bring it up to date",
		Long: `Installs podtest in the cluster, or brings it up to date: applies the manifests that are built in
(config/default of the project) server-side, CRDs first, and waits until the manager is available.
A namespace that exists already is left as it is.`,
		Example: c.example(
			"podtest install",
			"podtest install --image registry.example/podtest:v0.1.0 --namespace podtest-system --replicas 1",
			"podtest install --dry-run -o yaml",
			"podtest install --crds-only"),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			o.Namespace = c.home()
			if cmd.Flags().Changed("replicas") {
				o.Replicas = &replicas
			}
			if err := checkInstall(o, dryRun, output); err != nil {
				return err
			}
			r, err := install.Render(config.Tree, o)
			if err != nil {
				return err
			}
			if dryRun {
				_, err := c.out.Write(r.YAML)
				return err
			}
			cluster, err := c.installer(timeout)
			if err != nil {
				return err
			}
			return cluster.Install(cmd.Context(), r.Objects)
		},
	}
	f := cmd.Flags()
	f.BoolVar(&o.CRDsOnly, "crds-only", false, "install nothing but the kinds TestRun, TestBatch and TestRecord")
	f.StringVar(&o.Image, "image", "", "image of podtest, for the manager and for the reporter in each worker")
	f.Int64Var(&replicas, "replicas", 2, "how many managers: one leads, others stand by")
	f.BoolVar(&dryRun, "dry-run", false, "print what would be applied, and ask no cluster")
	f.StringVarP(&output, "output", "o", "", "yaml, with --dry-run")
	f.DurationVar(&timeout, "timeout", timeout, "how long to wait for each part")
	return cmd
}

func checkInstall(o install.Options, dryRun bool, output string) error {
	switch {
	case output != "" && output != "yaml":
		return fmt.Errorf("-o %s: want yaml", output)
	case output != "" && !dryRun:
		return errors.New("-o is for --dry-run")
	case o.Replicas != nil && *o.Replicas < 1:
		return errors.New("--replicas: at least 1")
	case o.CRDsOnly && (o.Image != "" || o.Replicas != nil):
		return errors.New("--crds-only installs no manager: leave out --image and --replicas")
	}
	return nil
}

func (c *cli) uninstallVerb() *cobra.Command {
	withCRDs := false
	timeout := 2 * time.Minute
	cmd := &cobra.Command{
		Use:   "uninstall",
		Short: "Take podtest out of the cluster; runs and results stay unless --crds is given",
		Example: c.example(
			"podtest uninstall",
			"podtest uninstall --crds   # and with it every TestRun and all results, in all namespaces"),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			r, err := install.Render(config.Tree, install.Options{Namespace: c.home()})
			if err != nil {
				return err
			}
			cluster, err := c.installer(timeout)
			if err != nil {
				return err
			}
			return cluster.Uninstall(cmd.Context(), r.Objects, withCRDs)
		},
	}
	cmd.Flags().BoolVar(&withCRDs, "crds", false, "also delete the CRDs, and with them every TestRun and its results")
	cmd.Flags().DurationVar(&timeout, "timeout", timeout, "how long to wait for each part")
	return cmd
}

func (c *cli) installer(timeout time.Duration) (install.Cluster, error) {
	cluster, err := c.connect()
	if err != nil {
		return install.Cluster{}, err
	}
	say := func(object, done string) { fmt.Fprintf(c.out, "%s %s\n", object, done) }
	return install.Cluster{Client: cluster, Say: say, Timeout: timeout}, nil
}

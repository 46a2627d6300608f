package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/podtest/podtest/config"
	"github.com/podtest/podtest/internal/install"
	"github.com/podtest/podtest/internal/report"
)

// home is the namespace of podtest itself if none is told; the kubeconfig's is for runs.
func (c *cli) home() string {
	if c.flags.Namespace != nil && *c.flags.Namespace != "" {
		return *c.flags.Namespace
	}
	return install.DefaultNamespace
}

const installTimeout = 2 * time.Minute

// installFlags are those of install and upgrade.
type installFlags struct {
	settings *settingsFlags
	options  install.Options
	dryRun   bool
	force    bool // conflicts
	timeout  time.Duration
}

func addInstallFlags(cmd *cobra.Command) *installFlags {
	i := &installFlags{settings: addSettingsFlags(cmd)}
	f := cmd.Flags()
	f.BoolVar(&i.force, "force-conflicts", false, "take over fields that others have set")
	f.DurationVar(&i.timeout, "timeout", installTimeout, "how long to wait for each part")
	return i
}

func (c *cli) installVerb() *cobra.Command {
	var output string
	var i *installFlags
	cmd := &cobra.Command{
		Use:   "install",
		Short: "Install podtest in the cluster",
		Long: `Installs podtest in the cluster: applies the manifests that are built in (config/default of the project)
server-side, CRDs first, and waits until the manager is available. A namespace that exists already is
left as it is. Where podtest is installed already it becomes what the flags say, and what they do not
say becomes the default: use upgrade to keep settings.`,
		Example: c.example(
			"podtest install",
			"podtest install --image registry.example/podtest:v0.1.0 --namespace podtest-system --replicas 1",
			"podtest install --namespace team-a --watch-namespace team-a,team-a-ci   # besides another one",
			"podtest install --dry-run -o yaml",
			"podtest install --crds-only"),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := i.check(output); err != nil {
				return err
			}
			i.options.Namespace = c.home()
			if err := i.settings.into(&i.options.Settings); err != nil {
				return err
			}
			r, err := install.Render(config.Tree, i.options)
			if err != nil {
				return err
			}
			if i.dryRun {
				_, err := c.out.Write(r.YAML)
				return err
			}
			return c.install(cmd.Context(), i, r)
		},
	}
	i = addInstallFlags(cmd)
	f := cmd.Flags()
	f.BoolVar(&i.options.CRDsOnly, "crds-only", false, "install nothing but the kinds of podtest")
	f.BoolVar(&i.dryRun, "dry-run", false, "print what would be applied, and ask no cluster")
	f.StringVarP(&output, "output", "o", "", "yaml, with --dry-run")
	return cmd
}

func (i *installFlags) check(output string) error {
	switch {
	case output != "" && output != "yaml":
		return fmt.Errorf("-o %s: want yaml", output)
	case output != "" && !i.dryRun:
		return errors.New("-o is for --dry-run")
	case i.options.CRDsOnly && i.settings.said.SkipCRDs:
		return errors.New("--crds-only --skip-crds installs nothing: leave one out")
	case i.options.CRDsOnly && i.settings.any():
		return errors.New("--crds-only installs no manager: leave out the flags that are about it")
	}
	return nil
}

func (c *cli) install(ctx context.Context, i *installFlags, r install.Rendered) error {
	cluster, err := c.installer(i.timeout)
	if err != nil {
		return err
	}
	cluster.Force = i.force
	if i.options.CRDsOnly {
		return cluster.Install(ctx, r.Objects)
	}
	there, err := install.Find(ctx, cluster.Client, i.options.Namespace)
	if err != nil {
		return err
	}
	if there != nil {
		c.hint(there.String() + " is there already: it becomes what the flags say (`podtest upgrade` keeps its settings)")
		for _, said := range there.Settings.Set() {
			c.hint("  it was installed with " + said)
		}
	}
	c.warnOfOverlap(ctx, cluster, &install.Installation{Namespace: i.options.Namespace, Settings: i.options.Settings})
	if there != nil {
		return cluster.Upgrade(ctx, there, r)
	}
	return cluster.Install(ctx, r.Objects)
}

// warnOfOverlap: who may not look into other namespaces is told nothing of them.
func (c *cli) warnOfOverlap(ctx context.Context, cluster install.Cluster, mine *install.Installation) {
	all, err := install.All(ctx, cluster.Client)
	if err != nil {
		return
	}
	for _, other := range all {
		if where := mine.Overlap(other); where != "" {
			c.hint(fmt.Sprintf("warning: %s looks after %s too, and both would work on the same runs: "+
				"give them --watch-namespace with namespaces of their own", other, where))
		}
	}
}

// hint is for the person, not for a pipe.
func (c *cli) hint(text string) { fmt.Fprintln(c.err, report.Block(c.called(text))) }

func (c *cli) installer(timeout time.Duration) (install.Cluster, error) {
	cluster, err := c.connect()
	if err != nil {
		return install.Cluster{}, err
	}
	say := func(object, done string) { fmt.Fprintln(c.out, report.Line(object+" "+done)) }
	return install.Cluster{Client: cluster, Say: say, Timeout: timeout}, nil
}

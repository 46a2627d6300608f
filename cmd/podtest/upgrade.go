package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/podtest/podtest/config"
	"github.com/podtest/podtest/internal/install"
	"github.com/podtest/podtest/internal/report"
)

func (c *cli) upgradeVerb() *cobra.Command {
	var i *installFlags
	var force bool
	cmd := &cobra.Command{
		Use:   "upgrade",
		Short: "Bring an installed podtest to this version, with its settings",
		Long: `Brings the podtest that is in the cluster to the version of this command. What it was installed with
(image, replicas, resources, watched namespaces and so on) stays unless a flag says otherwise; of the
image the tag becomes that of this version. Runs go on: their workers find the new manager.
Objects that the old version had and this one has not are deleted.`,
		Example: c.example(
			"podtest upgrade --dry-run   # what would change",
			"podtest upgrade",
			"podtest upgrade --image registry.example/podtest:v0.2.0 --replicas 3"),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			i.options.Namespace = c.home()
			return c.upgrade(cmd.Context(), i, force)
		},
	}
	i = addInstallFlags(cmd)
	cmd.Flags().BoolVar(&i.dryRun, "dry-run", false, "show what would change, and change nothing")
	cmd.Flags().BoolVar(&force, "force", false, "though this version is older, or does not know stored objects")
	return cmd
}

func (c *cli) upgrade(ctx context.Context, i *installFlags, force bool) error {
	cluster, err := c.installer(i.timeout)
	if err != nil {
		return err
	}
	cluster.Force = i.force
	there, err := install.Find(ctx, cluster.Client, i.options.Namespace)
	if err != nil {
		return err
	}
	if there == nil {
		return errors.New(c.called("there is no podtest in namespace " + i.options.Namespace +
			": `podtest install` puts it there, and --namespace names another"))
	}
	var wrong error
	settings, notes, err := there.Upgraded(config.Tree, func(s *install.Settings) { wrong = i.settings.into(s) })
	if err := errors.Join(wrong, err); err != nil {
		return err
	}
	i.options.Settings = settings
	r, err := install.Render(config.Tree, i.options)
	if err != nil {
		return err
	}
	if err := c.sayUpgrade(ctx, cluster, there, r); err != nil {
		return err
	}
	for _, note := range notes {
		c.hint("note: " + note)
	}
	if err := c.mayUpgrade(ctx, cluster, there, r, force); err != nil {
		return err
	}
	if i.dryRun {
		return c.showDifferences(ctx, cluster, there, r)
	}
	c.warnOfOverlap(ctx, cluster, &install.Installation{Namespace: i.options.Namespace, Settings: settings})
	return cluster.Upgrade(ctx, there, r)
}

// sayUpgrade shows what becomes of what, and what stays.
func (c *cli) sayUpgrade(
	ctx context.Context, cluster install.Cluster, was *install.Installation, r install.Rendered,
) error {
	version, err := install.Version(config.Tree)
	if err != nil {
		return err
	}
	image := cmp.Or(r.Options.Image, was.Image())
	for _, line := range [][3]string{
		{"version", cmp.Or(was.Version, "unknown"), version}, {"image", was.Image(), image},
	} {
		if line[1] == line[2] {
			c.hint(fmt.Sprintf("%-8s %s", line[0], line[1]))
			continue
		}
		c.hint(fmt.Sprintf("%-8s %s -> %s", line[0], line[1], line[2]))
	}
	for _, said := range r.Options.Set() {
		c.hint("with     " + said)
	}
	losses, err := cluster.Losses(ctx, was)
	if err == nil && losses.Unfinished > 0 {
		c.hint(fmt.Sprintf("runs     %d go on, with the new manager", losses.Unfinished))
	}
	return nil
}

func (c *cli) mayUpgrade(
	ctx context.Context, cluster install.Cluster, was *install.Installation, r install.Rendered, force bool,
) error {
	version, err := install.Version(config.Tree)
	if err != nil {
		return err
	}
	why, err := cluster.Refusals(ctx, was, version, r.Objects)
	if err != nil || len(why) == 0 {
		return err
	}
	if force {
		for _, reason := range why {
			c.hint("warning: " + reason)
		}
		return nil
	}
	var errs []error
	for _, reason := range why {
		errs = append(errs, errors.New(reason))
	}
	return errors.Join(append(errs, errors.New("--force does it all the same"))...)
}

func (c *cli) showDifferences(
	ctx context.Context, cluster install.Cluster, was *install.Installation, r install.Rendered,
) error {
	all, err := cluster.Differences(ctx, r.Objects)
	if err != nil {
		return err
	}
	changed := 0
	for _, d := range all {
		if d.Text != "" {
			changed++
			fmt.Fprintf(c.out, "%s\n%s\n", report.Line(d.Object), report.Block(d.Text))
		}
	}
	left, err := cluster.Leftover(ctx, was.Namespace, r.Objects)
	if err != nil {
		return err
	}
	for _, o := range left {
		fmt.Fprintln(c.out, report.Line(fmt.Sprintf("%s %s/%s would be deleted", o.GetKind(), o.GetNamespace(), o.GetName())))
	}
	if changed+len(left) == 0 {
		fmt.Fprintln(c.out, "nothing would change")
	}
	return nil
}

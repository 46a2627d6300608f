package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/printers"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/compose"
)

// fieldOwner is the manager of the fields that the command line sets.
const fieldOwner = "podtest"

// createFlags say whether what is asked for is created, and how that is told.
type createFlags struct {
	cmd    *cobra.Command
	print  *genericclioptions.PrintFlags
	dryRun string // none, client, server
	follow bool
}

func addCreateFlags(cmd *cobra.Command) *createFlags {
	o := &createFlags{cmd: cmd, print: genericclioptions.NewPrintFlags("created").WithTypeSetter(scheme)}
	o.print.AddFlags(cmd)
	for _, finer := range []string{"allow-missing-template-keys", "show-managed-fields", "template"} {
		cmd.Flags().Lookup(finer).Hidden = true
	}
	cmd.Flags().Lookup("output").Usage = "print what is created: json, yaml, name, jsonpath=…, go-template=… (as kubectl)"
	cmd.Flags().StringVar(&o.dryRun, "dry-run", "none",
		"client: print what would be created, and ask no cluster; server: let the cluster check it; none: create it")
	cmd.Flags().Lookup("dry-run").NoOptDefVal = "client"
	cmd.Flags().BoolVar(&o.follow, "follow", true, "follow the runs; without, they are created and that is all")
	complete(cmd, "dry-run", "none", "client", "server")
	return o
}

// complete works out what the flags mean together.
func (o *createFlags) complete() error {
	if o.dryRun != "none" && o.dryRun != "client" && o.dryRun != "server" {
		return fmt.Errorf("--dry-run %s: want none, client or server", o.dryRun)
	}
	if !o.printed() && o.dryRun == "none" {
		return nil
	}
	if o.follow && o.cmd.Flags().Changed("follow") {
		return errors.New("--output and --dry-run print the run instead of following it: leave --follow out")
	}
	o.follow = false
	return nil
}

// printed tells whether objects are printed, instead of a line for each.
func (o *createFlags) printed() bool { return *o.print.OutputFormat != "" }

// printer tells of created objects.
func (o *createFlags) printer(done string) (printers.ResourcePrinter, error) {
	format := map[string]string{"none": "%s", "client": "%s (dry run)", "server": "%s (server dry run)"}[o.dryRun]
	o.print.NamePrintFlags.Operation = done
	if err := o.print.Complete(format); err != nil {
		return nil, fmt.Errorf("--output: %w", err)
	}
	p, err := o.print.ToPrinter()
	if err != nil {
		return nil, fmt.Errorf("--output: %w", err)
	}
	return p, nil
}

// create applies the profiles and creates the runs, or does as if.
func (c *cli) create(
	ctx context.Context, set *compose.Set, o *createFlags,
) ([]*v1alpha1.TestRun, client.WithWatch, error) {
	created, err := o.printer("created")
	if err != nil {
		return nil, nil, err
	}
	m := maker{cli: c, flags: o, printer: created}
	if o.dryRun == "client" {
		return nil, nil, m.show(set)
	}
	cluster, err := c.connect()
	if err != nil {
		return nil, nil, err
	}
	m.cluster = client.WithFieldValidation(cluster, metav1.FieldValidationStrict)
	if o.dryRun == "server" || len(set.All()) > 1 {
		if err := m.all(ctx, set, true); err != nil {
			return nil, nil, err
		}
	}
	if o.dryRun == "server" {
		return nil, nil, nil
	}
	if err := m.all(ctx, set, false); err != nil {
		return nil, nil, err
	}
	return m.runs, cluster, nil
}

// maker creates a set in a cluster.
type maker struct {
	cli     *cli
	flags   *createFlags
	printer printers.ResourcePrinter // one for all: it writes what is between them
	cluster client.Client
	runs    []*v1alpha1.TestRun
}

// show prints the set without asking a cluster.
func (m *maker) show(set *compose.Set) error {
	if _, _, err := set.Typed(); err != nil {
		return err
	}
	for _, d := range set.Profiles {
		if err := m.tell(d.Object, "applied"); err != nil {
			return err
		}
	}
	for _, d := range set.Runs {
		if err := m.tell(d.Object, "created"); err != nil {
			return err
		}
	}
	return nil
}

// all creates everything; for trial, nothing, but the cluster says whether it would be.
func (m *maker) all(ctx context.Context, set *compose.Set, trial bool) error {
	for _, d := range set.Profiles {
		if err := m.profile(ctx, d, trial); err != nil {
			return d.Wrap(err)
		}
	}
	for _, d := range set.Runs {
		if err := m.run(ctx, d, trial); err != nil {
			return d.Wrap(err)
		}
	}
	return nil
}

func (m *maker) profile(ctx context.Context, d compose.Document, trial bool) error {
	o := d.Object.DeepCopy()
	opts := []client.ApplyOption{client.FieldOwner(fieldOwner)}
	if trial {
		opts = append(opts, client.DryRunAll)
	}
	err := m.cluster.Apply(ctx, client.ApplyConfigurationFromUnstructured(o), opts...)
	switch {
	case apierrors.IsConflict(err):
		return fmt.Errorf("%s is also written by others: %w\n  apply it as they do, or leave these fields out here",
			at(o), err)
	case err != nil:
		return fmt.Errorf("applying %s: %w", at(o), err)
	case trial && m.flags.dryRun == "none":
		return nil
	}
	return m.tell(o, "applied")
}

// run creates a run. Unknown fields are an error: a misspelt one would change what is tested.
func (m *maker) run(ctx context.Context, d compose.Document, trial bool) error {
	o := d.Object.DeepCopy()
	opts := []client.CreateOption{client.FieldOwner(fieldOwner)}
	if trial {
		opts = append(opts, client.DryRunAll)
	}
	err := m.cluster.Create(ctx, o, opts...)
	switch {
	case apierrors.IsAlreadyExists(err):
		return m.exists(ctx, d.Object)
	case err != nil:
		return fmt.Errorf("creating %s: %w", at(d.Object), err)
	case trial && m.flags.dryRun == "none":
		return nil
	}
	run := &v1alpha1.TestRun{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, run); err != nil {
		return fmt.Errorf("reading %s: %w", at(o), err)
	}
	m.runs = append(m.runs, run)
	return m.tell(o, "created")
}

// tell prints an object, or that it was made: that is data, unless a display follows.
func (m *maker) tell(o *unstructured.Unstructured, done string) error {
	p := m.printer
	if !m.flags.printed() {
		var err error
		if p, err = m.flags.printer(done); err != nil {
			return err
		}
	}
	out := m.cli.out
	if m.flags.follow {
		out = m.cli.err
	}
	if err := p.PrintObj(o, out); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	return nil
}

// at is an object's kind, namespace and name.
func at(o *unstructured.Unstructured) string {
	name := o.GetName()
	if name == "" {
		name = o.GetGenerateName() + "*"
	}
	return fmt.Sprintf("%s %s/%s", o.GetKind(), o.GetNamespace(), name)
}

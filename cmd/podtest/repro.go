package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/report/repro"
	"github.com/podtest/podtest/internal/settings"
)

// reproFlags say what is to be otherwise, and what is done with the manifest.
type reproFlags struct {
	memory, cpu string
	count       int32
	run         bool
}

func (c *cli) reproVerb() *cobra.Command {
	var o reproFlags
	cmd := &cobra.Command{
		Use:   "repro NAME TEST",
		Short: "Write a TestRun of just one test of a run, and the command that starts it by hand",
		Long: `Writes the manifest of a TestRun that runs one test of another run once: same image, template, pod shape and
settings, one attempt, no other test. Comments above it say how to start the test by hand. With --run it is created
and followed at once, and the exit code is its own.`,
		Example: c.example(
			"podtest repro checkout TestCheckout/empty_cart > one.yaml && podtest run -f one.yaml",
			"podtest repro checkout TestReport --memory 2Gi --run",
			"podtest repro @latest 'unit::cart TestFlaky' --count 100 --run"),
		Args:              c.named(" and a test", 1, -1),
		ValidArgsFunction: c.completeTests,
	}
	flags := cmd.Flags()
	flags.StringVar(&o.memory, "memory", "", "another limit of memory, such as 2Gi")
	flags.StringVar(&o.cpu, "cpu", "", "another limit of CPU, such as 500m")
	flags.Int32Var(&o.count, "count", 1, "run it so often")
	flags.BoolVar(&o.run, "run", false, "create the run and follow it")
	follow := addFollowFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		change, err := o.change()
		if err != nil {
			return err
		}
		cluster, run, err := c.get(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		test, advice, err := c.reproduced(cmd.Context(), cluster, run, strings.Join(args[1:], " "))
		if err != nil {
			return err
		}
		one := test.TestRun(change)
		if !o.run {
			return test.Write(c.out, one, advice)
		}
		strict := client.WithFieldValidation(cluster, metav1.FieldValidationStrict)
		if err := strict.Create(cmd.Context(), one, client.FieldOwner(fieldOwner)); err != nil {
			return fmt.Errorf("creating TestRun %s/%s*: %w", one.Namespace, one.GenerateName, err)
		}
		fmt.Fprintf(c.err, "testrun.podtest.dev/%s created\n", one.Name)
		return c.follow(cmd.Context(), cluster, one, follow)
	}
	return cmd
}

func (o reproFlags) change() (repro.Change, error) {
	change := repro.Change{Count: o.count}
	if o.count < 1 || o.count > 100_000 {
		return change, fmt.Errorf("--count %d: want 1 to 100000", o.count)
	}
	for _, l := range []struct {
		flag, value string
		to          **resource.Quantity
	}{{"memory", o.memory, &change.Memory}, {"cpu", o.cpu, &change.CPU}} {
		if l.value == "" {
			continue
		}
		q, err := resource.ParseQuantity(l.value)
		if err != nil || q.Sign() <= 0 {
			return change, fmt.Errorf("--%s %s: want a quantity such as 512Mi, 2Gi or 500m", l.flag, l.value)
		}
		*l.to = &q
	}
	return change, nil
}

// reproduced is the test that is meant, and what to say of it.
func (c *cli) reproduced(ctx context.Context, cluster client.Client, run *v1alpha1.TestRun, meant string) (
	test repro.Test, advice repro.Advice, err error,
) {
	book, err := open(ctx, cluster, run)
	if err != nil {
		return test, advice, err
	}
	whole, from, err := effective(ctx, cluster, run)
	if err != nil {
		return test, advice, err
	}
	ordinal, err := book.Find(meant)
	if err != nil {
		return test, advice, fmt.Errorf("TestRun %s/%s: %w", run.Namespace, run.Name, err)
	}
	said, err := settings.Overridden(&whole.Spec, book.Catalog(), ordinal)
	if err != nil {
		return test, advice, fmt.Errorf("TestRun %s/%s: %w", run.Namespace, run.Name, err)
	}
	test = repro.Test{Run: whole, Class: book.Class(ordinal), Said: said}
	test.Binary, test.Listed = book.Catalog().Test(ordinal)
	binary, name := book.Names(ordinal)
	told := book.Explain(whole, from, ordinal)
	return test, repro.Advice{
		Podtest: c.command, Told: binary + " " + name, Set: book.Settings(ordinal), Ended: ended(told),
	}, nil
}

// ended is how a test ended, in a sentence or two.
func ended(e report.Explained) string {
	if e.Outcome == "" {
		return strings.Join(e.Story, " ")
	}
	return e.Outcome + ": " + strings.Join(e.Story, " ")
}

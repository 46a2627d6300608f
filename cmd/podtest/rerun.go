package main

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/compose"
)

func (c *cli) rerunVerb() *cobra.Command {
	var failed, infra bool
	cmd := &cobra.Command{
		Use:   "rerun NAME [NAMES]... [-- NAMES --skip NAME --exact]",
		Short: "Run again what a run has left: all tests that have not passed",
		Long: `Creates a run with the spec of an earlier one that runs the tests which have not passed: those that failed,
those without a verdict, and new ones, as nextest's run --rerun does; then follows it. What passed
before counts as passed, through a chain of reruns. Exit code 0 means that nothing is left, 5 that
all passed but other tests are still outstanding.

The flags of run change the spec: --image brings the fix, --memory more room, -E and NAMES narrow the
rerun.`,
		Example: c.example(
			"podtest rerun checkout",
			"podtest rerun checkout --failed --image registry.example/checkout-tests:1.8",
			"podtest rerun checkout --infra   # only what trouble with pods and nodes has left without a verdict"),
		Args:              c.named("", 0, -1),
		ValidArgsFunction: c.completeRuns,
	}
	changes, creation, shown := addChangeFlags(cmd), addCreateFlags(cmd), addFollowFlags(cmd)
	cmd.Flags().Lookup("name").Usage = "name of the new run; without, one is made from the earlier one's"
	cmd.Flags().Lookup("filterset").Usage = "filterset of the tests to run, instead of that of the run; " +
		"of several, what any of them selects"
	cmd.Flags().BoolVar(&failed, "failed", false, "only tests that failed")
	cmd.Flags().BoolVar(&infra, "infra", false, "only tests that were left without a verdict")
	cmd.MarkFlagsMutuallyExclusive("failed", "infra")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if err := creation.complete(); err != nil {
			return err
		}
		if cmd.ArgsLenAtDash() == 0 {
			return fmt.Errorf("the name of the TestRun comes before --: %s %s", c.command, cmd.Use)
		}
		to, err := changes.changes(args[1:])
		if err != nil {
			return err
		}
		set, err := c.again(cmd.Context(), args[0], which(failed, infra), to)
		if err != nil {
			return err
		}
		runs, cluster, err := c.create(cmd.Context(), set, creation)
		if err != nil || !creation.follow {
			return err
		}
		return c.followAll(cmd.Context(), cluster, runs, shown)
	}
	return cmd
}

func which(failed, infra bool) v1alpha1.RerunTests {
	switch {
	case failed:
		return v1alpha1.RerunFailed
	case infra:
		return v1alpha1.RerunNotRun
	}
	return v1alpha1.RerunOutstanding
}

// canRunAgain says early what the operator would say too.
func canRunAgain(parent *v1alpha1.TestRun) error {
	where := parent.Namespace + "/" + parent.Name
	switch {
	case !meta.IsStatusConditionTrue(parent.Status.Conditions, v1alpha1.ConditionComplete):
		return fmt.Errorf("TestRun %s has not ended yet: wait for it, or cancel it", where)
	case parent.Status.Catalog == nil:
		return fmt.Errorf("TestRun %s never knew its tests, so that there is nothing to run again: create a new run", where)
	}
	return nil
}

// numbered are the names that reruns get.
var numbered = regexp.MustCompile(`-again-[a-z0-9]{5}$`)

// maxName leaves room for what is added to a name.
const maxName = 180

// again is a run with the spec of another that runs again what that one has left, changed as the flags say.
func (c *cli) again(
	ctx context.Context, name string, tests v1alpha1.RerunTests, changes compose.Changes,
) (*compose.Set, error) {
	_, parent, err := c.get(ctx, name)
	if err != nil {
		return nil, err
	}
	if err := canRunAgain(parent); err != nil {
		return nil, err
	}
	object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(rerunOf(parent, tests))
	if err != nil {
		return nil, fmt.Errorf("TestRun %s: %w", parent.Name, err)
	}
	delete(object, "status")
	d := compose.Document{Where: "rerun of " + parent.Name, Object: &unstructured.Unstructured{Object: object}}
	if err := changes.Apply(d); err != nil {
		return nil, err
	}
	set := &compose.Set{}
	set.Add(d)
	return set, nil
}

func rerunOf(parent *v1alpha1.TestRun, tests v1alpha1.RerunTests) *v1alpha1.TestRun {
	name := numbered.ReplaceAllString(parent.Name, "")
	name = strings.TrimRight(name[:min(len(name), maxName)], "-.")
	run := &v1alpha1.TestRun{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: compose.KindTestRun},
		ObjectMeta: metav1.ObjectMeta{Namespace: parent.Namespace, GenerateName: name + "-again-"},
		Spec:       *parent.Spec.DeepCopy(),
	}
	for key, value := range parent.Labels {
		if !strings.Contains(key, "/") { // those with a prefix belong to tools, which would take the run for theirs
			metav1.SetMetaDataLabel(&run.ObjectMeta, key, value)
		}
	}
	run.Spec.Rerun = &v1alpha1.Rerun{Name: parent.Name, Tests: tests}
	run.Spec.Suspend, run.Spec.Cancel, run.Spec.Force = false, false, false
	run.Spec.Mode = v1alpha1.ModeRun
	return run
}

package main

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
)

func (c *cli) rerunVerb() *cobra.Command {
	var failed, infra bool
	image, follow := "", true
	cmd := &cobra.Command{
		Use:   "rerun NAME",
		Short: "Run again what a run has left: all tests that have not passed",
		Long: `Creates a run with the spec of an earlier one that runs the tests which have not passed: those that failed,
those without a verdict, and new ones, as nextest's run --rerun does; then follows it. What passed
before counts as passed, through a chain of reruns. Exit code 0 means that nothing is left, 5 that
all passed but other tests are still outstanding.`,
		Example: c.example(
			"podtest rerun checkout",
			"podtest rerun checkout --failed --image registry.example/checkout-tests:1.8",
			"podtest rerun checkout --infra   # only what trouble with pods and nodes has left without a verdict"),
		Args:              c.named("", 0, 0),
		ValidArgsFunction: c.completeRuns,
	}
	o := addFollowFlags(cmd)
	f := cmd.Flags()
	f.BoolVar(&failed, "failed", false, "only tests that failed")
	f.BoolVar(&infra, "infra", false, "only tests that were left without a verdict")
	f.StringVar(&image, "image", "", "another image with the tests, such as one with the fix")
	f.BoolVar(&follow, "follow", true, "follow the run; without, it is created and that is all")
	cmd.MarkFlagsMutuallyExclusive("failed", "infra")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		cluster, parent, err := c.get(cmd.Context(), args[0])
		if err != nil {
			return err
		}
		if err := canRunAgain(parent); err != nil {
			return err
		}
		run := again(parent, which(failed, infra))
		if image != "" {
			spec := &run.Spec.Template.Spec
			spec.Containers[v1alpha1.TestContainer(spec)].Image = image
		}
		if err := c.createRerun(cmd.Context(), cluster, run); err != nil || !follow {
			return err
		}
		return c.follow(cmd.Context(), cluster, run, o)
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

// again is a run with the spec of another that runs again what that one has left.
func again(parent *v1alpha1.TestRun, tests v1alpha1.RerunTests) *v1alpha1.TestRun {
	name := numbered.ReplaceAllString(parent.Name, "")
	name = strings.TrimRight(name[:min(len(name), maxName)], "-.")
	run := &v1alpha1.TestRun{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "TestRun"},
		ObjectMeta: metav1.ObjectMeta{Namespace: parent.Namespace, GenerateName: name + "-again-"},
		Spec:       *parent.Spec.DeepCopy(),
	}
	for key, value := range parent.Labels {
		if !strings.Contains(key, "/") {
			metav1.SetMetaDataLabel(&run.ObjectMeta, key, value)
		}
	}
	run.Spec.Rerun = &v1alpha1.Rerun{Name: parent.Name, Tests: tests}
	run.Spec.Suspend, run.Spec.Cancel, run.Spec.Force = false, false, false
	run.Spec.Mode = v1alpha1.ModeRun
	return run
}

func (c *cli) createRerun(ctx context.Context, cluster client.WithWatch, run *v1alpha1.TestRun) error {
	if len(run.Spec.Template.Spec.Containers) == 0 {
		return errors.New("its template has no container: is it of another version of podtest?")
	}
	strict := client.WithFieldValidation(cluster, metav1.FieldValidationStrict)
	if err := strict.Create(ctx, run, client.FieldOwner("podtest")); err != nil {
		return fmt.Errorf("creating TestRun %s/%s*: %w", run.Namespace, run.GenerateName, err)
	}
	fmt.Fprintf(c.err, "testrun.podtest.dev/%s created\n", run.Name)
	return nil
}

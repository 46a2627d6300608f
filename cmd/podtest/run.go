package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
)

func (c *cli) runVerb() *cobra.Command {
	var files []string
	follow := true
	cmd := &cobra.Command{
		Use:   "run -f FILE",
		Short: "Create TestRuns, follow them, and exit with their exit code",
		Long: `Creates the TestRuns of a manifest, follows one after the other until it ends, and exits with its
exit code; of several, with the first that is not 0. A run has one life: to run the same
tests again, give it another name, or metadata.generateName instead of a name.`,
		Example: c.example(
			"podtest run -f testrun.yaml --namespace ci",
			"podtest run -f - < testrun.yaml",
			"podtest run -f testrun.yaml --follow=false"),
		Args: cobra.NoArgs,
	}
	o := addFollowFlags(cmd)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		runs, cluster, err := c.createAll(cmd.Context(), files)
		if err != nil || !follow {
			return err
		}
		return c.followAll(cmd.Context(), cluster, runs, o)
	}
	cmd.Flags().StringArrayVarP(&files, "filename", "f", nil,
		"manifest with TestRuns; - is standard input; may be given several times")
	cmd.Flags().BoolVar(&follow, "follow", true, "follow the runs; without, they are created and that is all")
	return cmd
}

func (c *cli) createAll(ctx context.Context, files []string) ([]*v1alpha1.TestRun, client.WithWatch, error) {
	manifests, err := c.manifests(files)
	if err != nil {
		return nil, nil, err
	}
	cluster, err := c.connect()
	if err != nil {
		return nil, nil, err
	}
	runs, err := c.create(ctx, cluster, manifests)
	return runs, cluster, err
}

// followAll follows one run after the other; the error is the first exit code that is not 0.
func (c *cli) followAll(
	ctx context.Context, cluster client.WithWatch, runs []*v1alpha1.TestRun, o followFlags,
) error {
	var first error
	for _, run := range runs {
		err := c.follow(ctx, cluster, run, o)
		if first == nil {
			first = err
		}
		if code := exitCode(0); err != nil && (ctx.Err() != nil || !errors.As(err, &code)) {
			return err
		}
	}
	return first
}

// manifests are the TestRuns of the files, each in its namespace.
func (c *cli) manifests(files []string) ([]*unstructured.Unstructured, error) {
	if len(files) == 0 {
		return nil, fmt.Errorf("no manifest: %s run -f FILE", c.command)
	}
	namespace, told, err := c.namespace()
	if err != nil {
		return nil, err
	}
	var all []*unstructured.Unstructured
	for _, file := range files {
		manifests, err := c.readManifest(file)
		if err != nil {
			return nil, err
		}
		for _, m := range manifests {
			if err := place(m, namespace, told); err != nil {
				return nil, err
			}
		}
		all = append(all, manifests...)
	}
	return all, nil
}

func (c *cli) readManifest(file string) ([]*unstructured.Unstructured, error) {
	if file == "-" {
		return readTestRuns("standard input", c.in)
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("reading a manifest: %w", err)
	}
	defer func() { _ = f.Close() }() // it was only read
	return readTestRuns(file, f)
}

// place sets the namespace of a manifest that names none.
func place(m *unstructured.Unstructured, namespace string, told bool) error {
	switch was := m.GetNamespace(); {
	case was == "":
		m.SetNamespace(namespace)
	case told && was != namespace:
		return fmt.Errorf("TestRun %s is of namespace %s, and --namespace says %s: leave one of them out",
			nameOf(m), was, namespace)
	}
	return nil
}

func nameOf(m *unstructured.Unstructured) string {
	if m.GetName() == "" {
		return m.GetGenerateName() + "*"
	}
	return m.GetName()
}

// create makes the runs. Unknown fields are an error: a misspelt one would change what is tested.
func (c *cli) create(
	ctx context.Context, cluster client.WithWatch, manifests []*unstructured.Unstructured,
) ([]*v1alpha1.TestRun, error) {
	strict := client.WithFieldValidation(cluster, metav1.FieldValidationStrict)
	runs := make([]*v1alpha1.TestRun, 0, len(manifests))
	for _, m := range manifests {
		where := m.GetNamespace() + "/" + nameOf(m)
		err := strict.Create(ctx, m, client.FieldOwner("podtest"))
		if apierrors.IsAlreadyExists(err) {
			return nil, fmt.Errorf("TestRun %s exists: give this run another name, or metadata.generateName, or delete that one",
				where)
		}
		if err != nil {
			return nil, fmt.Errorf("creating TestRun %s: %w", where, err)
		}
		run := &v1alpha1.TestRun{}
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(m.Object, run); err != nil {
			return nil, fmt.Errorf("reading TestRun %s: %w", where, err)
		}
		fmt.Fprintf(c.out, "testrun.podtest.dev/%s created\n", run.Name)
		runs = append(runs, run)
	}
	return runs, nil
}

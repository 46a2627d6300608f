package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/records"
	"github.com/podtest/podtest/internal/report"
)

// patience is how long a shell waits for proposals.
const patience = 3 * time.Second

// most is how many proposals a shell is given.
const most = 500

// kubectlComplete is asked by kubectl, which completes its plugins by programs of such names.
const kubectlComplete = `#!/bin/sh
# kubectl_complete-podtest: kubectl runs it to complete "kubectl podtest ...".
exec kubectl-podtest __complete "$@"
`

// addCompletion adds cobra's verb that writes completion scripts, and the script that kubectl asks.
func (c *cli) addCompletion(root *cobra.Command) {
	root.SetOut(c.out) // cobra's verb keeps what it is at this moment
	root.InitDefaultCompletionCmd()
	for _, verb := range root.Commands() {
		if verb.Name() != "completion" {
			continue
		}
		verb.Short = "Write the script that completes podtest in a shell"
		verb.AddCommand(&cobra.Command{
			Use:   "kubectl",
			Short: "Write the script that completes kubectl podtest",
			Long: `Writes the script that completes kubectl podtest, in any shell in which kubectl itself is completed. kubectl
looks for it in PATH by the name kubectl_complete-podtest, as it looks for the plugin by the name kubectl-podtest.`,
			Example: `  podtest completion kubectl > ~/.local/bin/kubectl_complete-podtest
  chmod +x ~/.local/bin/kubectl_complete-podtest
  ln -s "$(command -v podtest)" ~/.local/bin/kubectl-podtest   # unless podtest is installed as a plugin`,
			Args:              cobra.NoArgs,
			ValidArgsFunction: cobra.NoFileCompletions,
			RunE: func(*cobra.Command, []string) error {
				_, err := fmt.Fprint(c.out, kubectlComplete)
				return err
			},
		})
	}
}

// complete lets the shell propose the values of a flag, and no files.
func complete(cmd *cobra.Command, flag string, values ...string) {
	directive := cobra.ShellCompDirectiveNoFileComp
	for _, v := range values {
		if last := v[len(v)-1]; last == '/' || last == ':' {
			directive |= cobra.ShellCompDirectiveNoSpace
		}
	}
	completeBy(cmd, flag, cobra.FixedCompletions(values, directive))
}

// completeBy lets a function propose the values of a flag.
func completeBy(cmd *cobra.Command, flag string, by cobra.CompletionFunc) {
	if err := cmd.RegisterFlagCompletionFunc(flag, by); err != nil {
		panic(err) // the flag is not there, or has it already: a mistake that every start shows
	}
}

// completeRuns proposes the names of the runs of the namespace as the first argument.
func (c *cli) completeRuns(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	if len(args) > 0 {
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return c.completeNames(cmd, begun, &v1alpha1.TestRunList{})
}

// completeProfiles proposes the names of the TestProfiles of the namespace.
func (c *cli) completeProfiles(cmd *cobra.Command, _ []string, begun string) ([]string, cobra.ShellCompDirective) {
	return c.completeNames(cmd, begun, &v1alpha1.TestProfileList{})
}

func (c *cli) completeNames(
	cmd *cobra.Command, begun string, list client.ObjectList,
) ([]string, cobra.ShellCompDirective) {
	return c.propose(cmd, func(ctx context.Context, cluster client.Client, namespace string) []string {
		if err := cluster.List(ctx, list, client.InNamespace(namespace), client.Limit(most)); err != nil {
			return nil
		}
		var names []string
		switch l := list.(type) {
		case *v1alpha1.TestRunList:
			for _, run := range l.Items {
				names = append(names, run.Name)
			}
		case *v1alpha1.TestProfileList:
			for _, profile := range l.Items {
				names = append(names, profile.Name)
			}
		}
		return slices.DeleteFunc(names, func(n string) bool { return !strings.HasPrefix(n, begun) })
	})
}

// completeTests proposes runs as the first argument, then the selected tests of that run: by name, or by binary id and
// name where tests share a name.
func (c *cli) completeTests(cmd *cobra.Command, args []string, begun string) ([]string, cobra.ShellCompDirective) {
	switch len(args) {
	case 0:
		return c.completeRuns(cmd, args, begun)
	case 1:
	default:
		return nil, cobra.ShellCompDirectiveNoFileComp
	}
	return c.propose(cmd, func(ctx context.Context, cluster client.Client, namespace string) []string {
		run := &v1alpha1.TestRun{}
		if err := cluster.Get(ctx, client.ObjectKey{Namespace: namespace, Name: args[0]}, run); err != nil {
			return nil
		}
		cat, set, err := records.LoadTests(ctx, cluster, run)
		if err != nil {
			return nil
		}
		return testsLike(report.NewBook(cat, set), begun)
	})
}

func testsLike(book *report.Book, begun string) []string {
	shared := map[string]int{}
	book.Selected(func(ordinal uint32, _ report.Entry, _ bool) {
		_, name := book.Names(ordinal)
		shared[name]++
	})
	var found []string
	book.Selected(func(ordinal uint32, _ report.Entry, _ bool) {
		binary, name := book.Names(ordinal)
		if shared[name] > 1 {
			name = binary + " " + name
		}
		if len(found) < most && strings.HasPrefix(name, begun) {
			found = append(found, report.Line(name).String())
		}
	})
	slices.Sort(found)
	return slices.Compact(found)
}

// propose asks the cluster for proposals; a cluster that does not answer proposes nothing.
func (c *cli) propose(
	cmd *cobra.Command, ask func(context.Context, client.Client, string) []string,
) ([]string, cobra.ShellCompDirective) {
	const directive = cobra.ShellCompDirectiveNoFileComp
	namespace, _, err := c.namespace()
	if err != nil {
		return nil, directive
	}
	cluster, err := c.connect()
	if err != nil {
		return nil, directive
	}
	ctx, stop := context.WithTimeout(cmd.Context(), patience)
	defer stop()
	return ask(ctx, cluster, namespace), directive
}

package install

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"

	"github.com/podtest/podtest/api/v1alpha1"
)

// Losses is what goes when the kinds of podtest go, or waits when its manager goes.
type Losses struct {
	Runs       int
	Namespaces int
	Unfinished int
	Teardowns  []string // runs whose fixtures are yet to be torn down: they go only when that is done
}

// Losses counts the runs that an installation looks after; those of all with a nil installation.
func (c Cluster) Losses(ctx context.Context, of *Installation) (Losses, error) {
	var l Losses
	var runs v1alpha1.TestRunList
	err := c.Client.List(ctx, &runs)
	switch {
	case meta.IsNoMatchError(err):
		return l, nil
	case err != nil:
		return l, fmt.Errorf("counting TestRuns: %w", err)
	}
	namespaces := map[string]bool{}
	for i := range runs.Items {
		run := &runs.Items[i]
		if of != nil && !of.Watches(run.Namespace) {
			continue
		}
		l.Runs++
		namespaces[run.Namespace] = true
		if !meta.IsStatusConditionTrue(run.Status.Conditions, v1alpha1.ConditionComplete) {
			l.Unfinished++
		}
		if slices.Contains(run.Finalizers, v1alpha1.FinalizerTeardown) {
			l.Teardowns = append(l.Teardowns, run.Namespace+"/"+run.Name)
		}
	}
	l.Namespaces = len(namespaces)
	return l, nil
}

// String is what would be lost.
func (l Losses) String() string {
	text := fmt.Sprintf("%s with all results in %s, %d of them not finished", count(l.Runs, "TestRun"),
		count(l.Namespaces, "namespace"), l.Unfinished)
	if len(l.Teardowns) > 0 {
		text += "; fixtures to tear down first: " + some(l.Teardowns)
	}
	return text
}

func count(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// some of the names, and how many more there are.
func some(names []string) string {
	const most = 5
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

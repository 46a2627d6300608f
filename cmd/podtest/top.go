package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/report"
)

// topFlags say what tests are ranked by, and of which runs.
type topFlags struct {
	output, by, selector string
	count                int
	all                  bool
}

// topList is what top knows, as one document.
type topList struct {
	By    string          `json:"by"`
	Runs  int             `json:"runs"`
	Tests []report.Ranked `json:"tests"`
}

func (c *cli) topVerb() *cobra.Command {
	o := topFlags{output: "table"}
	cmd := &cobra.Command{
		Use:   "top [NAME]",
		Short: "Show the tests that take most time or memory, or are flaky, of one run or of many",
		Long: `Shows the tests of a run that take most time, memory or CPU, or that needed several attempts. With --all or -l
it looks at all runs of the namespace, or at those with a label, one after the other: how often each test was flaky or
failed, out of how many runs, and its longest and mean time. Runs whose tests are not known yet are left out.

A test is flaky that passed after an attempt that failed, or that failed in some runs and passed in others.`,
		Example: c.example(
			"podtest top checkout --by memory --count 20",
			"podtest top --all --by flaky --namespace ci",
			"podtest top -l branch=main --by duration -o json"),
		Args:              cobra.MaximumNArgs(1),
		ValidArgsFunction: c.completeRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(args); err != nil {
				return err
			}
			ranking, err := c.rank(cmd.Context(), args, o)
			if err != nil {
				return err
			}
			top := ranking.Top(o.by, o.count)
			if o.output == "table" {
				return report.WriteTop(c.out, top, o.many())
			}
			return c.document(o.output, "TestRanking", topList{By: o.by, Runs: ranking.Runs, Tests: top})
		},
	}
	flags := cmd.Flags()
	flags.StringVarP(&o.output, "output", "o", o.output, "table or one of "+documentFormats)
	flags.StringVar(&o.by, "by", "", strings.Join(report.Ranks, ", ")+"; default duration, of many runs flaky")
	flags.IntVar(&o.count, "count", 10, "how many tests are shown")
	flags.BoolVar(&o.all, "all", false, "of all runs of the namespace")
	flags.StringVarP(&o.selector, "selector", "l", "", "of all runs with these labels, such as branch=main")
	return cmd
}

func (o *topFlags) many() bool { return o.all || o.selector != "" }

func (o *topFlags) check(args []string) error {
	if err := checkFormat(o.output, "table"); err != nil {
		return err
	}
	o.by = cmp.Or(o.by, map[bool]string{false: "duration", true: "flaky"}[o.many()])
	switch {
	case !slices.Contains(report.Ranks, o.by):
		return fmt.Errorf("--by %s: want one of %s", o.by, strings.Join(report.Ranks, ", "))
	case o.count < 1:
		return errors.New("--count: want 1 or more")
	case o.many() == (len(args) == 1):
		return errors.New("want the name of a TestRun, or --all, or a selector with -l")
	}
	return nil
}

// rank reads one run after the other: of each only its figures are kept.
func (c *cli) rank(ctx context.Context, args []string, o topFlags) (*report.Ranking, error) {
	ranking := report.NewRanking()
	if len(args) == 1 {
		list, err := c.resultsOf(ctx, args[0])
		ranking.Add(list.Run, list.Results)
		return ranking, err
	}
	namespace, _, err := c.namespace()
	if err != nil {
		return nil, err
	}
	selector, err := labels.Parse(o.selector)
	if err != nil {
		return nil, fmt.Errorf("-l %s: %w", o.selector, err)
	}
	cluster, err := c.connect()
	if err != nil {
		return nil, err
	}
	opts := []client.ListOption{client.InNamespace(namespace), client.MatchingLabelsSelector{Selector: selector}}
	type newer struct {
		key  client.ObjectKey
		made time.Time
	}
	var runs []newer
	err = eachRun(ctx, cluster, opts, func(run *v1alpha1.TestRun) error {
		if run.Status.Catalog != nil {
			runs = append(runs, newer{client.ObjectKeyFromObject(run), run.CreationTimestamp.Time})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(runs, func(a, b newer) int { return b.made.Compare(a.made) })
	for _, run := range runs {
		if err := c.rankRun(ctx, cluster, run.key, ranking); err != nil {
			return nil, err
		}
	}
	return ranking, nil
}

// rankRun tells of a run that cannot be read, or has gone meanwhile: the others still say something.
func (c *cli) rankRun(ctx context.Context, cluster client.Client, key client.ObjectKey, ranking *report.Ranking) error {
	var run v1alpha1.TestRun
	err := cluster.Get(ctx, key, &run)
	if err == nil {
		var book *report.Book
		if book, err = open(ctx, cluster, &run); err == nil {
			ranking.Add(run.Name, book.Results(&run))
			return nil
		}
	}
	if ctx.Err() == nil {
		fmt.Fprintf(c.err, "warning: left out: %s\n", report.Line(err.Error()))
	}
	return ctx.Err()
}

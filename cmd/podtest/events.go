package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/report/chronicle"
)

// happened is what events knows, as one document.
type happened struct {
	Namespace string            `json:"namespace"`
	Run       string            `json:"run"`
	Events    []chronicle.Entry `json:"events"`
}

func (c *cli) eventsVerb() *cobra.Command {
	output, watch := "lines", false
	cmd := &cobra.Command{
		Use:   "events NAME",
		Short: "Show what happened to a run, its pods and its fixtures, in order of time",
		Long: `Shows Kubernetes' events about a run, its listing Job, its pods, batches and fixtures, with the ends of its
workers and the changes of its conditions among them, in order of time. What happened several times is one line with
its count; a line with ! is a warning. A cluster keeps events for an hour by default, ends and conditions stay.

With -w it goes on until the run is complete. Exit code 0 says nothing of the run itself: podtest watch does.`,
		Example: c.example(
			"podtest events checkout --namespace ci",
			"podtest events @latest -w",
			"podtest events checkout -o jsonl | jq 'select(.warning)'"),
		Args:              c.named("", 0, 0),
		ValidArgsFunction: c.completeRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := checkFormat(output, "lines", "jsonl"); err != nil {
				return err
			}
			if watch && isDocument(output) {
				return fmt.Errorf("-o %s is one document, and -w goes on: take lines or jsonl", output)
			}
			return c.events(cmd.Context(), args[0], output, watch)
		},
	}
	cmd.Flags().StringVarP(&output, "output", "o", output, "lines, jsonl or one of "+documentFormats)
	cmd.Flags().BoolVarP(&watch, "watch", "w", false, "go on until the run is complete")
	return cmd
}

func (c *cli) events(ctx context.Context, name, output string, watch bool) error {
	cluster, run, err := c.get(ctx, name)
	if err != nil {
		return err
	}
	all := chronicle.New(run)
	if err := all.Read(ctx, cluster); err != nil {
		if watch || !apierrors.IsForbidden(err) {
			return fmt.Errorf("TestRun %s/%s: %w", run.Namespace, run.Name, err)
		}
		fmt.Fprintf(c.err, "warning: %s\n", report.Line(err.Error()))
	}
	show := func(entries []chronicle.Entry) error {
		if output == "jsonl" {
			return report.WriteJSONLines(c.out, entries)
		}
		return chronicle.Write(c.out, entries, c.now().Location())
	}
	if isDocument(output) {
		return c.document(output, "TestEvents", happened{Namespace: run.Namespace, Run: run.Name, Events: all.Fresh()})
	}
	if err := show(all.Fresh()); err != nil || !watch || all.Complete() {
		return err
	}
	err = all.Follow(ctx, chronicle.Following{Client: cluster, Now: c.now, Show: show})
	if errors.Is(err, context.Canceled) {
		return nil // the user has seen enough
	}
	if err != nil {
		return fmt.Errorf("TestRun %s/%s: %w", run.Namespace, run.Name, err)
	}
	return nil
}

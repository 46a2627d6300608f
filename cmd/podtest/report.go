package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/report/ctrf"
	"github.com/podtest/podtest/internal/report/facts"
	"github.com/podtest/podtest/internal/report/html"
	"github.com/podtest/podtest/internal/report/markdown"
	"github.com/podtest/podtest/internal/report/trace"
)

// reportOptions are those of the verb.
type reportOptions struct {
	format string
	file   string
	most   int
}

func (c *cli) reportVerb() *cobra.Command {
	o := reportOptions{format: "html", most: markdown.Comment}
	cmd := &cobra.Command{
		Use:   "report NAME",
		Short: "Write a report of a run: an HTML page, a trace, Markdown or CTRF",
		Long: `Writes a report of a run, also while the run goes on.

  html      one file that needs nothing else: failures first, all tests, a timeline by pod and slot
  trace     Chrome's trace events, for https://ui.perfetto.dev and chrome://tracing
  markdown  a summary for a comment or a step's summary on GitHub; --max-bytes keeps it within their limits
  ctrf      JSON in the Common Test Report Format, for tools that read it`,
		Example: c.example(
			"podtest report checkout --namespace ci --output-file report.html",
			`podtest report checkout -o markdown --max-bytes 1000000 >> "$GITHUB_STEP_SUMMARY"`,
			"podtest report checkout -o trace --output-file trace.json"),
		Args:              c.named("", 0, 0),
		ValidArgsFunction: c.completeRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			cluster, run, err := c.get(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			return c.writeReport(cmd.Context(), cluster, run, o)
		},
	}
	cmd.Flags().StringVarP(&o.format, "output", "o", o.format, strings.Join(formatNames(), ", "))
	cmd.Flags().StringVar(&o.file, "output-file", o.file, "file to write; none or -: standard output")
	cmd.Flags().IntVar(&o.most, "max-bytes", o.most, "most bytes of the Markdown summary: GitHub takes "+
		fmt.Sprintf("%d in a comment, %d in a step's summary", markdown.Comment, markdown.StepSummary))
	return cmd
}

func (o reportOptions) check() error {
	if formats[o.format] == nil {
		return fmt.Errorf("-o %s: want one of %s", o.format, strings.Join(formatNames(), ", "))
	}
	if o.most < markdown.Least {
		return fmt.Errorf("--max-bytes %d: want at least %d", o.most, markdown.Least)
	}
	return nil
}

// formats are the reports that are made of the facts of a run.
var formats = map[string]func(w io.Writer, run *facts.Run, o reportOptions) error{
	"html":  func(w io.Writer, run *facts.Run, _ reportOptions) error { return html.Write(w, run) },
	"trace": func(w io.Writer, run *facts.Run, _ reportOptions) error { return trace.Write(w, run) },
	"ctrf":  func(w io.Writer, run *facts.Run, _ reportOptions) error { return ctrf.Write(w, run) },
	"markdown": func(w io.Writer, run *facts.Run, o reportOptions) error {
		return markdown.Write(w, run, o.most)
	},
}

func formatNames() []string { return slices.Sorted(maps.Keys(formats)) }

// writeReport touches no file before the report is whole.
func (c *cli) writeReport(ctx context.Context, r client.Client, run *v1alpha1.TestRun, o reportOptions) error {
	in, err := c.input(ctx, r, run)
	if err != nil {
		return err
	}
	var text bytes.Buffer
	if err := formats[o.format](&text, facts.Of(in, c.command), o); err != nil {
		return err
	}
	if o.file == "" || o.file == "-" {
		_, err = text.WriteTo(c.out)
		return err
	}
	return writeFile(o.file, text.Bytes())
}

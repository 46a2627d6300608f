package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/report/junit"
)

// junitFlags say where the report goes and how large it may be.
type junitFlags struct {
	file, maxSize string
	split         bool
}

func (c *cli) junitVerb() *cobra.Command {
	o := junitFlags{maxSize: "25M"}
	cmd := &cobra.Command{
		Use:   "junit NAME",
		Short: "Write what became of each test of a run as JUnit XML",
		Long: `Writes one JUnit report for all pods of a run, in nextest's dialect, also while the run goes on: tests without
a verdict are in it as skipped. The run's settings under junit say what else is in it.

CI systems take no file of any size: GitLab 30 MB, and 100 MB a job. A larger report is cut: first what passed tests
printed, then the middle of what failed ones did, the longest first; the report says so. With --split it is several
files instead: junit.xml, junit-2.xml and so on.`,
		Example: c.example(
			"podtest junit checkout --namespace ci --output-file junit.xml",
			"podtest junit checkout --max-size 10M --split --output-file junit.xml",
			"podtest junit checkout | xmllint --xpath 'count(//failure)' -"),
		Args:              c.named("", 0, 0),
		ValidArgsFunction: c.completeRuns,
		RunE: func(cmd *cobra.Command, args []string) error {
			limits, err := o.limits()
			if err != nil {
				return err
			}
			cluster, run, err := c.get(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			in, err := c.input(cmd.Context(), cluster, run)
			if err != nil {
				return err
			}
			return c.writeJUnit(in, o.file, limits)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&o.file, "output-file", "", "file to write; none or -: standard output")
	flags.StringVar(&o.maxSize, "max-size", o.maxSize, "how large a file may be, such as 25M; 0: any size")
	flags.BoolVar(&o.split, "split", false, "write several files rather than cut what tests printed")
	return cmd
}

func (o junitFlags) limits() (junit.Limits, error) {
	size, err := resource.ParseQuantity(o.maxSize)
	switch {
	case err != nil || size.Sign() < 0:
		return junit.Limits{}, fmt.Errorf("--max-size %s: want a size such as 25M or 8Mi", o.maxSize)
	case o.split && (o.file == "" || o.file == "-"):
		return junit.Limits{}, errors.New("--split writes several files: name the first with --output-file FILE")
	}
	return junit.Limits{MaxSize: size.Value(), Split: o.split}, nil
}

// writeJUnit touches no file before the report is whole.
func (c *cli) writeJUnit(in report.Input, file string, limits junit.Limits) error {
	made, err := junit.Build(in, limits)
	if err != nil {
		return err
	}
	if made.Cut > 0 {
		fmt.Fprintf(c.err, "warning: %d bytes of what tests printed are not in the JUnit report, which may have %d: "+
			"raise --max-size, or --split it\n", made.Cut, limits.MaxSize)
	}
	for i, text := range made.Files {
		if file == "" || file == "-" {
			_, err = c.out.Write(text)
		} else {
			err = os.WriteFile(fileName(file, i), text, 0o644)
		}
		if err != nil {
			return fmt.Errorf("writing the JUnit report: %w", err)
		}
	}
	return nil
}

// fileName is "junit.xml", then "junit-2.xml" and so on.
func fileName(file string, i int) string {
	if i == 0 {
		return file
	}
	ext := filepath.Ext(file)
	return fmt.Sprintf("%s-%d%s", strings.TrimSuffix(file, ext), i+1, ext)
}

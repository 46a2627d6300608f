package main

import (
	"crypto/rand"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/report/ci"
	"github.com/podtest/podtest/internal/report/facts"
	"github.com/podtest/podtest/internal/report/markdown"
)

// ciFlags say for which CI system run, watch and rerun print, and hold what its limits count: a whole step.
type ciFlags struct {
	asked  string
	system ci.System
	log    ci.Log

	annotations ci.Annotations
	failed      bool // a run of this step has
}

func addCIFlag(cmd *cobra.Command) *ciFlags {
	f := &ciFlags{}
	cmd.Flags().StringVar(&f.asked, "ci", ci.Auto,
		"print for the log of a CI system: "+strings.Join(ci.Names, ", ")+"; auto looks at the environment")
	return f
}

// beginCI makes up its mind before anything is printed.
func (c *cli) beginCI(f *ciFlags) error {
	system, err := ci.Detect(f.asked, os.Getenv)
	if err != nil || f.system != "" {
		return err
	}
	f.system = system
	f.log = ci.Log{System: system, Token: "podtest-" + rand.Text(), Now: c.now}
	if at := os.Getenv("GITHUB_WORKSPACE"); at != "" && system == ci.GitHub {
		f.annotations.Sources = ci.NewSources(os.DirFS(at))
	}
	return nil
}

// colors is whether the log shows them though it is no terminal.
func (f *ciFlags) colors() bool {
	return (f.system == ci.GitHub || f.system == ci.GitLab) && os.Getenv("NO_COLOR") == ""
}

// wantsInput is whether the end of a run is told by all that is known of it.
func (f *ciFlags) wantsInput() bool { return f.system == ci.GitHub }

// hintCI tells the user of GitLab of what is missing.
func (c *cli) hintCI(f *ciFlags, files *reportFiles) {
	if f.system == ci.GitLab && files.junit == "" {
		fmt.Fprintln(c.err, "hint: GitLab shows tests itself with --junit junit.xml, and artifacts:reports:junit in the job")
	}
}

// endCI tells GitHub of a run that has ended: annotations in the log, the step's summary, values for later steps. Of a
// run whose tests are not known, the input has no book. Troubles here change no exit code.
func (c *cli) endCI(f *ciFlags, in report.Input) {
	if f.system != ci.GitHub {
		return
	}
	text := f.annotations.Run(in.Run)
	if in.Book != nil {
		text = f.annotations.Tests(in)
	}
	_, _ = c.out.Write(text)
	for _, err := range []error{c.writeSummary(in), f.writeOutputs(in.Run)} {
		if err != nil {
			fmt.Fprintf(c.err, "warning: %s\n", report.Line(err.Error()))
		}
	}
}

// writeSummary adds the run to GitHub's page of the step.
func (c *cli) writeSummary(in report.Input) error {
	file := os.Getenv("GITHUB_STEP_SUMMARY")
	if file == "" {
		return nil
	}
	there := int64(0)
	if info, err := os.Stat(file); err == nil {
		there = info.Size()
	}
	text, err := ci.Summary(there, in, func(w io.Writer, in report.Input, budget int) error {
		return markdown.Write(w, facts.Of(in, c.command), budget)
	})
	if err != nil {
		return err
	}
	return add(file, text)
}

// writeOutputs tells later steps of the first run that failed, or of the last one.
func (f *ciFlags) writeOutputs(run *v1alpha1.TestRun) error {
	file := os.Getenv("GITHUB_OUTPUT")
	if file == "" || f.failed {
		return nil
	}
	f.failed = run.Status.ExitCode == nil || *run.Status.ExitCode != 0
	return add(file, []byte(ci.Outputs(run)))
}

func add(file string, text []byte) error {
	f, err := os.OpenFile(file, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("telling GitHub: %w", err)
	}
	if _, err := f.Write(text); err != nil {
		_ = f.Close()
		return fmt.Errorf("telling GitHub: writing %s: %w", file, err)
	}
	return f.Close()
}

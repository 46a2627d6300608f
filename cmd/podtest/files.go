package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/report/facts"
	"github.com/podtest/podtest/internal/report/junit"
	"github.com/podtest/podtest/internal/report/markdown"
)

// reportFiles are the reports that are written when a run has ended: of run, watch and rerun. Each is a file's name.
type reportFiles struct{ html, junit, markdown, trace, ctrf string }

func addReportFiles(cmd *cobra.Command) *reportFiles {
	var f reportFiles
	for _, flag := range []struct {
		file       *string
		name, what string
	}{
		{&f.ctrf, "ctrf", "a CTRF report"},
		{&f.junit, "junit", "a JUnit report"},
		{&f.markdown, "markdown", "a Markdown summary"},
		{&f.html, "report", "an HTML report"},
		{&f.trace, "trace", "a Chrome trace"},
	} {
		cmd.Flags().StringVar(flag.file, flag.name, "", "file to write "+flag.what+" to when the run has ended")
	}
	return &f
}

// wanted is false if none is to be written.
func (f *reportFiles) wanted() bool { return *f != reportFiles{} }

// write writes them. The command is how podtest was called.
func (f *reportFiles) write(in report.Input, command string) error {
	if f.junit != "" {
		var text bytes.Buffer
		if err := junit.Write(&text, in); err != nil {
			return err
		}
		if err := writeFile(f.junit, text.Bytes()); err != nil {
			return err
		}
	}
	run := facts.Of(in, command)
	for format, file := range map[string]string{
		"html": f.html, "markdown": f.markdown, "trace": f.trace, "ctrf": f.ctrf,
	} {
		if file == "" {
			continue
		}
		var text bytes.Buffer
		if err := formats[format](&text, run, reportOptions{most: markdown.Comment}); err != nil {
			return err
		}
		if err := writeFile(file, text.Bytes()); err != nil {
			return err
		}
	}
	return nil
}

// writeFile writes a report that is whole.
func writeFile(name string, text []byte) error {
	if err := os.WriteFile(name, text, 0o644); err != nil {
		return fmt.Errorf("writing a report: %w", err)
	}
	return nil
}

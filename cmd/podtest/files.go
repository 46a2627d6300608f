package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/report/junit"
)

// reportFiles are the reports that are written when a run has ended: of run, watch and rerun.
type reportFiles struct{ junit string }

func addReportFiles(cmd *cobra.Command) *reportFiles {
	var f reportFiles
	cmd.Flags().StringVar(&f.junit, "junit", "", "file to write a JUnit report to when the run has ended")
	return &f
}

// wanted is false if none is to be written.
func (f *reportFiles) wanted() bool { return f.junit != "" }

// write writes them.
func (f *reportFiles) write(in report.Input) error {
	if f.junit == "" {
		return nil
	}
	file, err := os.Create(f.junit)
	if err != nil {
		return fmt.Errorf("writing the JUnit report: %w", err)
	}
	if err := junit.Write(file, in); err != nil {
		_ = file.Close()
		return fmt.Errorf("writing %s: %w", f.junit, err)
	}
	return file.Close()
}

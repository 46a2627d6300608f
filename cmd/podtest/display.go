package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/podtest/podtest/internal/report"
)

// displayFlags say how a run is shown while it goes on: of run, watch and rerun.
type displayFlags struct{}

func addDisplayFlags(_ *cobra.Command) *displayFlags { return &displayFlags{} }

// display shows the events of one run.
type display struct {
	cli     *cli
	printer *report.Printer
	ci      *ciFlags
}

func (c *cli) display(_ *displayFlags, f *ciFlags) *display {
	o := renderOptions(c.out)
	o.Color = o.Color || f.colors()
	return &display{cli: c, printer: report.NewPrinter(o), ci: f}
}

// Show shows one event; an error means that nobody reads any more.
func (d *display) Show(e report.Event) error {
	d.printer.SetWidth(width(d.cli.out))
	if _, err := d.cli.out.Write(d.ci.log.Add(e, d.printer.Print(e))); err != nil {
		return fmt.Errorf("writing: %w", err)
	}
	return nil
}

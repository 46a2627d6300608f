package main

import (
	"io"
	"os"

	"golang.org/x/term"

	"github.com/podtest/podtest/internal/report"
)

// renderOptions say for whom w is written. NO_COLOR and CLICOLOR_FORCE are the common agreements.
func renderOptions(w io.Writer) report.Options {
	var o report.Options
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		o.Terminal = os.Getenv("TERM") != "dumb"
		o.Width = width(w)
	}
	o.Color = o.Terminal
	if force := os.Getenv("CLICOLOR_FORCE"); force != "" && force != "0" {
		o.Color = true
	}
	if os.Getenv("NO_COLOR") != "" {
		o.Color = false
	}
	return o
}

// width of a terminal, or 0.
func width(w io.Writer) int {
	f, ok := w.(*os.File)
	if !ok {
		return 0
	}
	columns, _, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0
	}
	return columns
}

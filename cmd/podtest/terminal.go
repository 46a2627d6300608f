package main

import (
	"io"
	"os"
	"strings"

	"golang.org/x/term"

	"github.com/podtest/podtest/internal/report"
)

// renderOptions say for whom w is written. NO_COLOR and CLICOLOR_FORCE are the common agreements.
func renderOptions(w io.Writer) report.Options {
	o := report.Options{ASCII: !unicodeShown()}
	if f, ok := w.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		o.Terminal = os.Getenv("TERM") != "dumb"
		o.Width, o.Height = size(w)
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

// unicodeShown is false where the locale says otherwise, and on the kernel's own console.
func unicodeShown() bool {
	if os.Getenv("TERM") == "linux" {
		return false
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if locale := strings.ToLower(os.Getenv(name)); locale != "" {
			return strings.Contains(locale, "utf-8") || strings.Contains(locale, "utf8")
		}
	}
	return true
}

// size of a terminal in columns and rows, or 0.
func size(w io.Writer) (columns, rows int) {
	f, ok := w.(*os.File)
	if !ok {
		return 0, 0
	}
	columns, rows, err := term.GetSize(int(f.Fd()))
	if err != nil {
		return 0, 0
	}
	return columns, rows
}

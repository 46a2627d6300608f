package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/report"
)

// displayFlags say how a run is shown while it goes on: of run, watch, rerun and replay.
type displayFlags struct {
	format, status, final, failure, success, progress, color string

	hideBar, noIndent, verbose bool
}

func addDisplayFlags(cmd *cobra.Command) *displayFlags {
	f := displayFlags{format: "human", status: "pass", final: "flaky", progress: "auto", color: "auto"}
	flags := cmd.Flags()
	for _, w := range f.words() {
		flags.Var(w, w.flag, w.usage+": "+strings.Join(w.words, ", "))
		complete(cmd, w.flag, w.words...)
	}
	flags.BoolVar(&f.hideBar, "hide-progress-bar", false, "show no progress bar: --show-progress none")
	flags.BoolVar(&f.noIndent, "no-output-indent", false, "do not indent what tests printed")
	flags.BoolVarP(&f.verbose, "verbose", "v", false, "name the pod and node of each test")
	return &f
}

// word is a flag that takes one of some words.
type word struct {
	to          *string
	flag, usage string
	words       []string
}

func (w word) String() string { return *w.to }

// Type names the kind of value in help texts.
func (word) Type() string { return "word" }

// Set takes the word, if it is one.
func (w word) Set(s string) error {
	if !slices.Contains(w.words, s) {
		return fmt.Errorf("want one of %s", strings.Join(w.words, ", "))
	}
	*w.to = s
	return nil
}

func (f *displayFlags) words() []word {
	output := []string{"immediate", "immediate-final", "final", "never"}
	return []word{
		{&f.format, "message-format", "for people, or a JSON object a line for programs", []string{"human", "json"}},
		{&f.status, "status-level", "which tests get a line when they end", spelt(report.StatusLevels)},
		{&f.final, "final-status-level", "which get one at the end of the run", spelt(report.FinalLevels)},
		{&f.failure, "failure-output", "when to show what failed tests printed (default: as the run says)", output},
		{
			&f.success, "success-output",
			"when to show what passed tests printed; run and rerun have it kept for that (default: as the run says)", output,
		},
		{&f.progress, "show-progress", "how to show progress", spelt(report.ProgressModes)},
		{&f.color, "color", "when to use colors", []string{"auto", "always", "never"}},
	}
}

func spelt[W ~string](words []W) []string {
	var all []string
	for _, w := range words {
		all = append(all, string(w))
	}
	return all
}

// machine reports whether standard output is for programs: nothing but events belongs there.
func (f *displayFlags) machine() bool { return f.format == "json" }

// options are the flags for a printer.
func (f *displayFlags) options(o report.Options) report.Options {
	o.Status, o.Final = report.StatusLevel(f.status), report.FinalLevel(f.final)
	o.Progress = report.ProgressMode(f.progress)
	if f.hideBar {
		o.Progress = "none"
	}
	o.FailureOutput, o.SuccessOutput = report.OutputPolicies[f.failure], report.OutputPolicies[f.success]
	o.NoIndent, o.Verbose = f.noIndent, f.verbose
	switch f.color {
	case "always":
		o.Color = true
	case "never":
		o.Color = false
	}
	return o
}

// follower is what turns a run into events for this display.
func (f *displayFlags) follower(command string) report.Follower {
	return report.Follower{
		Command:       command,
		FailureOutput: report.OutputPolicies[f.failure], SuccessOutput: report.OutputPolicies[f.success],
		Skipped: f.status == "skip" || f.status == "all" || slices.Contains([]string{"skip", "leak", "pass", "all"}, f.final),
	}
}

// sink takes in the events of a run, one after the other.
type sink interface {
	// Show shows one event; an error means that nobody reads any more.
	Show(e report.Event) error
	// Close leaves a tidy screen behind, wherever the run is.
	Close() error
}

// display shows the events of one run.
func (c *cli) display(f *displayFlags, ci *ciFlags) sink {
	if f.machine() {
		return &stream{cli: c}
	}
	o := renderOptions(c.out)
	o.Color = o.Color || ci.colors()
	return &screen{cli: c, printer: report.NewPrinter(f.options(o)), ci: ci}
}

// screen shows events to people.
type screen struct {
	cli     *cli
	printer *report.Printer
	ci      *ciFlags
}

func (s *screen) Show(e report.Event) error {
	s.printer.SetSize(size(s.cli.out))
	return s.write(s.ci.log.Add(e, s.printer.Print(e)))
}

func (s *screen) Close() error {
	return s.write(s.printer.Close())
}

func (s *screen) write(text []byte) error {
	if len(text) == 0 {
		return nil
	}
	if _, err := s.cli.out.Write(text); err != nil {
		return writeError{err}
	}
	return nil
}

// progressEvery is how often a stream tells of progress, if it has changed.
const progressEvery = time.Second

// stream writes events for programs.
type stream struct {
	cli  *cli
	told time.Time // of progress
}

func (s *stream) Show(e report.Event) error {
	now := s.cli.now()
	if _, ok := e.(report.Progress); ok {
		if now.Sub(s.told) < progressEvery {
			return nil
		}
		s.told = now
	}
	line, err := report.EncodeEvent(e, now)
	if err != nil {
		return err
	}
	if _, err := s.cli.out.Write(line); err != nil {
		return writeError{err}
	}
	return nil
}

// Close has nothing to do.
func (*stream) Close() error { return nil }

// writeError is output that could not be written.
type writeError struct{ err error }

func (w writeError) Error() string { return "writing: " + w.err.Error() }

func (w writeError) Unwrap() error { return w.err }

// unwritten ends podtest when its output cannot be written. A reader that has gone knows that it has: no word about it.
func (c *cli) unwritten(err error) error {
	if _, ok := errors.AsType[writeError](err); !ok {
		return err
	}
	if !errors.Is(err, syscall.EPIPE) {
		fmt.Fprintf(c.err, "error: %s\n", report.Line(err.Error()))
	}
	return exitCode(v1alpha1.ExitOutput)
}

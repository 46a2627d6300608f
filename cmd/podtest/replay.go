package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/report"
)

func (c *cli) replayVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "replay [FILE]",
		Short: "Show a run again from the events that --message-format json wrote",
		Long: `Shows a run again from the events that --message-format json wrote, as it was shown while it went on or
otherwise: all display flags work. Needs no cluster. Ends with the exit code of the run; of several, with the first that
is not 0. A recording without the end of its run ends with exit code 106.`,
		Example: c.example(
			"podtest watch checkout --message-format json > events.jsonl",
			"podtest replay events.jsonl --status-level fail --failure-output final",
			"podtest watch checkout --message-format json | tee events.jsonl | podtest replay"),
		Args: cobra.MaximumNArgs(1),
	}
	o := addDisplayFlags(cmd)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		if len(args) == 0 || args[0] == "-" {
			return c.replay("standard input", c.in, o)
		}
		f, err := os.Open(args[0])
		if err != nil {
			return fmt.Errorf("reading a recording: %w", err)
		}
		defer func() { _ = f.Close() }() // it was only read
		return c.replay(args[0], f, o)
	}
	return cmd
}

// recording is one that is shown.
type recording struct {
	cli   cli // whose clock is that of the recording
	flags *displayFlags
	shown sink
	at    time.Time
	goes  bool // a run has begun and not ended
	code  int32
}

func (c *cli) replay(name string, in io.Reader, o *displayFlags) error {
	r := &recording{cli: *c, flags: o}
	r.cli.now = func() time.Time { return r.at }
	lines := bufio.NewReader(in)
	for n := 1; ; n++ {
		line, err := lines.ReadBytes('\n')
		whole := err == nil
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("reading %s: %w", name, err)
		}
		if len(bytes.TrimSpace(line)) > 0 {
			err = r.show(line)
		} else {
			err = nil
		}
		_, unwritten := errors.AsType[writeError](err)
		switch {
		case unwritten:
			return c.unwritten(err)
		case err != nil && whole:
			r.close()
			return fmt.Errorf("%s, line %d: %w", name, n, err)
		case !whole:
			return c.replayed(name, r)
		}
	}
}

// replayed is how a recording ends.
func (c *cli) replayed(name string, r *recording) error {
	r.close()
	if r.goes || r.shown == nil {
		fmt.Fprintf(c.err, "error: %s ends before its run does\n", report.Line(name))
		return exitCode(v1alpha1.ExitIncomplete)
	}
	if r.code != 0 {
		return exitCode(r.code)
	}
	return nil
}

func (r *recording) show(line []byte) error {
	e, at, err := report.DecodeEvent(line)
	if errors.Is(err, report.ErrUnknownEvent) {
		return nil
	}
	if err != nil {
		return err
	}
	r.at = at
	switch e := e.(type) {
	case report.Begun:
		r.close()
		r.shown, r.goes = r.cli.display(r.flags, &ciFlags{}), true
	case report.Ended:
		r.goes = false
		if r.code == 0 {
			r.code = e.ExitCode
		}
	}
	if r.shown == nil {
		r.shown, r.goes = r.cli.display(r.flags, &ciFlags{}), true
	}
	return r.shown.Show(e)
}

func (r *recording) close() {
	if r.shown != nil {
		_ = r.shown.Close() // what matters was written
	}
}

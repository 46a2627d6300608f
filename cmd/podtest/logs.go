package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/settings"
)

func (c *cli) logsVerb() *cobra.Command {
	l := &logs{cli: c, shown: map[uint16]bool{}}
	failed := false
	cmd := &cobra.Command{
		Use:   "logs NAME TEST",
		Short: "Show what the attempts of a test printed: while it runs, and when its pods are gone",
		Long: `Shows what the attempts of a test printed. The test is told by its name, or by its binary id and
its name if tests of several binaries share it.

Of an attempt that runs, what it has printed so far is asked of its pod, and with --follow what
it prints until it ends; this needs the right to create pods/exec. Of one that has ended, what is
stored is shown, even when its pod is gone: of failed attempts always; what attempts that passed
printed is kept only if successOutput or junit.storeSuccessOutput of the run says so.`,
		Example: c.example(
			"podtest logs checkout TestCheckout/empty_cart",
			"podtest logs checkout 'unit::cart.test TestCheckout/empty_cart' --attempt 2",
			"podtest logs checkout TestMigration --follow",
			"podtest logs checkout --failed",
			"podtest logs checkout TestReport --raw | less -R"),
		Args: func(cmd *cobra.Command, args []string) error {
			if failed {
				return c.named(" and no test beside --failed", 0, 0)(cmd, args)
			}
			return c.named(" and a test", 1, -1)(cmd, args)
		},
		ValidArgsFunction: c.completeTests,
		RunE: func(cmd *cobra.Command, args []string) error {
			var err error
			if l.cluster, l.run, err = c.get(cmd.Context(), args[0]); err != nil {
				return err
			}
			if failed {
				return l.failed(cmd.Context())
			}
			return l.test(cmd.Context(), strings.Join(args[1:], " "))
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&l.raw, "raw", false, "print bytes as they were, control characters and all")
	flags.BoolVarP(&l.follow, "follow", "f", false, "go on until the attempt that runs has ended; wait for it to begin")
	flags.Uint16Var(&l.attempt, "attempt", 0, "only the attempt of this number, from 1")
	flags.BoolVar(&failed, "failed", false, "all tests that have failed")
	return cmd
}

// logs shows what attempts printed.
type logs struct {
	cli         *cli
	cluster     client.WithWatch
	run         *v1alpha1.TestRun
	raw, follow bool
	attempt     uint16          // 0: all
	shown       map[uint16]bool // attempts of the test that were shown
}

// test shows the attempts of one test: those that have ended, and the one that runs.
func (l *logs) test(ctx context.Context, meant string) error {
	in, err := l.cli.input(ctx, l.cluster, l.run)
	if err != nil {
		return err
	}
	ordinal, err := in.Book.Find(meant)
	if err == nil && in.Book.Reason(ordinal) != settings.Selected {
		err = fmt.Errorf("%s is not selected: `%s explain` tells why", in.Book.Test(ordinal), l.cli.command)
	}
	if err != nil {
		return fmt.Errorf("TestRun %s/%s: %w", l.run.Namespace, l.run.Name, err)
	}
	if err := l.stored(in, ordinal); err != nil {
		return err
	}
	if l.attempt > 0 && l.shown[l.attempt] {
		return nil
	}
	attempts := in.Book.Attempts(ordinal)
	if l.run.Status.CompletionTime == nil && !decided(attempts) {
		return l.live(ctx, in.Book, ordinal)
	}
	return l.noneLeft(in.Book, ordinal)
}

// noneLeft is said of a test that has ended when nothing could be shown.
func (l *logs) noneLeft(book *report.Book, ordinal uint32) error {
	attempts := book.Attempts(ordinal)
	switch {
	case len(attempts) == 0:
		fmt.Fprintf(l.cli.err, "%s has not ended an attempt yet\n", book.Test(ordinal))
	case l.attempt > 0 && !l.shown[l.attempt]:
		last := attempts[len(attempts)-1].Row.Attempt
		return fmt.Errorf("%s has no attempt %d: the last one is %d", book.Test(ordinal), l.attempt, last)
	}
	return nil
}

func decided(attempts []report.Entry) bool {
	return len(attempts) > 0 && attempts[0].Decided
}

// failed shows the attempts of all tests that have failed.
func (l *logs) failed(ctx context.Context) error {
	in, err := l.cli.input(ctx, l.cluster, l.run)
	if err != nil {
		return err
	}
	var failed []uint32
	in.Book.Selected(func(ordinal uint32, e report.Entry, decided bool) {
		if decided && !e.Row.Outcome.Good() {
			failed = append(failed, ordinal)
		}
	})
	if len(failed) == 0 {
		fmt.Fprintf(l.cli.err, "no test of TestRun %s/%s has failed\n", l.run.Namespace, l.run.Name)
	}
	for i, ordinal := range failed {
		if i > 0 {
			fmt.Fprintln(l.cli.out)
		}
		if _, err := fmt.Fprintf(l.cli.out, "=== %s\n", in.Book.Test(ordinal)); err != nil {
			return fmt.Errorf("writing: %w", err)
		}
		clear(l.shown)
		if err := l.stored(in, ordinal); err != nil {
			return err
		}
	}
	return nil
}

// stored shows the attempts of a test that have ended and were not shown yet.
func (l *logs) stored(in report.Input, ordinal uint32) error {
	for _, a := range in.Book.Attempts(ordinal) {
		if l.shown[a.Row.Attempt] || l.attempt > 0 && l.attempt != a.Row.Attempt {
			continue
		}
		l.shown[a.Row.Attempt] = true
		o, ok := in.Outputs[report.Try{Ordinal: ordinal, Attempt: a.Row.Attempt}]
		if err := report.WriteOutput(l.cli.out, title(a), o, l.raw); err != nil {
			return fmt.Errorf("writing: %w", err)
		}
		switch {
		case ok:
		case a.Row.Outcome.Good():
			fmt.Fprintln(l.cli.err, "what it printed is not kept, for it did not fail")
		default:
			fmt.Fprintf(l.cli.err, "no output is stored; what is known of it:\n%s\n", report.Block(a.Excerpt))
		}
	}
	return nil
}

func title(e report.Entry) string {
	title := fmt.Sprintf("attempt %d: %s", e.Row.Attempt, e.Row.Outcome)
	if why := report.Why(e.Row); why != "" {
		title += ", " + why
	}
	took := (time.Duration(e.Row.Duration) * time.Microsecond).Seconds()
	return fmt.Sprintf("%s, %.3fs, pod %s", title, took, e.Pod)
}

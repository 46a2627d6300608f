package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/records"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/wire"
)

func (c *cli) logsVerb() *cobra.Command {
	raw := false
	cmd := &cobra.Command{
		Use:   "logs NAME TEST",
		Short: "Show what the failed attempts of a test printed, even when their pods are gone",
		Long: `Shows what the failed attempts of a test printed. The test is told by its name, or by its binary id
and its name if tests of several binaries share it. What attempts that passed printed is kept only if
successOutput or junit.storeSuccessOutput of the run says so.`,
		Example: c.example(
			"podtest logs checkout TestCheckout/empty_cart",
			"podtest logs checkout 'unit::cart.test TestCheckout/empty_cart'",
			"podtest logs checkout TestReport --raw | less -R"),
		Args:              c.named(" and a test", 1, -1),
		ValidArgsFunction: c.completeTests,
		RunE: func(cmd *cobra.Command, args []string) error {
			cluster, run, err := c.get(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			book, err := open(cmd.Context(), cluster, run)
			if err != nil {
				return err
			}
			ordinal, err := find(book, strings.Join(args[1:], " "))
			if err != nil {
				return fmt.Errorf("TestRun %s/%s: %w", run.Namespace, run.Name, err)
			}
			return c.printOutputs(cmd.Context(), cluster, run, shown{book: book, ordinal: ordinal, raw: raw})
		},
	}
	cmd.Flags().BoolVar(&raw, "raw", false, "print bytes as they were, control characters and all")
	return cmd
}

// shown is the test whose output is shown.
type shown struct {
	book    *report.Book
	ordinal uint32
	raw     bool
}

func (c *cli) printOutputs(ctx context.Context, r client.Reader, run *v1alpha1.TestRun, s shown) error {
	outputs := map[uint16]wire.Output{}
	err := records.LoadOutputs(ctx, r, run, func(_ string, o wire.Output) error {
		if o.Ordinal == s.ordinal {
			outputs[o.Attempt] = o
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("TestRun %s/%s: %w", run.Namespace, run.Name, err)
	}
	attempts := s.book.Attempts(s.ordinal)
	if len(attempts) == 0 {
		fmt.Fprintf(c.err, "%s has not ended an attempt yet\n", s.book.Test(s.ordinal))
		return nil
	}
	for _, a := range attempts {
		o, ok := outputs[a.Row.Attempt]
		if err := report.WriteOutput(c.out, title(a), o, s.raw); err != nil {
			return fmt.Errorf("writing: %w", err)
		}
		switch {
		case ok:
		case a.Row.Outcome.Good():
			fmt.Fprintln(c.err, "what it printed is not kept, for it did not fail")
		default:
			fmt.Fprintf(c.err, "no output is stored; what is known of it:\n%s\n", report.Block(a.Excerpt))
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

// proposals is how many tests are named when none or several are meant.
const proposals = 10

// find is the test that is meant: by binary id and name, or by a name that is one test's only.
func find(book *report.Book, meant string) (uint32, error) {
	var exact, named []uint32
	var like []string
	book.Selected(func(ordinal uint32, _ report.Entry, _ bool) {
		binary, name := book.Names(ordinal)
		switch full := binary + " " + name; {
		case full == meant || book.Test(ordinal).String() == meant:
			exact = append(exact, ordinal)
		case name == meant:
			named = append(named, ordinal)
			like = append(like, full)
		case strings.Contains(full, meant):
			like = append(like, full)
		}
	})
	if len(exact) == 1 {
		return exact[0], nil
	}
	if len(named) == 1 && len(exact) == 0 {
		return named[0], nil
	}
	problem := fmt.Errorf("no selected test is called %q", meant)
	if len(named) > 1 {
		problem = fmt.Errorf("%d tests are called %q: say the binary id too", len(named), meant)
	}
	if len(like) == 0 {
		return 0, problem
	}
	more := ""
	if len(like) > proposals {
		more = fmt.Sprintf("\n  and %d more", len(like)-proposals)
		like = like[:proposals]
	}
	return 0, fmt.Errorf("%w; these are like it:\n  %s%s", problem, strings.Join(like, "\n  "), more)
}

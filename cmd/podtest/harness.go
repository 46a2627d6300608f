package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podtest/podtest/internal/agent/process"
	"github.com/podtest/podtest/internal/compose"
	"github.com/podtest/podtest/internal/harness"
	"github.com/podtest/podtest/internal/harness/check"
	"github.com/podtest/podtest/internal/harness/exec"
	"github.com/podtest/podtest/internal/harness/golang"
	"github.com/podtest/podtest/internal/harness/libtest"
	"github.com/podtest/podtest/internal/harness/nextest"
	"github.com/podtest/podtest/internal/local"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/wire"
)

func (c *cli) harnessVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "harness",
		Short: "Help for authors of harnesses",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.harnessCheckVerb())
	return cmd
}

// harnessFlags say which harness is checked, and how much of it.
type harnessFlags struct {
	files  []string
	suites compose.Suites
	format string
	sample int
	limit  time.Duration
}

func (c *cli) harnessCheckVerb() *cobra.Command {
	var o harnessFlags
	cmd := &cobra.Command{
		Use:   "check (--list COMMAND --run COMMAND | --go PATTERN | --libtest PATTERN | -f FILE)",
		Short: "Say what a harness gets wrong, and what to do about it",
		Long: `Lists the tests twice, runs some of them twice and one that does not exist, on this machine, and says
what is wrong. Exit code 0: nothing is; 96: something is. Notes are no errors. Commands are a program and
its arguments; no shell takes part. One argument of --run is {id}, which stands for the test.`,
		Example: c.example(
			"podtest harness check --list './suite list' --run './suite run {id}'",
			"podtest harness check --list './suite list --json' --run './suite run {id}' --format JSON --sample 20",
			"podtest harness check --go './*.test'",
			"podtest harness check -f testrun.yaml"),
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.checkHarness(cmd.Context(), o) },
	}
	f := cmd.Flags()
	f.StringVar(&o.suites.ExecList, "list", "", "command that prints the tests")
	f.StringVar(&o.suites.ExecRun, "run", "", "command that runs the test {id}")
	f.StringVar(&o.format, "format", exec.Lines, "what --list prints: Lines, Libtest or JSON")
	f.StringArrayVar(&o.suites.Go, "go", nil, "test binaries of `go test -c`, a path or pattern")
	f.StringArrayVar(&o.suites.Libtest, "libtest", nil, "test binaries that speak libtest's protocol, a path or pattern")
	f.StringArrayVarP(&o.files, "filename", "f", nil, "manifest with a TestRun: its suites are checked")
	f.IntVar(&o.sample, "sample", 3, "how many tests are run")
	f.DurationVar(&o.limit, "timeout", time.Minute, "how long each process may take")
	complete(cmd, "format", exec.Lines, exec.Libtest, exec.JSON)
	return cmd
}

// suitesToCheck are those that the flags mean.
func (c *cli) suitesToCheck(o harnessFlags) ([]wire.Suite, error) {
	var set compose.Set
	switch {
	case len(o.files) > 0:
		documents, err := c.manifests(o.files)
		if err != nil {
			return nil, err
		}
		set.Add(documents...)
	case !o.suites.Any():
		return nil, fmt.Errorf("nothing to check: say how tests are listed and run: %s harness check --list './suite list' "+
			"--run './suite run {id}'", c.command)
	default:
		document, err := o.suites.Here()
		if err != nil {
			return nil, errors.New(strings.NewReplacer("--exec-", "--").Replace(err.Error()))
		}
		set.Add(withFormat(document, o.format))
	}
	runs, _, err := set.Typed()
	if err != nil {
		return nil, err
	}
	dir, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("finding the current folder: %w", err)
	}
	var all []wire.Suite
	for _, run := range runs {
		suites, wrong := local.Suites(run, dir)
		if len(wrong) > 0 && len(o.files) > 0 {
			return nil, errors.New(strings.Join(wrong, "\n"))
		}
		all = append(all, suites...)
	}
	return all, nil
}

func withFormat(d compose.Document, format string) compose.Document {
	suites, _, _ := unstructured.NestedSlice(d.Object.Object, "spec", "suites")
	for _, s := range suites {
		if suite, ok := s.(map[string]any); ok && suite["exec"] != nil {
			_ = unstructured.SetNestedField(suite, format, "exec", "list", "format")
		}
	}
	_ = unstructured.SetNestedSlice(d.Object.Object, suites, "spec", "suites")
	return d
}

func (c *cli) checkHarness(ctx context.Context, o harnessFlags) error {
	suites, err := c.suitesToCheck(o)
	if err != nil {
		return err
	}
	family, err := process.Adopt()
	if err != nil {
		return err
	}
	harnesses := map[string]harness.Harness{
		"exec": exec.New(), "go": golang.New(), "libtest": libtest.New(), "nextest": nextest.New(),
	}
	wrong := 0
	for _, s := range suites {
		found, err := check.Check(ctx, check.Options{
			Suite: s, Harness: harnesses[s.Harness], Sample: o.sample, Limit: o.limit, Environ: os.Environ(), Family: family,
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(c.out, "suite %s\n", report.Line(s.Name))
		for _, f := range found {
			wrong += c.tellFinding(f)
		}
	}
	if wrong > 0 {
		fmt.Fprintf(c.out, "%d wrong\n", wrong)
		return exitCode(exitUsage)
	}
	fmt.Fprintln(c.out, "nothing is wrong")
	return nil
}

// tellFinding shows a finding; 1: it is an error.
func (c *cli) tellFinding(f check.Finding) int {
	fmt.Fprintf(c.out, "%7s  %s\n", f.Level, strings.ReplaceAll(report.Block(f.What).String(), "\n", "\n         "))
	if f.Do != "" {
		fmt.Fprintf(c.out, "         -> %s\n", f.Do)
	}
	if f.Level == check.Wrong {
		return 1
	}
	return 0
}

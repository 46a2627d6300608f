package main

import (
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"strconv"
	"strings"
	"syscall"

	"github.com/spf13/cobra"
	apiruntime "k8s.io/apimachinery/pkg/runtime"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/agent/process"
	"github.com/podtest/podtest/internal/local"
)

// localFlags make a verb do without a cluster.
type localFlags struct {
	on     bool
	source *sourceFlags
}

func addLocalFlags(cmd *cobra.Command, source *sourceFlags) *localFlags {
	o := &localFlags{source: source}
	cmd.Flags().BoolVar(&o.on, "local", false,
		"on this machine, without a cluster: binaries are its files, and each test is a process")
	return o
}

// meant is a run as it is asked for.
type meant struct {
	written *v1alpha1.TestRun // without the defaults of the API
	options local.Options
}

// read is what is to be run here. Tests at a time may be told by the number of processors, which are the ones that
// count.
func (o *localFlags) read(c *cli, args []string) ([]meant, error) {
	slots := 0
	if f := o.source.cmd.Flags().Lookup("test-threads"); f.Changed {
		var err error
		if slots, err = threads(f.Value.String(), runtime.NumCPU()); err != nil {
			return nil, fmt.Errorf("--test-threads %s: %w", f.Value, err)
		}
		f.Changed = false // it says nothing of pods here
	}
	o.source.here = true
	set, err := o.source.read(c, args)
	if err != nil {
		return nil, err
	}
	runs, profiles, err := set.Typed()
	if err != nil {
		return nil, err
	}
	var all []meant
	for i, run := range runs {
		m := meant{written: &v1alpha1.TestRun{}}
		object := set.Runs[i].Object.Object
		if err := apiruntime.DefaultUnstructuredConverter.FromUnstructured(object, m.written); err != nil {
			return nil, fmt.Errorf("%s: %w", set.Runs[i].Where, err)
		}
		if m.options, err = c.localOptions(run, profiles); err != nil {
			return nil, fmt.Errorf("%s: %w", set.Runs[i].Where, err)
		}
		m.options.Slots = slots
		all = append(all, m)
	}
	return all, nil
}

// threads is how many tests run at a time: a number, num-cpus, or so many fewer than there are processors.
func threads(text string, processors int) (int, error) {
	n, err := strconv.Atoi(text)
	switch {
	case text == "num-cpus":
		return processors, nil
	case err != nil || n == 0:
		return 0, errors.New("want a number of tests, at least 1, or num-cpus")
	case n < 0:
		return max(1, processors+n), nil
	}
	return n, nil
}

func (c *cli) localOptions(run *v1alpha1.TestRun, profiles []*v1alpha1.TestProfile) (local.Options, error) {
	run, from, err := local.Effective(run, profiles)
	if err != nil {
		return local.Options{}, err
	}
	dir, err := os.Getwd()
	if err != nil {
		return local.Options{}, fmt.Errorf("finding the current folder: %w", err)
	}
	family, err := process.Adopt()
	if err != nil {
		return local.Options{}, err
	}
	return local.Options{
		Run: run, From: from, Dir: dir, Environ: os.Environ(), Family: family, Now: c.now,
		Runner: []string{"/proc/self/exe", verbRunner},
	}, nil
}

// interrupts are the user's wishes that all should end.
type interrupts struct{ c chan os.Signal }

func onInterrupt() interrupts {
	c := make(chan os.Signal, 8)
	signal.Notify(c, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	return interrupts{c}
}

func (i interrupts) stop() { signal.Stop(i.c) }

// runLocal runs one run after the other on this machine; the error is the first exit code that is not 0.
func (c *cli) runLocal(args []string, o *localFlags, shown followFlags) error {
	runs, err := o.read(c, args)
	if err != nil {
		return err
	}
	interrupt := onInterrupt()
	defer interrupt.stop()
	var first error
	for _, m := range runs {
		m.options.Interrupt = interrupt.c
		err := c.runHere(m, shown)
		if first == nil {
			first = err
		}
		if code := exitCode(0); err != nil && (!errors.As(err, &code) || code == exitCode(v1alpha1.ExitCancelled)) {
			return err
		}
	}
	return first
}

func (c *cli) runHere(m meant, o followFlags) error {
	c.sayLocal(m.written)
	shown, err := c.begin(o)
	if err != nil {
		return err
	}
	m.options.Follower = o.display.follower(c.command)
	m.options.Print = shown.Show
	in, err := local.Run(m.options)
	_ = shown.Close() // what matters was written
	if in.Run == nil {
		return err
	}
	if err != nil {
		return c.unwritten(err)
	}
	return c.exit(in.Run, c.reportOf(in, listed(in.Run), o))
}

// sayLocal says what is not done here.
func (c *cli) sayLocal(written *v1alpha1.TestRun) {
	fmt.Fprintln(c.err, "running on this machine, each test a process: no image, no resource limits, no node placement")
	if none := local.Without(written); len(none) > 0 {
		fmt.Fprintln(c.err, "without effect here:", strings.Join(none, ", "))
	}
}

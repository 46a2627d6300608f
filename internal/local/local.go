// Package local runs a TestRun on this machine, without Kubernetes: the same listing, settings, plan, runner and
// reports, with processes in the place of pods. One goroutine is what reporter, collector and controllers are on a
// cluster; a child process is the runner, as it is in a pod. It reads and writes no API object: those that it makes
// are for reports alone. It refuses what only a cluster can do.
package local

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"time"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/agent/process"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/settings"
	"github.com/podtest/podtest/internal/wire"
)

// Options say what to run, and with what.
type Options struct {
	Run     *v1alpha1.TestRun   // the effective one
	From    settings.Provenance // what of it comes from a profile
	Slots   int                 // tests at a time; 0: as many as there are processors
	Dir     string              // relative paths begin here
	Environ []string
	// Runner is a command that does what agent.RunOn does with Descriptor.
	Runner []string
	// Family looks after orphans: this process must be a reaper. nil: those of a runner that dies are left.
	Family *process.Family
	// Interrupt ends the run: the first tests are given their grace, after the second they are killed.
	Interrupt <-chan os.Signal
	// Print gets the events, one at a time. An error means that nobody reads any more: the run ends.
	Print func(report.Event) error
	// Follower makes them; its fields say what is wanted.
	Follower report.Follower
	Now      func() time.Time
}

// Without is what of a run has no effect on this machine, as far as it says anything of it.
func Without(run *v1alpha1.TestRun) []string { return without(run) }

// Run runs the tests and returns all that reports are made from; status.exitCode of its run is the verdict. An error
// says that there is none: what is written here cannot be, or nobody reads.
func Run(o Options) (report.Input, error) {
	p, err := newPlay(o)
	if err != nil {
		return report.Input{}, err
	}
	defer p.close()
	p.begin()
	err = p.list()
	if err == nil {
		p.listed()
		err = p.fixtures()
	}
	if err == nil {
		err = p.work()
	}
	if e, is := errors.AsType[ended](err); is {
		p.end(e.Ending)
		err = nil
	}
	p.tearDown()
	p.finish()
	in := report.Input{Run: p.run, Book: p.book(), Outputs: p.outputs.kept, Now: o.Now()}
	return in, errors.Join(err, p.broken)
}

// Listed are the tests that there are, and what holds for them.
type Listed struct {
	Run      *v1alpha1.TestRun // status.exitCode is set if they could not be listed
	Why      string            // they could not
	Catalog  *catalog.Catalog
	Settings *settings.Resolved
}

// List lists the tests and runs none.
func List(o Options) (Listed, error) {
	o.Print = func(report.Event) error { return nil }
	p, err := newPlay(o)
	if err != nil {
		return Listed{}, err
	}
	defer p.close()
	p.begin()
	err = p.list()
	if e, is := errors.AsType[ended](err); is {
		p.end(e.Ending)
		return Listed{Run: p.run, Why: e.Message}, nil
	}
	return Listed{Run: p.run, Catalog: p.cat, Settings: p.set}, err
}

func newPlay(o Options) (*play, error) {
	o.Slots = cmp.Or(o.Slots, runtime.NumCPU())
	temp, err := os.MkdirTemp("", "podtest-local-")
	if err != nil {
		return nil, fmt.Errorf("making a temporary folder: %w", err)
	}
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	return &play{
		o: o, run: here(o.Run, o.Slots, o.Dir), host: host, temp: temp,
		environ: environ(o.Environ, append(variables(o.Run), "TMPDIR="+temp)),
		workers: map[int]*worker{}, events: make(chan event, eventsHeld), tick: time.NewTicker(progressEvery),
		outputs: outputs{kept: map[report.Try]wire.Output{}}, follower: o.Follower,
	}, nil
}

// environ is env with entries added, each in the place of one of its name.
func environ(env, more []string) []string {
	names := map[string]bool{}
	for _, entry := range more {
		names[nameOf(entry)] = true
	}
	env = slices.DeleteFunc(slices.Clone(env), func(entry string) bool { return names[nameOf(entry)] })
	return append(env, more...)
}

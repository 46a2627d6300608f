// Bench measures podtest on the real node of hack/cluster, beside what one would do without it:
//
//	go run ./test/bench [-run c1,m2] [-json FILE]
//
// Figures that matter are ratios within one run, from interleaved pairs, so that they hold on other machines too. No
// time passes or fails anything: gates are shown beside the figures. docs/performance.md tells what they mean.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"slices"
	"strings"
	"time"
)

// bench is a measurement that can be selected by its name.
type bench struct {
	name string
	what string
	run  func(context.Context, *session) ([]figure, error)
}

// benches are run in this order: idle memory is read before anything else has disturbed the manager.
var benches = []bench{
	{"idle", "memory of the manager before the runs", managerIdle},
	{"size", "size of the agent", agentSize},
	{"c1", "calibration: starting a process", calibrateSpawn},
	{"c3", "calibration: a no-op pod's life", calibratePod},
	{"m2", "a TestRun of 2,000 no-op tests against xargs -P2", againstXargs},
	{"m3", "the agent's own CPU and memory per test", agentOverhead},
	{"m5", "listing complete to first test", listToFirstTest},
	{"m7", "last verdict to Complete", verdictToComplete},
	{"jobs", "1,000 no-op tests: TestRun, Job of hash shards, Job of a pod per test", againstJobs},
	{"after", "memory of the manager after the runs", managerAfter},
}

func main() {
	log.SetFlags(log.Ltime)
	if len(os.Args) > 1 && os.Args[1] == spawnVerb {
		spawnMain(os.Args[2:])
		return
	}
	var o options
	selected := flag.String("run", "", "names of benches, separated by commas (default: all)")
	jsonFile := flag.String("json", "", "file to write the figures to as JSON as well")
	flag.IntVar(&o.pairs, "pairs", 5, "how many interleaved pairs")
	flag.DurationVar(&o.patience, "patience", 20*time.Second, "how long to wait for a quiet machine before each pair")
	flag.StringVar(&o.agent, "agent", "bin/agent", "the agent to measure")
	flag.Usage = usage
	flag.Parse()
	chosen, err := choose(*selected)
	if err != nil {
		log.Fatal(err)
	}
	if !measure(o, chosen, *jsonFile) {
		os.Exit(1)
	}
}

func usage() {
	fmt.Fprintln(os.Stderr, "usage: go run ./test/bench [flags], from the top of the source tree, as root")
	flag.PrintDefaults()
	for _, b := range benches {
		fmt.Fprintf(os.Stderr, "  %-6s %s\n", b.name, b.what)
	}
}

func choose(names string) ([]bench, error) {
	if names == "" {
		return benches, nil
	}
	var chosen []bench
	wanted := strings.Split(names, ",")
	for _, b := range benches {
		if i := slices.Index(wanted, b.name); i >= 0 {
			chosen = append(chosen, b)
			wanted = slices.Delete(wanted, i, i+1)
		}
	}
	if len(wanted) > 0 {
		return nil, fmt.Errorf("no bench is called %q", wanted[0])
	}
	return chosen, nil
}

// measure runs the benches and prints what they found; a bench that cannot be run does not keep the others from it.
func measure(o options, chosen []bench, jsonFile string) bool {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	s := newSession(o)
	defer s.close()
	r := newReport(ctx)
	for _, b := range chosen {
		log.Printf("%s: %s", b.name, b.what)
		figures, err := b.run(ctx, s)
		for i := range figures {
			figures[i].Bench = b.name
		}
		r.Figures = append(r.Figures, figures...)
		if err != nil {
			log.Printf("%s: %v", b.name, err)
			r.Errors = append(r.Errors, fmt.Sprintf("%s: %v", b.name, err))
		}
	}
	r.print(os.Stdout)
	if jsonFile != "" {
		if err := r.write(jsonFile); err != nil {
			log.Print(err)
			return false
		}
	}
	return len(r.Errors) == 0
}

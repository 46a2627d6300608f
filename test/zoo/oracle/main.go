// Oracle runs the test binaries of an image by hand and writes what became of each test as JSON lines:
// `go run ./test/zoo/oracle [-jobs 2] [-timeout 120s] OUT.json ROOT`. It is the independent judge of podtest's
// verdicts, so it shares no code with podtest or with the builder of the image, and it must not begin to.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"maps"
	"os"
	"slices"
	"sync"
	"time"
)

var (
	jobs    = flag.Int("jobs", 2, "tests at a time")
	timeout = flag.Duration("timeout", 120*time.Second, "time limit of one test")
)

// A verdict is one line of the answer.
type verdict struct {
	Binary  string  `json:"binary"`
	Name    string  `json:"name"`
	Outcome string  `json:"outcome"` // passed, failed, skipped, crashed, timedOut; listFailed without a name
	Why     string  `json:"why,omitempty"`
	Seconds float64 `json:"seconds"`
}

// A binary is an entry of OUT.json.
type binary struct {
	ID, Harness, Path, Cwd string
	List, Run              []string
	Format                 string
}

func main() {
	log.SetFlags(0)
	flag.Parse()
	if flag.NArg() != 2 {
		log.Fatal("usage: oracle [flags] OUT.json ROOT")
	}
	if os.Geteuid() == 0 && !isolated() {
		os.Exit(againIsolated())
	}
	if err := judge(flag.Arg(0), flag.Arg(1)); err != nil {
		log.Fatal(err)
	}
}

func judge(manifestPath, root string) error {
	data, err := os.ReadFile(manifestPath)
	if err != nil {
		return err
	}
	var manifest struct{ Binaries []binary }
	if err := json.Unmarshal(data, &manifest); err != nil {
		return fmt.Errorf("reading %s: %w", manifestPath, err)
	}
	place, err := enter(root)
	if err != nil {
		return err
	}
	verdicts, done := make(chan verdict), make(chan map[string]int)
	go func() { done <- write(verdicts) }()
	start := time.Now()
	judgeAll(place, manifest.Binaries, verdicts)
	close(verdicts)
	counts := <-done
	for _, outcome := range slices.Sorted(maps.Keys(counts)) {
		log.Printf("%6d %s", counts[outcome], outcome)
	}
	log.Printf("       in %s", time.Since(start).Round(100*time.Millisecond))
	return nil
}

// write prints the verdicts as they come and counts them.
func write(verdicts <-chan verdict) map[string]int {
	counts := map[string]int{}
	lines := json.NewEncoder(os.Stdout)
	for v := range verdicts {
		counts[v.Outcome]++
		if err := lines.Encode(v); err != nil {
			log.Fatal(err)
		}
	}
	return counts
}

func judgeAll(place place, binaries []binary, verdicts chan<- verdict) {
	var running sync.WaitGroup
	slots := make(chan struct{}, *jobs)
	for _, b := range binaries {
		tests, err := b.tests(place)
		if err != nil {
			verdicts <- verdict{Binary: b.ID, Outcome: "listFailed", Why: err.Error()}
			continue
		}
		for _, t := range tests {
			slots <- struct{}{}
			running.Go(func() {
				verdicts <- b.judge(place, t)
				<-slots
			})
		}
	}
	running.Wait()
}

func (b binary) judge(place place, t test) verdict {
	if t.ignored {
		return verdict{Binary: b.ID, Name: t.name, Outcome: "skipped", Why: "ignored"}
	}
	ctx, cancel := context.WithTimeout(context.Background(), *timeout)
	defer cancel()
	start := time.Now()
	ended := place.run(ctx, b.Cwd, b.argv(t.name))
	outcome, why := b.outcome(t.name, ended)
	return verdict{b.ID, t.name, outcome, why, time.Since(start).Seconds()}
}

package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

type options struct {
	pairs    int
	patience time.Duration
	agent    string
}

// session holds what several benches use: made when first asked for, and then kept.
type session struct {
	options
	noop     string // the no-op test program on this machine
	cluster  *cluster
	pods     []podLife
	small    []runTimes
	smallWhy error
}

func newSession(o options) *session { return &session{options: o} }

func (s *session) close() {
	if s.cluster != nil {
		s.cluster.close()
	}
}

// noopProgram builds the zoo's set noop and is the path of its program on this machine.
func (s *session) noopProgram(ctx context.Context) (string, error) {
	if s.noop != "" {
		return s.noop, nil
	}
	cache, err := cacheDir()
	if err != nil {
		return "", err
	}
	root := filepath.Join(cache, "zoo", "noop")
	if err := os.MkdirAll(filepath.Dir(root), 0o755); err != nil {
		return "", err
	}
	if err := command(ctx, "go", "run", "./test/zoo/build", root, "noop"); err != nil {
		return "", err
	}
	s.noop = filepath.Join(root, "tests", "noop")
	return s.noop, nil
}

func cacheDir() (string, error) {
	if dir := os.Getenv("PODTEST_CACHE"); dir != "" {
		return dir, nil
	}
	dir, err := os.UserCacheDir()
	return filepath.Join(dir, "podtest"), err
}

func command(ctx context.Context, argv ...string) error {
	cmd := exec.CommandContext(ctx, argv[0], argv[1:]...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", cmd, err, out)
	}
	return nil
}

// spent is what one side of a pair has cost. CPU is that of the whole machine unless the side says otherwise.
type spent struct{ wall, cpu time.Duration }

func wall(s spent) float64 { return s.wall.Seconds() }
func work(s spent) float64 { return s.cpu.Seconds() }

// side is one of the things that are compared.
type side struct {
	name string
	run  func(context.Context) (spent, error)
}

// pair is one round of all sides.
type pair struct {
	quiet bool
	of    []spent
}

// interleave runs A B A B …, so that what changes on the machine meanwhile changes for both.
func (s *session) interleave(ctx context.Context, n int, sides ...side) ([]pair, error) {
	var pairs []pair
	for i := range n {
		p := pair{quiet: awaitQuiet(ctx, s.patience)}
		for _, side := range sides {
			before := readCPU()
			cost, err := side.run(ctx)
			if err != nil {
				return pairs, fmt.Errorf("%s: %w", side.name, err)
			}
			if cost.cpu == 0 {
				cost.cpu = readCPU().busy - before.busy
			}
			log.Printf("  %d of %d: %-28s wall %7.3f s, CPU %7.3f s, quiet %t",
				i+1, n, side.name, cost.wall.Seconds(), cost.cpu.Seconds(), p.quiet)
			p.of = append(p.of, cost)
		}
		pairs = append(pairs, p)
	}
	return pairs, nil
}

// each is one value a pair.
func each(pairs []pair, value func(pair) float64) []sample {
	samples := make([]sample, len(pairs))
	for i, p := range pairs {
		samples[i] = sample{value(p), p.quiet}
	}
	return samples
}

// ratios are those of side i to side j, pair by pair.
func ratios(pairs []pair, i, j int, of func(spent) float64) []sample {
	return each(pairs, func(p pair) float64 { return of(p.of[i]) / of(p.of[j]) })
}

// column is one side's own value.
func column(pairs []pair, i int, of func(spent) float64) []sample {
	return each(pairs, func(p pair) float64 { return of(p.of[i]) })
}

package main

import (
	"context"
	"fmt"
	"log"
	"time"
)

// The runs whose ends and beginnings are looked at.
const (
	smallRuns  = 10
	smallTests = 20
)

// smallTimes are measured once, for M5 and M7.
func (s *session) smallTimes(ctx context.Context) ([]runTimes, error) {
	if s.small != nil || s.smallWhy != nil {
		return s.small, s.smallWhy
	}
	s.small, s.smallWhy = s.measureSmall(ctx)
	return s.small, s.smallWhy
}

func (s *session) measureSmall(ctx context.Context) ([]runTimes, error) {
	c, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	var all []runTimes
	for i := range smallRuns {
		quiet := awaitQuiet(ctx, s.patience)
		times, err := c.testRun(ctx, noopRun(fmt.Sprintf("small-%d", i), smallTests, 1, atATime))
		if err != nil {
			return nil, err
		}
		times.quiet = quiet
		log.Printf("  %d of %d: listed %.3f s, first test %.3f s, last verdict %.3f s, Complete %.3f s, quiet %t",
			i+1, smallRuns, since(times, times.listed), since(times, times.first), since(times, times.last),
			since(times, times.complete), quiet)
		all = append(all, times)
	}
	return all, nil
}

func of(all []runTimes, value func(runTimes) float64) []sample {
	samples := make([]sample, len(all))
	for i, r := range all {
		samples[i] = sample{value(r), r.quiet}
	}
	return samples
}

func listToFirstTest(ctx context.Context, s *session) ([]figure, error) {
	s1, err := s.podStart(ctx)
	if err != nil {
		return nil, err
	}
	all, err := s.smallTimes(ctx)
	if err != nil {
		return nil, err
	}
	gap := func(r runTimes) float64 { return r.first.Sub(r.listed).Seconds() }
	return []figure{
		{
			Name: "catalog seen → first test", Unit: "s", Samples: of(all, gap), NeedsQuiet: true, Gate: atMost(1.2 * s1),
			Note: "the gate is 1.2 · s1; less than 0: it started before the watcher heard of the catalog",
		},
		{
			Name: "catalog seen → first test, in s1", Samples: of(all, func(r runTimes) float64 { return gap(r) / s1 }),
			NeedsQuiet: true, Gate: atMost(1.2),
		},
		{
			Name: "create → first test", Unit: "s", Samples: of(all, func(r runTimes) float64 { return since(r, r.first) }),
			NeedsQuiet: true,
		},
		{Name: "create → first test, in s1 (M6)", Samples: of(all, func(r runTimes) float64 {
			return since(r, r.first) / s1
		}), NeedsQuiet: true, Gate: atMost(2.2)},
	}, nil
}

func verdictToComplete(ctx context.Context, s *session) ([]figure, error) {
	all, err := s.smallTimes(ctx)
	if err != nil {
		return nil, err
	}
	return []figure{
		{
			Name: "last verdict → Complete", Unit: "s", NeedsQuiet: true, Gate: neverAbove(1),
			Samples: of(all, func(r runTimes) float64 { return r.complete.Sub(r.last).Seconds() }),
		},
		{
			Name: "create → Complete, 20 no-op tests", Unit: "s", NeedsQuiet: true,
			Samples: of(all, func(r runTimes) float64 { return since(r, r.complete) }),
		},
	}, nil
}

func since(r runTimes, t time.Time) float64 { return t.Sub(r.created).Seconds() }

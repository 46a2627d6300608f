package main

import "context"

// agentOverhead is M3.
func agentOverhead(ctx context.Context, s *session) ([]figure, error) {
	var bare []spawned
	var workers []worker
	pairs, err := s.interleave(ctx, s.pairs,
		side{"bare StartProcess", func(ctx context.Context) (spent, error) {
			cost, err := s.bareSpawn(ctx)
			bare = append(bare, cost)
			return spent{cost.Wall, cost.Parent}, err
		}},
		side{"agents", func(ctx context.Context) (spent, error) {
			w, err := s.runWorker(ctx)
			workers = append(workers, w)
			return spent{w.wall, w.runner.cpu + w.reporter.cpu}, err
		}})
	if len(pairs) == 0 {
		return nil, err
	}
	cpu := func(i int, u func(worker) agentUse) float64 { return perTest(u(workers[i]).cpu) }
	runner := func(w worker) agentUse { return w.runner }
	reporter := func(w worker) agentUse { return w.reporter }
	return []figure{
		{
			Name: "runner, own CPU", Unit: "µs/test", NeedsQuiet: true,
			Samples: byIndex(pairs, func(i int) float64 { return cpu(i, runner) }),
		},
		{
			Name: "reporter, own CPU", Unit: "µs/test", NeedsQuiet: true,
			Samples: byIndex(pairs, func(i int) float64 { return cpu(i, reporter) }),
		},
		{
			Name: "both − bare StartProcess", Unit: "µs/test", NeedsQuiet: true, Gate: atMost(200),
			Note: "starting the agents included",
			Samples: byIndex(pairs, func(i int) float64 {
				return cpu(i, runner) + cpu(i, reporter) - perTest(bare[i].Parent)
			}),
		},
		{Name: "wall, agents / bare StartProcess", Samples: ratios(pairs, 1, 0, wall), NeedsQuiet: true},
		{
			Name: "runner, peak RSS", Unit: "MB", Gate: neverAbove(10),
			Samples: byIndex(pairs, func(i int) float64 { return workers[i].runner.peak / megabyte }),
		},
		{
			Name: "runner, anonymous RSS at the end", Unit: "MB",
			Samples: byIndex(pairs, func(i int) float64 { return workers[i].runner.anon / megabyte }),
		},
		{
			Name: "reporter, peak RSS", Unit: "MB", Gate: neverAbove(10),
			Samples: byIndex(pairs, func(i int) float64 { return workers[i].reporter.peak / megabyte }),
		},
		{
			Name: "reporter, anonymous RSS at the end", Unit: "MB",
			Samples: byIndex(pairs, func(i int) float64 { return workers[i].reporter.anon / megabyte }),
		},
	}, err
}

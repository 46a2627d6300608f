package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/outcome"
)

// runTimes are the moments of a run. The first four are an informer's, the others come from the ledger.
type runTimes struct {
	quiet                     bool
	created, listed, complete time.Time
	first, last               time.Time // start of the first test, end of the last
	tests                     time.Duration
}

func (r runTimes) wall() time.Duration { return r.complete.Sub(r.created) }
func (r runTimes) span() time.Duration { return r.last.Sub(r.first) }

// noopRun is a run over so many tests that do nothing.
func noopRun(name string, tests int, parallelism, slots int32) *v1alpha1.TestRun {
	return &v1alpha1.TestRun{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: v1alpha1.TestRunSpec{
			Suites: []v1alpha1.Suite{{Name: "noop", Exec: &v1alpha1.ExecHarness{
				List: v1alpha1.ExecList{Command: []string{"/tests/noop", "list", strconv.Itoa(tests)}},
				Run:  v1alpha1.ExecRun{Command: []string{"/tests/noop", "run", "{id}"}},
			}}},
			Template:    corev1.PodTemplateSpec{Spec: podSpec(noopImage)},
			Parallelism: parallelism,
			Worker:      v1alpha1.Worker{Slots: slots},
		},
	}
}

// testRun creates a run, follows it to its end, reads its ledger, and deletes it.
func (c *cluster) testRun(ctx context.Context, run *v1alpha1.TestRun) (runTimes, error) {
	seen, last, err := c.watch(ctx, run, hasCatalog, runIsComplete)
	if err != nil {
		return runTimes{}, err
	}
	end := last.(*v1alpha1.TestRun)
	times := runTimes{created: seen[0], listed: seen[1], complete: seen[2]}
	if n := end.Status.Tests; end.Status.Result != v1alpha1.ResultPassed || n.Passed != n.Listed {
		why := meta.FindStatusCondition(end.Status.Conditions, v1alpha1.ConditionComplete)
		return times, fmt.Errorf("run %s: %s, %d of %d passed: %s",
			run.Name, end.Status.Result, n.Passed, n.Listed, why.Message)
	}
	if err := c.readLedger(ctx, end, &times); err != nil {
		return times, err
	}
	return times, c.remove(ctx, run)
}

func hasCatalog(o client.Object) bool { return o.(*v1alpha1.TestRun).Status.Catalog != nil }

func runIsComplete(o client.Object) bool {
	return meta.IsStatusConditionTrue(o.(*v1alpha1.TestRun).Status.Conditions, v1alpha1.ConditionComplete)
}

// readLedger takes the times of the tests, which are those of the node's clock: this machine's.
func (c *cluster) readLedger(ctx context.Context, run *v1alpha1.TestRun, times *runTimes) error {
	var batches v1alpha1.TestBatchList
	if err := c.List(ctx, &batches, client.InNamespace(c.ns)); err != nil {
		return err
	}
	n := int64(0)
	for _, b := range batches.Items {
		if b.Spec.Run.UID != run.UID {
			continue
		}
		rows, err := outcome.Decode(b.Status.Ledger)
		if err != nil {
			return err
		}
		for _, r := range rows {
			n++
			times.add(r)
		}
	}
	if n != run.Status.Tests.Selected {
		return fmt.Errorf("run %s: %d rows in the ledgers for %d tests", run.Name, n, run.Status.Tests.Selected)
	}
	return nil
}

func (r *runTimes) add(row outcome.Row) {
	start := time.UnixMicro(row.Start)
	took := time.Duration(row.Duration) * time.Microsecond
	if r.first.IsZero() || start.Before(r.first) {
		r.first = start
	}
	if end := start.Add(took); end.After(r.last) {
		r.last = end
	}
	r.tests += took
}

// againstXargs is M2 on workload A.
func againstXargs(ctx context.Context, s *session) ([]figure, error) {
	c, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	s1, err := s.podStart(ctx)
	if err != nil {
		return nil, err
	}
	var inside []runTimes
	pairs, err := s.interleave(ctx, s.pairs, side{"xargs -P2", s.xargs},
		side{"TestRun, 1 worker of 2 slots", func(ctx context.Context) (spent, error) {
			times, err := c.testRun(ctx, noopRun("m2", processes, 1, atATime))
			inside = append(inside, times)
			return spent{wall: times.wall()}, err
		}})
	if len(pairs) == 0 {
		return nil, err
	}
	span := func(i int) float64 { return inside[i].span().Seconds() }
	return []figure{
		{Name: "xargs -P2, 2,000 no-op tests", Unit: "s", Samples: column(pairs, 0, wall), NeedsQuiet: true},
		{Name: "TestRun, create → Complete", Unit: "s", Samples: column(pairs, 1, wall), NeedsQuiet: true},
		{Name: "TestRun / xargs", Samples: ratios(pairs, 1, 0, wall), NeedsQuiet: true, Gate: atMost(2)},
		{Name: "TestRun / (xargs + s1)", Samples: each(pairs, func(p pair) float64 {
			return wall(p.of[1]) / (wall(p.of[0]) + s1)
		}), NeedsQuiet: true, Note: "1 is the physical limit"},
		{Name: "first test start → last test end", Unit: "s", Samples: byIndex(pairs, span), NeedsQuiet: true},
		{Name: "the same / xargs", Samples: byIndex(pairs, func(i int) float64 {
			return span(i) / wall(pairs[i].of[0])
		}), NeedsQuiet: true, Note: "without the start of pods"},
		{Name: "CPU of the machine, xargs", Unit: "s", Samples: column(pairs, 0, work), NeedsQuiet: true},
		{
			Name: "CPU of the machine, TestRun", Unit: "s", Samples: column(pairs, 1, work), NeedsQuiet: true,
			Note: "control plane included",
		},
		{Name: "share of the slots that was idle", Unit: "%", Samples: byIndex(pairs, func(i int) float64 {
			return 100 * (1 - inside[i].tests.Seconds()/(atATime*span(i)))
		}), NeedsQuiet: true, Note: "between processes of 1 ms"},
	}, err
}

// byIndex is one value a pair, by its place.
func byIndex(pairs []pair, value func(i int) float64) []sample {
	samples := make([]sample, len(pairs))
	for i, p := range pairs {
		samples[i] = sample{value(i), p.quiet}
	}
	return samples
}

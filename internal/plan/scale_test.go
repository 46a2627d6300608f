package plan_test

import (
	"runtime"
	"testing"
	"time"

	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
)

// many is a run of n tests of 100 binaries on so many workers, all of them at work.
func many(n, workers int) *plan.State {
	tests := make([]plan.Test, n)
	for i := range tests {
		tests[i] = plan.Test{Binary: int32(i * 100 / n), Selected: true}
	}
	s := plan.New(plan.Facts{Settings: plan.Settings{
		Parallelism: workers, Slots: 4, MaxTests: n, MaxAttempts: 2, InfraRetries: 3,
	}, Tests: tests}, epoch)
	for _, w := range s.Next(epoch).Start {
		s.Added(w.Index, epoch)
		s.Announce(w.Index, nil, epoch)
	}
	return s
}

// drive lets workers take and report tests, without time, until n are done; one in 50 fails at first.
func drive(s *plan.State, workers, n int) (done int) {
	for now := epoch; done < n; now = now.Add(time.Second) {
		before := done
		for w := range workers {
			g := s.Grant(w, plan.Ask{}, now)
			s.Started(w, g.Attempts, now)
			for _, h := range g.Attempts {
				row := outcome.Row{Ordinal: h.Ordinal, Attempt: h.Attempt, Outcome: outcome.Passed, Duration: uint64(50_000 + h.Ordinal%1000)}
				if h.Ordinal%50 == 0 && h.Attempt == 1 {
					row.Outcome = outcome.Failed
				}
				s.Report(w, row, now)
				done++
			}
		}
		if done == before {
			return done
		}
	}
	return done
}

func TestAHundredThousandTests(t *testing.T) {
	const n, workers = 100_000, 100
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	s := many(n, workers)
	runtime.GC()
	runtime.ReadMemStats(&after)
	if perTest := int(after.HeapAlloc-before.HeapAlloc) / n; perTest > 80 {
		t.Errorf("%d bytes a test at the start, want at most 80", perTest)
	}
	if done, want := drive(s, workers, 2*n), n+n/50; done != want {
		t.Errorf("%d attempts, want %d", done, want)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if perTest := int(after.HeapAlloc-before.HeapAlloc) / n; perTest > 100 {
		t.Errorf("%d bytes a test at the end, want at most 100", perTest)
	}
	if e := s.Next(epoch).Ending; e == nil || e.Message != "100000 tests passed (2000 flaky)" {
		t.Errorf("the end is %+v", e)
	}
}

// What a test costs the planner: its share of a lease, its start and its row.
func BenchmarkTest(b *testing.B) {
	for name, n := range map[string]int{"1k": 1000, "100k": 100_000, "1M": 1_000_000} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for left := b.N; left > 0; {
				b.StopTimer()
				s := many(n, 100)
				b.StartTimer()
				left -= drive(s, 100, min(left, n))
			}
		})
	}
}

func BenchmarkNextWith1000Workers(b *testing.B) {
	s := many(100_000, 1000)
	for b.Loop() {
		s.Next(epoch)
	}
}

func BenchmarkRebuild100k(b *testing.B) {
	f := plan.Facts{Settings: plan.Settings{Parallelism: 100, Slots: 4, MaxAttempts: 2}, Tests: make([]plan.Test, 100_000)}
	for i := range f.Tests {
		f.Tests[i].Selected = true
	}
	for i := range 100 {
		batch := plan.Batch{Index: i, Class: plan.ClassDefault}
		for o := range 500 {
			batch.Rows = append(batch.Rows, outcome.Row{Ordinal: uint32(i*1000 + o), Attempt: 1, Outcome: outcome.Passed})
		}
		f.Batches = append(f.Batches, batch)
	}
	for b.Loop() {
		plan.New(f, epoch)
	}
}

func TestAHundredThousandTestsOfManyPolicies(t *testing.T) {
	const n, workers = 100_000, 100
	f := plan.Facts{
		Settings: plan.Settings{Parallelism: workers, Slots: 4, MaxTests: n, InfraRetries: 3},
		Groups:   make([]plan.Group, 8),
		Tests:    make([]plan.Test, n),
	}
	for i := range 120 {
		f.Policies = append(f.Policies, plan.Policy{Group: i % 9, Priority: i % 5, Weight: 1 + i%3, MaxAttempts: 2})
	}
	for i := range f.Groups {
		f.Groups[i].Max = 40
	}
	for i := range f.Tests {
		f.Tests[i] = plan.Test{Binary: int32(i * 100 / n), Selected: true, Policy: int32(i % 120)}
	}
	s := plan.New(f, epoch)
	for _, w := range s.Next(epoch).Start {
		s.Added(w.Index, epoch)
		s.Announce(w.Index, nil, epoch)
	}
	if done, want := drive(s, workers, 2*n), n+n/50; done != want {
		t.Errorf("%d attempts, want %d", done, want)
	}
}

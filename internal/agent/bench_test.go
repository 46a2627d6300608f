package agent_test

import (
	"sync"
	"testing"

	"github.com/podtest/podtest/internal/agent/collectortest"
	"github.com/podtest/podtest/internal/wire"
)

// BenchmarkPod runs 2,000 no-op tests, two at a time, by a runner and a reporter that are processes of their own, and
// the same 2,000 processes by a bare loop.
func BenchmarkPod(b *testing.B) {
	const tests, perLease = 2000, 50
	for b.Loop() {
		c := &collectortest.Collector{Config: wire.Config{
			Mode: "run", RunName: "r", RunUID: "u", Slots: 2, GraceMS: 100,
			Suites: []wire.Suite{{Name: "s", Harness: "exec", List: []string{"x"}, Run: []string{"/bin/true", "{id}"}}},
		}}
		for o := uint32(0); o < tests; o += perLease {
			l := leaseWith(wire.TestSettings{GraceMS: 100, LeakMS: 100}, wire.Binary{Suite: "s", ID: "s"})
			for i := range uint32(perLease) {
				l.Attempts = append(l.Attempts, wire.Assignment{Ordinal: o + i, Attempt: 1, Name: "a"})
			}
			c.Leases = append(c.Leases, l)
		}
		c.Start(b)
		options, text := reporterOptions(b, c)
		var reporting usage
		var both sync.WaitGroup
		both.Go(func() { reporting = play(b, part(b, "reporter", text)) })
		running := play(b, part(b, "runner", options.Socket))
		both.Wait()
		bare := play(b, part(b, "loop", "2000"))
		if got := len(c.Rows()); got != tests {
			b.Fatalf("%d results of %d tests", got, tests)
		}
		b.ReportMetric(float64(running.CPU.Microseconds())/tests, "runner-cpu-µs/test")
		b.ReportMetric(float64(reporting.CPU.Microseconds())/tests, "reporter-cpu-µs/test")
		b.ReportMetric(float64(bare.CPU.Microseconds())/tests, "bare-cpu-µs/test")
		b.ReportMetric(float64(running.CPU)/float64(bare.CPU), "runner/bare")
		b.ReportMetric(float64(running.RSS), "runner-KiB")
		b.ReportMetric(float64(reporting.RSS), "reporter-KiB")
	}
}

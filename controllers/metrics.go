package controllers

import (
	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/podtest/podtest/api/v1alpha1"
)

// No label ever holds the name of a run or a test: those have no bound.
var (
	runsEnded = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "podtest_testruns_total", Help: "Runs that came to their end, by result and reason.",
	}, []string{"result", "reason"})
	runSeconds = prometheus.NewHistogramVec(prometheus.HistogramOpts{
		Name: "podtest_testrun_duration_seconds", Help: "Time from a run's first pass to its end.",
		Buckets: prometheus.ExponentialBuckets(1, 2, 14),
	}, []string{"result"})
	workersEnded = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "podtest_workers_total", Help: "Worker pods that ended, by cause.",
	}, []string{"cause"})
)

func init() { metrics.Registry.MustRegister(runsEnded, runSeconds, workersEnded) }

func observeEnd(run *v1alpha1.TestRun) {
	reason := "unknown"
	for _, c := range run.Status.Conditions {
		if c.Type == v1alpha1.ConditionComplete {
			reason = c.Reason
		}
	}
	runsEnded.WithLabelValues(string(run.Status.Result), reason).Inc()
	took := run.Status.CompletionTime.Sub(run.Status.StartTime.Time)
	runSeconds.WithLabelValues(string(run.Status.Result)).Observe(took.Seconds())
}

package collector

import (
	"github.com/prometheus/client_golang/prometheus"
	"sigs.k8s.io/controller-runtime/pkg/metrics"
)

var (
	results = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "podtest_results_total",
		Help: "Attempts of tests that were reported, by outcome; discarded: they came twice or were not asked for.",
	}, []string{"outcome"})
	checkpoints = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "podtest_checkpoints_total",
		Help: "Writes of batch ledgers to the API server: written, conflict or failed.",
	}, []string{"result"})
	requests = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "podtest_collector_requests_total",
		Help: "Requests of reporters, by path and status code.",
	}, []string{"path", "code"})
	outputsDropped = prometheus.NewCounter(prometheus.CounterOpts{
		Name: "podtest_outputs_dropped_total",
		Help: "Outputs of failed attempts that were not kept, for there was too much of them or they could not be stored.",
	})
	tokenReviews = prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "podtest_token_reviews_total",
		Help: "Tokens that the API server was asked about: valid, refused or failed.",
	}, []string{"result"})
)

func init() {
	metrics.Registry.MustRegister(results, checkpoints, requests, outputsDropped, tokenReviews)
}

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// The comparison with Jobs. A pod for each of 1,000 tests takes too long to wait for: fewer are run, and scaled.
const (
	jobTests  = 1000
	jobPods   = 4
	podsTried = 60
	shardPath = "/bench/shard"
	jobsImage = "podtest.local/bench-noop:1"
	podRounds = 2
)

// indexedJob runs so many completions, jobPods at a time.
func indexedJob(name string, completions int32, spec corev1.PodSpec) *batchv1.Job {
	return &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: batchv1.JobSpec{
			Completions: new(completions), Parallelism: new(int32(jobPods)),
			CompletionMode: new(batchv1.IndexedCompletion), BackoffLimitPerIndex: new(int32(0)),
			Template: corev1.PodTemplateSpec{Spec: spec},
		},
	}
}

// shardJob is an Indexed Job in which each pod runs a hash share of the tests.
func shardJob() *batchv1.Job {
	spec := podSpec(jobsImage, shardPath, strconv.Itoa(jobTests), "/tests/noop")
	spec.Containers[0].Env = []corev1.EnvVar{{Name: "SHARDS", Value: strconv.Itoa(jobPods)}}
	return indexedJob("shards", jobPods, spec)
}

func podPerTestJob() *batchv1.Job {
	return indexedJob("pod-per-test", podsTried, podSpec(jobsImage, "/tests/noop", "run", "x"))
}

func (c *cluster) job(ctx context.Context, job *batchv1.Job) (spent, error) {
	seen, last, err := c.watch(ctx, job, jobHasEnded)
	if err != nil {
		return spent{}, err
	}
	if n := last.(*batchv1.Job).Status.Succeeded; n != *job.Spec.Completions {
		return spent{}, fmt.Errorf("job %s: %d of %d completions", job.Name, n, *job.Spec.Completions)
	}
	return spent{wall: seen[1].Sub(seen[0])}, c.remove(ctx, job)
}

func jobHasEnded(o client.Object) bool {
	for _, c := range o.(*batchv1.Job).Status.Conditions {
		if (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) && c.Status == corev1.ConditionTrue {
			return true
		}
	}
	return false
}

// makeJobsImage adds the program of a shard to the image of the no-op tests.
func makeJobsImage(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := os.Chmod(dir, 0o755); err != nil {
		return err
	}
	err = command(ctx, "env", "CGO_ENABLED=0", "go", "build", "-o", filepath.Join(dir, shardPath), "./test/bench/shard")
	if err != nil {
		return err
	}
	return command(ctx, "hack/cluster/image", "add", jobsImage, noopImage, dir)
}

func againstJobs(ctx context.Context, s *session) ([]figure, error) {
	c, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	if err := makeJobsImage(ctx); err != nil {
		return nil, err
	}
	single, err := s.interleave(ctx, podRounds, side{"Job, a pod per test", func(ctx context.Context) (spent, error) {
		return c.job(ctx, podPerTestJob())
	}})
	if err != nil {
		return nil, err
	}
	figures := []figure{
		{Name: "Indexed Job, a pod per test, 60 tests", Unit: "s", Samples: column(single, 0, wall), NeedsQuiet: true},
		{Name: "the same, scaled to 1,000 tests", Unit: "s", Samples: each(single, func(p pair) float64 {
			return wall(p.of[0]) * jobTests / podsTried
		}), NeedsQuiet: true, Note: "60 were run"},
		{Name: "CPU of the machine per test of it", Unit: "ms", Samples: each(single, func(p pair) float64 {
			return 1000 * work(p.of[0]) / podsTried
		}), NeedsQuiet: true},
	}
	more, err := s.shardsAndRun(ctx, c)
	return append(figures, more...), err
}

func (s *session) shardsAndRun(ctx context.Context, c *cluster) ([]figure, error) {
	shards := side{"Job, 4 hash shards", func(ctx context.Context) (spent, error) { return c.job(ctx, shardJob()) }}
	run := side{"TestRun, 4 workers", func(ctx context.Context) (spent, error) {
		times, err := c.testRun(ctx, noopRun("p4", jobTests, jobPods, 1))
		return spent{wall: times.wall()}, err
	}}
	pairs, err := s.interleave(ctx, s.pairs, shards, run)
	if len(pairs) == 0 {
		return nil, err
	}
	return []figure{
		{Name: "Indexed Job, 4 hash shards", Unit: "s", Samples: column(pairs, 0, wall), NeedsQuiet: true},
		{Name: "TestRun, 4 workers", Unit: "s", Samples: column(pairs, 1, wall), NeedsQuiet: true},
		{Name: "TestRun / hash shards", Samples: ratios(pairs, 1, 0, wall), NeedsQuiet: true},
		{Name: "CPU of the machine, hash shards", Unit: "s", Samples: column(pairs, 0, work), NeedsQuiet: true},
		{Name: "CPU of the machine, TestRun", Unit: "s", Samples: column(pairs, 1, work), NeedsQuiet: true},
	}, err
}

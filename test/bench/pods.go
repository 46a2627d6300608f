package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

const noopImage = "podtest.local/zoo-noop:1"

// podsMeasured is how many lives of a pod make s1.
const podsMeasured = 20

// podSpec is what all that is compared runs in: the same image and the same resources.
func podSpec(image string, argv ...string) corev1.PodSpec {
	return corev1.PodSpec{
		RestartPolicy:                 corev1.RestartPolicyNever,
		AutomountServiceAccountToken:  new(false),
		TerminationGracePeriodSeconds: new(int64(10)),
		Containers: []corev1.Container{{
			Name: "test", Image: image, Command: argv,
			Resources: corev1.ResourceRequirements{
				Requests: corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("50m")},
			},
		}},
	}
}

// podLife is one pod from the request to create it, as an informer saw it.
type podLife struct {
	quiet              bool
	running, succeeded time.Duration
	runningSeen        bool
}

// podLives are measured once for all benches.
func (s *session) podLives(ctx context.Context) ([]podLife, error) {
	if s.pods != nil {
		return s.pods, nil
	}
	c, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	var lives []podLife
	for i := range podsMeasured {
		life := podLife{quiet: awaitQuiet(ctx, s.patience)}
		pod := &corev1.Pod{
			ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("noop-%d", i)},
			Spec:       podSpec(noopImage, "/tests/noop", "run", "x"),
		}
		seen, last, err := c.watch(ctx, pod, podIs(corev1.PodRunning), podIs(corev1.PodSucceeded, corev1.PodFailed))
		if err != nil {
			return nil, err
		}
		if phase := last.(*corev1.Pod).Status.Phase; phase != corev1.PodSucceeded {
			return nil, fmt.Errorf("a no-op pod %s", phase)
		}
		life.running, life.succeeded, life.runningSeen = seen[1].Sub(seen[0]), seen[2].Sub(seen[0]), !seen[1].IsZero()
		lives = append(lives, life)
		if err := c.remove(ctx, pod); err != nil {
			return nil, err
		}
	}
	s.pods = lives
	return lives, nil
}

func podIs(phases ...corev1.PodPhase) step {
	return func(o client.Object) bool {
		return slices.Contains(phases, o.(*corev1.Pod).Status.Phase)
	}
}

func calibratePod(ctx context.Context, s *session) ([]figure, error) {
	lives, err := s.podLives(ctx)
	if err != nil {
		return nil, err
	}
	running := figure{
		Name: "a no-op pod: create → Running", Unit: "s", NeedsQuiet: true,
		Note: "where Running was seen at all",
	}
	whole := figure{Name: "a no-op pod: create → Running → Succeeded (s1)", Unit: "s", NeedsQuiet: true}
	for _, l := range lives {
		if l.runningSeen {
			running.Samples = append(running.Samples, sample{l.running.Seconds(), l.quiet})
		}
		whole.Samples = append(whole.Samples, sample{l.succeeded.Seconds(), l.quiet})
	}
	return []figure{running, whole}, nil
}

// podStart is s1: the median life of a no-op pod.
func (s *session) podStart(ctx context.Context) (float64, error) {
	lives, err := s.podLives(ctx)
	if err != nil {
		return 0, err
	}
	f := figure{NeedsQuiet: true}
	for _, l := range lives {
		f.Samples = append(f.Samples, sample{l.succeeded.Seconds(), l.quiet})
	}
	return f.median(), nil
}

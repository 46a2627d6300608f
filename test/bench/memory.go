package main

import (
	"context"
	"fmt"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
)

const (
	managerNamespace = "podtest-system"
	mebibyte         = 1 << 20
	megabyte         = 1_000_000
)

// manager is the leader's process and when its pod started.
func (c *cluster) manager(ctx context.Context) (process, time.Time, error) {
	var pods corev1.PodList
	err := c.List(ctx, &pods, client.InNamespace(managerNamespace), client.MatchingLabels{v1alpha1.LabelLeader: "true"})
	if err != nil {
		return 0, time.Time{}, err
	}
	for _, p := range pods.Items {
		for _, pid := range processesOf(string(p.UID), "/bin/manager") {
			return pid, p.CreationTimestamp.Time, nil
		}
	}
	return 0, time.Time{}, fmt.Errorf("no leader of podtest runs here; install it first")
}

func managerMemory(ctx context.Context, s *session) (*figure, error) {
	c, err := s.connect(ctx)
	if err != nil {
		return nil, err
	}
	pid, born, err := c.manager(ctx)
	if err != nil {
		return nil, err
	}
	now, err := pid.memory("VmRSS")
	if err != nil {
		return nil, err
	}
	peak, err := pid.memory("VmHWM")
	return &figure{
		Unit: "MiB", Samples: []sample{{Value: now / mebibyte}},
		Note: fmt.Sprintf("peak so far %s; pod %s old", number(peak/mebibyte), time.Since(born).Round(time.Second)),
	}, err
}

func managerIdle(ctx context.Context, s *session) ([]figure, error) {
	f, err := managerMemory(ctx, s)
	if err != nil {
		return nil, err
	}
	f.Name, f.Gate = "manager, RSS idle", atMost(64)
	return []figure{*f}, nil
}

func managerAfter(ctx context.Context, s *session) ([]figure, error) {
	f, err := managerMemory(ctx, s)
	if err != nil {
		return nil, err
	}
	f.Name = "manager, RSS after the runs"
	return []figure{*f}, nil
}

func agentSize(_ context.Context, s *session) ([]figure, error) {
	info, err := os.Stat(s.agent)
	if err != nil {
		return nil, err
	}
	return []figure{{
		Name: "agent, size of the binary", Unit: "MB", Gate: atMost(12),
		Samples: []sample{{Value: float64(info.Size()) / megabyte}},
	}}, nil
}

//go:build e2e

package e2e

import (
	"context"
	"net"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
)

// secondManager runs a manager on this machine that does not ask who leads. Pods that it makes report to it, and have
// nobody to talk to when it is gone: so it leaves alone what other stories run at the same time.
func secondManager(t *testing.T, namespace string) {
	t.Helper()
	var deployment appsv1.Deployment
	key := client.ObjectKey{Namespace: "podtest-system", Name: "podtest-manager"}
	must(t, cluster.Get(t.Context(), key, &deployment))
	address := machine(t)
	cmd := exec.Command(filepath.Join(filepath.Dir(podtest), "manager"),
		"--leader-elect=false", "--namespace", "podtest-system", "--watch-namespace", namespace,
		"--agent-image", deployment.Spec.Template.Spec.Containers[0].Image,
		"--collector-bind-address", address+":18443", "--collector-url", "https://"+address+":18443",
		"--metrics-bind-address", "0", "--health-probe-bind-address", address+":18081")
	var log strings.Builder
	cmd.Stdout, cmd.Stderr = &log, &log
	must(t, cmd.Start())
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		if t.Failed() {
			t.Log(log.String())
		}
	})
	eventually(t, "the second manager to serve", 30*time.Second, func(context.Context) (bool, error) {
		conn, err := net.DialTimeout("tcp", address+":18443", time.Second)
		if err == nil {
			must(t, conn.Close())
		}
		return err == nil, nil
	})
}

// machine is this machine's address as the node sees it.
func machine(t *testing.T) string {
	t.Helper()
	var nodes corev1.NodeList
	must(t, cluster.List(t.Context(), &nodes))
	for _, a := range nodes.Items[0].Status.Addresses {
		if a.Type == corev1.NodeInternalIP {
			conn, err := net.Dial("udp", net.JoinHostPort(a.Address, "9"))
			must(t, err)
			defer conn.Close()
			host, _, err := net.SplitHostPort(conn.LocalAddr().String())
			must(t, err)
			return host
		}
	}
	t.Fatal("the node has no address")
	return ""
}

func TestTwoManagersAtOnceCountNoTestTwice(t *testing.T) {
	run := slow(t, "two-managers")
	secondManager(t, run.Namespace)
	run.Spec.Parallelism = 4
	create(t, run)
	allPassed(t, run)
	batches := &v1alpha1.TestBatchList{}
	must(t, cluster.List(t.Context(), batches, client.InNamespace(run.Namespace)))
	names := map[string]bool{}
	for _, b := range batches.Items {
		names[b.Name] = true
	}
	if len(names) != len(batches.Items) || len(names) == 0 {
		t.Errorf("batches: %v", names)
	}
}

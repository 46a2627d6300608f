//go:build e2e

// Package e2e tells stories on a real cluster: real API server, kubelet and containerd, real test binaries from the
// zoo. test/e2e/prepare makes what they need.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/log/zap"

	"github.com/podtest/podtest/api/v1alpha1"
)

var (
	cluster client.WithWatch
	podtest = os.Getenv("PODTEST_BIN")
	zoo     = os.Getenv("PODTEST_ZOO")
)

func TestMain(m *testing.M) {
	log.SetLogger(zap.New())
	if err := connect(); err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err, `(run: eval "$(test/e2e/prepare)")`)
		os.Exit(1)
	}
	os.Exit(m.Run())
}

func connect() error {
	if podtest == "" || zoo == "" {
		return fmt.Errorf("PODTEST_BIN and PODTEST_ZOO are not set")
	}
	config, err := ctrl.GetConfig()
	if err != nil {
		return err
	}
	config.QPS = -1
	scheme := runtime.NewScheme()
	if err := clientgoscheme.AddToScheme(scheme); err != nil {
		return err
	}
	if err := v1alpha1.AddToScheme(scheme); err != nil {
		return err
	}
	cluster, err = client.NewWithWatch(config, client.Options{Scheme: scheme})
	return err
}

// namespace makes one for a story and takes it away afterwards, unless the story failed and KEEP is set.
func namespace(t *testing.T) string {
	t.Helper()
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{GenerateName: "story-"}}
	must(t, cluster.Create(t.Context(), ns))
	t.Cleanup(func() {
		if t.Failed() {
			describe(t, ns.Name)
			if os.Getenv("KEEP") != "" {
				return
			}
		}
		_ = cluster.Delete(context.Background(), ns)
	})
	eventually(t, "the default service account", 30*time.Second, func(ctx context.Context) (bool, error) {
		err := cluster.Get(ctx, client.ObjectKey{Namespace: ns.Name, Name: "default"}, &corev1.ServiceAccount{})
		return err == nil, client.IgnoreNotFound(err)
	})
	return ns.Name
}

func describe(t *testing.T, ns string) {
	t.Helper()
	for _, args := range [][]string{
		{"describe", "testruns.podtest.dev", "-n", ns},
		{"get", "testbatches.podtest.dev,pods,jobs,events", "-n", ns, "-o", "wide"},
		{"logs", "-n", "podtest-system", "-l", v1alpha1.LabelLeader + "=true", "--tail", "60"},
	} {
		out, _ := exec.Command("kubectl", args...).CombinedOutput()
		t.Logf("kubectl %s\n%s", strings.Join(args, " "), out)
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func eventually(t *testing.T, what string, within time.Duration, ok wait.ConditionWithContextFunc) {
	t.Helper()
	if err := wait.PollUntilContextTimeout(t.Context(), 100*time.Millisecond, within, true, ok); err != nil {
		t.Fatalf("waiting for %s: %v", what, err)
	}
}

// read is the run as it is now.
func read(t *testing.T, run *v1alpha1.TestRun) *v1alpha1.TestRun {
	t.Helper()
	now := &v1alpha1.TestRun{}
	must(t, cluster.Get(t.Context(), client.ObjectKeyFromObject(run), now))
	return now
}

// reaches waits until the run is as ok says.
func reaches(t *testing.T, run *v1alpha1.TestRun, what string, ok func(*v1alpha1.TestRun) bool) *v1alpha1.TestRun {
	t.Helper()
	now := &v1alpha1.TestRun{}
	eventually(t, run.Name+" "+what, 4*time.Minute, func(ctx context.Context) (bool, error) {
		err := cluster.Get(ctx, client.ObjectKeyFromObject(run), now)
		return err == nil && ok(now), err
	})
	return now
}

func ended(run *v1alpha1.TestRun) bool {
	return condition(run, v1alpha1.ConditionComplete).Status == "True"
}

// ends waits for the run's end.
func ends(t *testing.T, run *v1alpha1.TestRun) *v1alpha1.TestRun {
	t.Helper()
	return reaches(t, run, "to end", ended)
}

func condition(run *v1alpha1.TestRun, kind string) metav1.Condition {
	for _, c := range run.Status.Conditions {
		if c.Type == kind {
			return c
		}
	}
	return metav1.Condition{}
}

// result is a line of `podtest results -o jsonl`.
type result struct {
	Ordinal  int    `json:"ordinal"`
	Binary   string `json:"binary"`
	Name     string `json:"name"`
	Outcome  string `json:"outcome"`
	Reason   string `json:"reason"`
	Code     int    `json:"code"`
	Attempts int    `json:"attempts"`
	Pod      string `json:"pod"`
}

// results are the outcomes by "<binary id> <name>", as the command line tells them.
func results(t *testing.T, run *v1alpha1.TestRun) map[string]result {
	t.Helper()
	var stderr bytes.Buffer
	cmd := exec.Command(podtest, "results", run.Name, "-n", run.Namespace, "-o", "jsonl")
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("podtest results: %v\n%s", err, stderr.String())
	}
	all := map[string]result{}
	lines := json.NewDecoder(bytes.NewReader(out))
	for lines.More() {
		var r result
		must(t, lines.Decode(&r))
		key := r.Binary + " " + r.Name
		if _, twice := all[key]; twice {
			t.Errorf("%s is told twice", key)
		}
		all[key] = r
	}
	return all
}

// gone waits until nothing is left of a run.
func gone(t *testing.T, ns string) {
	t.Helper()
	eventually(t, "everything of the run to be gone", 90*time.Second, func(ctx context.Context) (bool, error) {
		lists := []client.ObjectList{&corev1.PodList{}, &v1alpha1.TestBatchList{}, &v1alpha1.TestRecordList{}}
		for _, l := range lists {
			if err := cluster.List(ctx, l, client.InNamespace(ns)); err != nil {
				return false, err
			}
		}
		n := len(lists[0].(*corev1.PodList).Items) + len(lists[1].(*v1alpha1.TestBatchList).Items) +
			len(lists[2].(*v1alpha1.TestRecordList).Items)
		return n == 0, nil
	})
}

func notFound(t *testing.T, o client.Object) bool {
	t.Helper()
	err := cluster.Get(t.Context(), client.ObjectKeyFromObject(o), o)
	if client.IgnoreNotFound(err) != nil {
		t.Fatal(err)
	}
	return apierrors.IsNotFound(err)
}

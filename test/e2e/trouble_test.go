//go:build e2e

package e2e

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
)

// slow is a run of some fifteen seconds: long enough to be disturbed.
func slow(t *testing.T, name string) *v1alpha1.TestRun {
	run := testRun(t, name, "noop", noop("600"))
	run.Spec.Suites[0].Exec.Run.Command = []string{"/tests/noop", "run", "{id}", "50"}
	run.Spec.InfraRetries = ptr.To[int32](50)
	return run
}

func someDone(n int64) func(*v1alpha1.TestRun) bool {
	return func(run *v1alpha1.TestRun) bool { return run.Status.Tests.Passed >= n || ended(run) }
}

func allPassed(t *testing.T, run *v1alpha1.TestRun) {
	t.Helper()
	done := ends(t, run)
	c := done.Status.Tests
	if done.Status.Result != v1alpha1.ResultPassed || c.Passed != c.Selected || c.Selected != 600 {
		t.Errorf("%s, %s: %+v", done.Status.Result, condition(done, v1alpha1.ConditionComplete).Message, c)
	}
	got := map[string]int{}
	for _, r := range results(t, run) {
		got[r.Outcome]++
	}
	if diff := cmp.Diff(map[string]int{"passed": 600}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestAPodDeletedByHandCostsNoVerdict(t *testing.T) {
	run := create(t, slow(t, "deleted"))
	reaches(t, run, "to be under way", someDone(20))
	deleteAWorker(t, run, ptr.To[int64](5))
	allPassed(t, run)
	if c := read(t, run).Status.Workers; c.Lost < 1 {
		t.Errorf("no worker counts as lost: %+v", c)
	}
}

func TestAPodDeletedByForceCostsNoVerdict(t *testing.T) {
	run := create(t, slow(t, "forced"))
	reaches(t, run, "to be under way", someDone(20))
	deleteAWorker(t, run, ptr.To[int64](0))
	allPassed(t, run)
}

func deleteAWorker(t *testing.T, run *v1alpha1.TestRun, grace *int64) {
	t.Helper()
	for _, p := range workers(t, run) {
		if p.Status.Phase == corev1.PodRunning && p.DeletionTimestamp.IsZero() {
			err := cluster.Delete(t.Context(), &p, &client.DeleteOptions{GracePeriodSeconds: grace})
			must(t, client.IgnoreNotFound(err))
			return
		}
	}
}

func workers(t *testing.T, run *v1alpha1.TestRun) []corev1.Pod {
	t.Helper()
	var pods corev1.PodList
	must(t, cluster.List(t.Context(), &pods, client.InNamespace(run.Namespace),
		client.MatchingLabels{v1alpha1.LabelPhase: v1alpha1.PhaseRun}))
	return pods.Items
}

// killLeader ends the leader's process with SIGKILL, from outside its container.
func killLeader(t *testing.T) {
	t.Helper()
	var pods corev1.PodList
	must(t, cluster.List(t.Context(), &pods, client.InNamespace("podtest-system"),
		client.MatchingLabels{v1alpha1.LabelLeader: "true"}))
	killed := 0
	for _, p := range pods.Items {
		for _, pid := range processes(t, string(p.UID), "/bin/manager") {
			if syscall.Kill(pid, syscall.SIGKILL) == nil {
				killed++
			}
		}
	}
	t.Logf("killed %d leaders", killed)
}

// processes are the processes of a pod on this machine that run a program.
func processes(t *testing.T, podUID, program string) []int {
	t.Helper()
	dirs, err := filepath.Glob("/proc/[0-9]*")
	must(t, err)
	var pids []int
	for _, dir := range dirs {
		cmdline, _ := os.ReadFile(dir + "/cmdline")
		cgroup, _ := os.ReadFile(dir + "/cgroup")
		if strings.HasPrefix(string(cmdline), program+"\x00") && strings.Contains(string(cgroup), podUID) {
			pid, err := strconv.Atoi(filepath.Base(dir))
			must(t, err)
			pids = append(pids, pid)
		}
	}
	return pids
}

func TestAManagerKilledInMidRunLosesNoVerdict(t *testing.T) {
	run := create(t, slow(t, "manager"))
	reaches(t, run, "to be under way", someDone(50))
	killLeader(t)
	allPassed(t, run)
	if c := read(t, run).Status.Tests; c.Retried != 0 {
		t.Errorf("tests were tried again that had not failed: %+v", c)
	}
}

func TestManagerAndPodsKilledAtRandomLoseNoVerdict(t *testing.T) {
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	run := create(t, slow(t, "random"))
	for n := int64(50); n < 400; n += 100 {
		now := reaches(t, run, "to go on", someDone(n+random.Int64N(80)))
		if ended(now) {
			break
		}
		if random.IntN(2) == 0 {
			killLeader(t)
		}
		deleteAWorker(t, run, new(random.Int64N(2)))
	}
	allPassed(t, run)
}

func TestADeletedRunLeavesNothing(t *testing.T) {
	run := create(t, slow(t, "doomed"))
	reaches(t, run, "to be under way", someDone(20))
	must(t, cluster.Delete(t.Context(), run))
	gone(t, run.Namespace)
}

func TestACancelledRunEndsWithWhatItHas(t *testing.T) {
	run := create(t, slow(t, "cancelled"))
	reaches(t, run, "to be under way", someDone(20))
	patch(t, run, func(r *v1alpha1.TestRun) { r.Spec.Cancel = true })
	done := ends(t, run)
	c := done.Status.Tests
	if done.Status.Result != v1alpha1.ResultCancelled || *done.Status.ExitCode != 130 {
		t.Errorf("%s, exit %d", done.Status.Result, *done.Status.ExitCode)
	}
	if c.NotRun == 0 || c.Passed+c.Failed+c.NotRun != c.Selected {
		t.Errorf("the counts do not add up: %+v", c)
	}
	got := map[string]int64{}
	for _, r := range results(t, run) {
		got[r.Outcome]++
	}
	if diff := cmp.Diff(map[string]int64{"passed": c.Passed, "notRun": c.NotRun}, got); diff != "" {
		t.Errorf("status (-) and ledger (+):\n%s", diff)
	}
	eventually(t, "its pods to go", time.Minute, func(context.Context) (bool, error) {
		return len(workers(t, run)) == 0, nil
	})
}

func TestASuspendedRunWaitsAndGoesOn(t *testing.T) {
	run := create(t, slow(t, "suspended"))
	reaches(t, run, "to be under way", someDone(20))
	patch(t, run, func(r *v1alpha1.TestRun) { r.Spec.Suspend = true })
	eventually(t, "its pods to go", time.Minute, func(context.Context) (bool, error) {
		return len(workers(t, run)) == 0, nil
	})
	now := read(t, run)
	if condition(now, v1alpha1.ConditionSuspended).Status != "True" || ended(now) {
		t.Errorf("conditions: %+v", now.Status.Conditions)
	}
	patch(t, run, func(r *v1alpha1.TestRun) { r.Spec.Suspend = false })
	allPassed(t, run)
}

func TestADeadlineEndsTheRun(t *testing.T) {
	run := slow(t, "deadline")
	run.Spec.ActiveDeadlineSeconds = ptr.To[int64](10)
	run.Spec.Parallelism = 1
	run.Spec.Suites[0].Exec.Run.Command[3] = "1000"
	done := ends(t, create(t, run))
	end := condition(done, v1alpha1.ConditionComplete)
	if end.Reason != v1alpha1.ReasonDeadlineExceeded || *done.Status.ExitCode != 100 || done.Status.Tests.NotRun == 0 {
		t.Errorf("%s, exit %d: %+v", end.Reason, *done.Status.ExitCode, done.Status.Tests)
	}
}

func TestAFinishedRunGoesAfterItsTimeToLive(t *testing.T) {
	run := testRun(t, "short-lived", "demo", execSuite("own", "good", "Lines"))
	run.Spec.TTLSecondsAfterFinished = ptr.To[int32](2)
	create(t, run)
	eventually(t, "the run to be deleted", 2*time.Minute, func(context.Context) (bool, error) {
		return notFound(t, run.DeepCopy()), nil
	})
	gone(t, run.Namespace)
}

func TestQuotaThatFreesUpIsUsed(t *testing.T) {
	run := testRun(t, "quota-later", "demo", execSuite("own", "good", "Lines"))
	q := quota(t, run.Namespace, "0")
	create(t, run)
	now := reaches(t, run, "to be blocked", func(r *v1alpha1.TestRun) bool {
		return condition(r, v1alpha1.ConditionReconciling).Reason == v1alpha1.ReasonQuotaExceeded || ended(r)
	})
	if ended(now) {
		t.Fatalf("ended: %+v", now.Status.Conditions)
	}
	was := q.DeepCopy()
	q.Spec.Hard[corev1.ResourcePods] = resource.MustParse("10")
	must(t, cluster.Patch(t.Context(), q, client.MergeFrom(was)))
	if done := ends(t, run); done.Status.Result != v1alpha1.ResultPassed {
		t.Errorf("%s: %+v", done.Status.Result, done.Status.Conditions)
	}
}

func TestARestrictedNamespaceTakesThePods(t *testing.T) {
	run := testRun(t, "restricted", "demo", execSuite("own", "good", "Lines"))
	ns := &corev1.Namespace{}
	must(t, cluster.Get(t.Context(), client.ObjectKey{Name: run.Namespace}, ns))
	metav1.SetMetaDataLabel(&ns.ObjectMeta, "pod-security.kubernetes.io/enforce", "restricted")
	must(t, cluster.Update(t.Context(), ns))
	run.Spec.Template.Spec.SecurityContext = &corev1.PodSecurityContext{
		RunAsNonRoot: new(true), RunAsUser: ptr.To[int64](1000),
		SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
	}
	run.Spec.Template.Spec.Containers[0].SecurityContext = &corev1.SecurityContext{
		AllowPrivilegeEscalation: new(false),
		Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
	}
	if done := ends(t, create(t, run)); done.Status.Result != v1alpha1.ResultPassed {
		t.Errorf("%s: %+v", done.Status.Result, done.Status.Conditions)
	}
}

func reachesQuota(t *testing.T, q *corev1.ResourceQuota) {
	t.Helper()
	eventually(t, "the quota to hold", 20*time.Second, func(ctx context.Context) (bool, error) {
		now := &corev1.ResourceQuota{}
		err := cluster.Get(ctx, client.ObjectKeyFromObject(q), now)
		return err == nil && len(now.Status.Hard) > 0, err
	})
}

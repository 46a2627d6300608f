//go:build e2e

package e2e

import (
	"strings"
	"testing"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
)

func limitMemory(limit string) func(*v1alpha1.TestRun) {
	return func(run *v1alpha1.TestRun) {
		run.Spec.Template.Spec.Containers[0].Resources.Limits = corev1.ResourceList{
			corev1.ResourceMemory: resource.MustParse(limit),
		}
	}
}

// What is wrong before a test has run ends the run with the cause in plain words.
func TestTroubleBeforeTheFirstTestIsNamed(t *testing.T) {
	cases := map[string]struct {
		run      func(t *testing.T) *v1alpha1.TestRun
		want     v1alpha1.Result
		reason   string
		exit     int32
		mentions []string
	}{
		"a listing that exits non-zero shows what it said": {
			run: func(t *testing.T) *v1alpha1.TestRun {
				return testRun(t, "fails", "evil", execSuite("own", "fails", "Lines"))
			},
			want: "Error", reason: v1alpha1.ReasonListFailed, exit: 104,
			mentions: []string{"own", "exit code 1", "cannot reach the test database"},
		},
		"a listing that is not what it says is refused with the line": {
			run: func(t *testing.T) *v1alpha1.TestRun {
				return testRun(t, "noise", "evil", execSuite("own", "noise", "Libtest"))
			},
			want: "Error", reason: v1alpha1.ReasonListFailed, exit: 104,
			mentions: []string{"line 2", "Segmentation fault"},
		},
		"a listing with invalid bytes is refused": {
			run: func(t *testing.T) *v1alpha1.TestRun {
				return testRun(t, "invalid", "evil", execSuite("own", "invalid", "Lines"))
			},
			want: "Error", reason: v1alpha1.ReasonListFailed, exit: 104, mentions: []string{"line 2", "UTF-8"},
		},
		"a test that is listed twice is named": {
			run: func(t *testing.T) *v1alpha1.TestRun {
				return testRun(t, "twice", "evil", execSuite("own", "duplicate", "Lines"))
			},
			want: "Error", reason: v1alpha1.ReasonListFailed, exit: 104, mentions: []string{"passes"},
		},
		"no tests at all is a failure of its own": {
			run: func(t *testing.T) *v1alpha1.TestRun {
				return testRun(t, "none", "evil", execSuite("own", "empty", "Lines"))
			},
			want: "Failed", reason: v1alpha1.ReasonNoTests, exit: 4,
		},
		"no tests can be a pass": {
			run: func(t *testing.T) *v1alpha1.TestRun {
				run := testRun(t, "none", "evil", execSuite("own", "empty", "Lines"))
				run.Spec.NoTests = v1alpha1.NoTestsPass
				return run
			},
			want: "Passed", reason: v1alpha1.ReasonNoTests, exit: 0,
		},
		"a pattern that matches nothing is named": {
			run: func(t *testing.T) *v1alpha1.TestRun {
				return testRun(t, "nothing", "evil", goSuite("go", "/nowhere/*.test"))
			},
			want: "Error", reason: v1alpha1.ReasonListFailed, exit: 104, mentions: []string{"/nowhere/*.test"},
		},
		"an image that does not exist is named": {
			run: func(t *testing.T) *v1alpha1.TestRun {
				run := testRun(t, "image", "evil", execSuite("own", "good", "Lines"), startTimeout(8*time.Second))
				run.Spec.Template.Spec.Containers[0].Image = "podtest.local/no-such-image:1"
				return run
			},
			want: "Error", reason: v1alpha1.ReasonImagePull, exit: 96, mentions: []string{"podtest.local/no-such-image:1"},
		},
		"a pod that fits no node is a failure of the infrastructure": {
			run: func(t *testing.T) *v1alpha1.TestRun {
				run := testRun(t, "huge", "evil", execSuite("own", "good", "Lines"), startTimeout(8*time.Second))
				run.Spec.Template.Spec.Containers[0].Resources.Requests[corev1.ResourceMemory] = resource.MustParse("4Ti")
				return run
			},
			want: "Error", reason: v1alpha1.ReasonStartTimeout, exit: 120, mentions: []string{"nsufficient memory"},
		},
		"quota that forbids the pods is quoted": {
			run: func(t *testing.T) *v1alpha1.TestRun {
				run := testRun(t, "quota", "evil", execSuite("own", "good", "Lines"), startTimeout(8*time.Second))
				quota(t, run.Namespace, "0")
				return run
			},
			want: "Error", reason: v1alpha1.ReasonStartTimeout, exit: 120, mentions: []string{"exceeded quota", "pods=1"},
		},
		"two containers of which none is the test's are refused": {
			run: func(t *testing.T) *v1alpha1.TestRun {
				run := testRun(t, "which", "evil", execSuite("own", "good", "Lines"))
				run.Spec.Template.Spec.Containers[0].Name = "one"
				run.Spec.Template.Spec.Containers = append(run.Spec.Template.Spec.Containers,
					corev1.Container{Name: "two", Image: "podtest.local/zoo-evil:1"})
				return run
			},
			want: "Error", reason: v1alpha1.ReasonInvalidSpec, exit: 96, mentions: []string{`"test"`},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			run := c.run(t)
			if err := cluster.Create(t.Context(), run); err != nil {
				// The API server may see it first: as good, if it says the same.
				if c.reason != v1alpha1.ReasonInvalidSpec || !strings.Contains(err.Error(), c.mentions[0]) {
					t.Fatal(err)
				}
				return
			}
			done := ends(t, run)
			end := condition(done, v1alpha1.ConditionComplete)
			if done.Status.Result != c.want || end.Reason != c.reason || *done.Status.ExitCode != c.exit {
				t.Errorf("%s, %s, exit %d: %s", done.Status.Result, end.Reason, *done.Status.ExitCode, end.Message)
			}
			for _, m := range c.mentions {
				if !strings.Contains(end.Message, m) {
					t.Errorf("the message does not mention %q: %s", m, end.Message)
				}
			}
		})
	}
}

func quota(t *testing.T, ns, pods string) *corev1.ResourceQuota {
	t.Helper()
	q := &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Namespace: ns, Name: "pods"},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{corev1.ResourcePods: resource.MustParse(pods)}},
	}
	must(t, cluster.Create(t.Context(), q))
	reachesQuota(t, q)
	return q
}

package manifest

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/yaml"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/goldentest"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/settings"
)

var collector = Collector{
	Image: "podtest:test", URL: "https://10.96.0.7:8443", ServerName: "podtest-collector.podtest-system.svc",
	CABundle: "PEM",
}

func aRun() *v1alpha1.TestRun {
	return &v1alpha1.TestRun{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ci", Name: "checkout", UID: "run-uid"},
		Spec: v1alpha1.TestRunSpec{
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{
					Labels:      map[string]string{"team": "shop", v1alpha1.LabelRun: "not-for-users-to-set"},
					Annotations: map[string]string{"note": "kept"},
				},
				Spec: corev1.PodSpec{
					InitContainers: []corev1.Container{{Name: "migrate", Image: "migrate:1"}},
					Containers: []corev1.Container{
						{Name: "db", Image: "postgres:17"},
						{Name: "test", Image: "tests:1", Env: []corev1.EnvVar{{Name: "A", Value: "b"}}},
					},
				},
			},
		},
	}
}

func golden(t *testing.T, name string, o any) {
	t.Helper()
	got, err := yaml.Marshal(o)
	if err != nil {
		t.Fatal(err)
	}
	goldentest.Compare(t, filepath.Join("testdata", name+".yaml"), got)
}

func TestTheObjectsOfARun(t *testing.T) {
	run := aRun()
	batch := Batch(run, 42, settings.Class{Name: plan.ClassAlone}, []uint32{7})
	batch.UID = "batch-uid"
	golden(t, "batch", batch)
	golden(t, "worker", WorkerPod(run, batch, collector))
	golden(t, "list-job", ListJob(run, collector))
}

func TestATemplateIsNeverChanged(t *testing.T) {
	run, untouched := aRun(), aRun()
	WorkerPod(run, Batch(run, 0, settings.Class{Name: plan.ClassDefault}, nil), collector)
	ListJob(run, collector)
	if diff := cmp.Diff(untouched, run); diff != "" {
		t.Errorf("-before +after:\n%s", diff)
	}
}

func TestTheTokenIsMountedInTheReporterAlone(t *testing.T) {
	run := aRun()
	pod := WorkerPod(run, Batch(run, 0, settings.Class{Name: plan.ClassDefault}, nil), collector)
	containers := append(append([]corev1.Container{}, pod.Spec.InitContainers...), pod.Spec.Containers...)
	for _, c := range containers {
		for _, m := range c.VolumeMounts {
			if m.Name == volumeToken && c.Name != v1alpha1.ContainerReporter {
				t.Errorf("container %s sees the token", c.Name)
			}
		}
	}
	if pod.Spec.AutomountServiceAccountToken == nil || *pod.Spec.AutomountServiceAccountToken {
		t.Error("the pod mounts the API's token although its template does not ask for it")
	}
}

func TestNamesAndLabelsFitForTheLongestRun(t *testing.T) {
	run := aRun()
	run.Name = strings.Repeat("r", 200)
	for _, name := range []string{JobName(run.Name), BatchName(run.Name, 99999)} {
		if errs := validation.IsDNS1123Subdomain(name); errs != nil {
			t.Errorf("%s: %v", name, errs)
		}
	}
	for _, v := range Labels(run) {
		if errs := validation.IsValidLabelValue(v); errs != nil {
			t.Errorf("%s: %v", v, errs)
		}
	}
	other := aRun()
	other.Name = strings.Repeat("r", 199) + "s"
	if Labels(run)[v1alpha1.LabelRun] == Labels(other)[v1alpha1.LabelRun] {
		t.Error("two runs have the same label")
	}
}

func TestWhatIsWrongWithATemplateIsSaid(t *testing.T) {
	cases := map[string]struct {
		change func(*corev1.PodSpec)
		want   []string
	}{
		"nothing is wrong":      {func(*corev1.PodSpec) {}, nil},
		"no container is there": {func(s *corev1.PodSpec) { s.Containers = nil }, []string{"empty"}},
		"none of several containers is the test's": {
			func(s *corev1.PodSpec) { s.Containers[1].Name = "tests" }, []string{`none is named "test"`},
		},
		"the only container may have any name": {
			func(s *corev1.PodSpec) { s.Containers = s.Containers[:1] }, nil,
		},
		"a name is podtest's own": {
			func(s *corev1.PodSpec) {
				s.InitContainers[0].Name = "podtest-reporter"
				s.Volumes = []corev1.Volume{{Name: "podtest-bin"}}
			},
			[]string{`initContainers[0].name: "podtest-reporter"`, `volumes[0].name: "podtest-bin"`},
		},
		"a variable is podtest's own": {
			func(s *corev1.PodSpec) { s.Containers[1].Env[0].Name = "PODTEST_RUN" }, []string{"env[0].name"},
		},
		"the test container has a command": {
			func(s *corev1.PodSpec) { s.Containers[1].Args = []string{"x"} }, []string{"command"},
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			run := aRun()
			c.change(&run.Spec.Template.Spec)
			got := Problems(run)
			if len(got) != len(c.want) {
				t.Fatalf("got %q", got)
			}
			for i := range c.want {
				if !strings.Contains(got[i], c.want[i]) {
					t.Errorf("%q does not contain %q", got[i], c.want[i])
				}
			}
		})
	}
}

func TestSettingsCarryTheSpecAndItsDefaults(t *testing.T) {
	run := aRun()
	want := plan.Settings{
		Parallelism: 1, Slots: 1, MaxTests: 10000, MaxAttempts: 1, InfraRetries: 3, StartTimeout: 5 * time.Minute,
		Seed: Settings(run).Seed,
	}
	other := run.DeepCopy()
	other.UID = "another"
	if Settings(other).Seed == want.Seed {
		t.Error("another run has the same seed")
	}
	if diff := cmp.Diff(want, Settings(run)); diff != "" {
		t.Errorf("defaults: -want +got:\n%s", diff)
	}
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	run.Status.StartTime = &metav1.Time{Time: start}
	run.Spec.Parallelism, run.Spec.Worker = 20, v1alpha1.Worker{Slots: 2, MaxTests: 500}
	run.Spec.Isolation, run.Spec.NoTests = v1alpha1.IsolationPod, v1alpha1.NoTestsPass
	run.Spec.Retries, run.Spec.InfraRetries = &v1alpha1.Retries{Count: 2}, ptr.To[int32](0)
	run.Spec.StartTimeout = &metav1.Duration{Duration: time.Second}
	run.Spec.ActiveDeadlineSeconds = ptr.To[int64](60)
	want = plan.Settings{
		Parallelism: 20, Slots: 2, MaxTests: 500, Alone: true, MaxAttempts: 3, StartTimeout: time.Second,
		Deadline: start.Add(time.Minute), NoTestsPass: true, Seed: want.Seed,
	}
	if diff := cmp.Diff(want, Settings(run)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestHowAPodEndedIsReadFromItsStatus(t *testing.T) {
	terminated := func(code int32, reason string) corev1.ContainerStatus {
		return corev1.ContainerStatus{Name: "test", State: corev1.ContainerState{
			Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: reason},
		}}
	}
	with := func(s ...corev1.ContainerStatus) corev1.PodStatus {
		return corev1.PodStatus{Phase: corev1.PodFailed, ContainerStatuses: s}
	}
	disrupted := func(reason string) corev1.PodStatus {
		st := with(terminated(137, "Error"))
		st.Conditions = []corev1.PodCondition{
			{Type: corev1.DisruptionTarget, Status: corev1.ConditionTrue, Reason: reason},
		}
		return st
	}
	cases := map[string]struct {
		status corev1.PodStatus
		want   plan.Cause
		says   string
	}{
		"the runner exited 0":                      {with(terminated(0, "Completed")), plan.Finished, ""},
		"the runner exited 3":                      {with(terminated(3, "Error")), plan.Died, "exit code 3"},
		"the container ran out of memory":          {with(terminated(137, "OOMKilled")), plan.OOMKilled, "256Mi"},
		"137 alone says nothing of memory":         {with(terminated(137, "Error")), plan.Died, "137"},
		"the eviction API took it":                 {disrupted("EvictionByEvictionAPI"), plan.Evicted, "EvictionByEvictionAPI"},
		"the scheduler preempted it":               {disrupted("PreemptionByScheduler"), plan.Evicted, "Preemption"},
		"its node is gone":                         {disrupted("DeletionByPodGC"), plan.NodeLost, "DeletionByPodGC"},
		"its node got a taint":                     {disrupted("DeletionByTaintManager"), plan.NodeLost, "Taint"},
		"the kubelet evicted it for want of disk":  {corev1.PodStatus{Phase: corev1.PodFailed, Reason: "Evicted", Message: "low on disk"}, plan.Evicted, "low on disk"},
		"the kubelet would not have it":            {corev1.PodStatus{Phase: corev1.PodFailed, Reason: "OutOfcpu", Message: "no cpu"}, plan.StartFailed, "OutOfcpu no cpu"},
		"an init container of the template failed": {corev1.PodStatus{Phase: corev1.PodFailed, InitContainerStatuses: []corev1.ContainerStatus{{Name: "migrate", State: terminated(1, "Error").State}}}, plan.StartFailed, `"migrate" ended with exit code 1`},
		"nothing is known":                         {corev1.PodStatus{Phase: corev1.PodFailed}, plan.StartFailed, ""},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			pod := &corev1.Pod{Spec: aRun().Spec.Template.Spec, Status: c.status}
			pod.Spec.Containers[1].Resources.Limits = corev1.ResourceList{
				corev1.ResourceMemory: resource.MustParse("256Mi"),
			}
			got := PodEnd(pod)
			if got.Cause != c.want || !strings.Contains(got.Message, c.says) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestWhyAPodDoesNotStartIsReadFromItsStatus(t *testing.T) {
	waiting := func(reason string) corev1.PodStatus {
		return corev1.PodStatus{Phase: corev1.PodPending, ContainerStatuses: []corev1.ContainerStatus{{
			Name: "test", Image: "tests:1",
			State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: "because"}},
		}}}
	}
	cases := map[string]struct {
		status  corev1.PodStatus
		running bool
		reason  string
		message string
	}{
		"it runs":            {corev1.PodStatus{Phase: corev1.PodRunning}, true, "", ""},
		"it is being made":   {waiting("ContainerCreating"), false, "", ""},
		"it waits its turn":  {waiting("PodInitializing"), false, "", ""},
		"the image is bad":   {waiting("ErrImagePull"), false, v1alpha1.ReasonImagePull, `cannot pull image "tests:1"`},
		"and stays so":       {waiting("ImagePullBackOff"), false, v1alpha1.ReasonImagePull, `cannot pull image "tests:1"`},
		"a Secret is absent": {waiting("CreateContainerConfigError"), false, v1alpha1.ReasonPodNotStarting, "because"},
		"no node fits": {
			corev1.PodStatus{Phase: corev1.PodPending, Conditions: []corev1.PodCondition{{
				Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "0/3 nodes",
			}}},
			false, v1alpha1.ReasonUnschedulable, "0/3 nodes",
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := PodState(&corev1.Pod{Spec: aRun().Spec.Template.Spec, Status: c.status})
			if got.Running != c.running || got.Blocked != c.reason || !strings.Contains(got.Message, c.message) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestWhoHasNoNodeIsToldWhatThePodAsks(t *testing.T) {
	pod := &corev1.Pod{Spec: aRun().Spec.Template.Spec, Status: corev1.PodStatus{Conditions: []corev1.PodCondition{{
		Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Message: "0/1 nodes are available: 1 Insufficient memory. ",
	}}}}
	pod.Spec.Containers[v1alpha1.TestContainer(&pod.Spec)].Resources.Requests = corev1.ResourceList{
		corev1.ResourceMemory: resource.MustParse("64Gi"), corev1.ResourceCPU: resource.MustParse("500m"),
	}
	const want = `0/1 nodes are available: 1 Insufficient memory (container "test" asks cpu 500m, memory 64Gi)`
	if got := PodState(pod).Message; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestTheListingJobGivesUpOnlyForTheListing(t *testing.T) {
	rules := ListJob(aRun(), collector).Spec.PodFailurePolicy.Rules
	if rules[0].Action != batchv1.PodFailurePolicyActionIgnore || len(rules[0].OnPodConditions) == 0 {
		t.Errorf("a pod that was taken away should not count: %+v", rules[0])
	}
	if diff := cmp.Diff([]int32{0, 143}, rules[1].OnExitCodes.Values); diff != "" {
		t.Errorf("exit codes that do not end the listing: -want +got:\n%s", diff)
	}
}

package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/wire"
)

const (
	containerInstall = "podtest-install"
	containerService = "service"
	volumeFixture    = "podtest-fixture"
	fixtureDir       = "/podtest/fixture"

	// fixtureMargin is what a Job of a fixture may take beyond its timeouts: pods that are replaced.
	fixtureMargin = 2 * time.Minute
	// orphanSeconds is how long a Job stays that no owner takes with it, should nobody delete it.
	orphanSeconds = 600
)

// FixtureName is the name of the Job or pod of a fixture's part. It fits into a label, as a Job's must.
func FixtureName(run, fixture, part string) string {
	name := run + "-" + fixture + "-" + part
	if len(name) <= maxLabel {
		return name
	}
	sum := sha256.Sum256([]byte(name))
	return strings.TrimRight(name[:maxLabel-11], "-.") + "-" + hex.EncodeToString(sum[:])[:10]
}

// FixtureTimeout is how long a command of a fixture may take.
func FixtureTimeout(c *v1alpha1.FixtureCommand) time.Duration { return orUsual(c.Timeout) }

// ReadyTimeout is how long a service may take to be ready once it has started.
func ReadyTimeout(s *v1alpha1.FixtureService) time.Duration { return orUsual(s.ReadyTimeout) }

// FixturePart is one of the two commands of a fixture, and what it finds in its environment.
type FixturePart struct {
	Fixture string
	Part    string // v1alpha1.PartSetup or v1alpha1.PartTeardown
	Command *v1alpha1.FixtureCommand
	Env     []string // KEY=value; of equal keys the last one counts
}

// FixtureJob is the Job of a fixture's command. Its own failure ends it at once; a pod that the infrastructure took
// away is replaced. For a run that is being deleted it has no owner: the garbage collector would take it too early.
func FixtureJob(run *v1alpha1.TestRun, p FixturePart, image string) *batchv1.Job {
	name := FixtureName(run.Name, p.Fixture, p.Part)
	// What a Job does about the ends of its pods is the same for both.
	spec := ListJob(run, Collector{}).Spec
	wait := StartTimeout(run) + FixtureTimeout(p.Command) + fixtureMargin
	spec.ActiveDeadlineSeconds = new(int64(wait.Seconds()))
	meta := templateMeta(run, v1alpha1.PhaseFixture, name)
	markFixture(&meta, run, p.Fixture, p.Part)
	spec.Template = corev1.PodTemplateSpec{ObjectMeta: meta, Spec: fixturePodSpec(run, p, image)}
	job := &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{Name: name, Namespace: run.Namespace, Labels: Labels(run)},
		Spec:       spec,
	}
	markFixture(&job.ObjectMeta, run, p.Fixture, p.Part)
	if run.DeletionTimestamp.IsZero() {
		job.OwnerReferences = []metav1.OwnerReference{OwnedBy(run)}
	} else {
		job.Spec.TTLSecondsAfterFinished = ptr.To[int32](orphanSeconds)
	}
	return job
}

func markFixture(meta *metav1.ObjectMeta, run *v1alpha1.TestRun, fixture, part string) {
	meta.Labels[v1alpha1.LabelPhase] = v1alpha1.PhaseFixture
	meta.Labels[v1alpha1.LabelFixture], meta.Labels[v1alpha1.LabelPart] = fixture, part
	if meta.Annotations == nil {
		meta.Annotations = map[string]string{}
	}
	meta.Annotations[v1alpha1.AnnotationRun] = run.Name
}

// fixturePodSpec is the template with the fixture's command in place of the tests. No reporter, no token.
func fixturePodSpec(run *v1alpha1.TestRun, p FixturePart, image string) corev1.PodSpec {
	spec := *run.Spec.Template.Spec.DeepCopy()
	spec.RestartPolicy = corev1.RestartPolicyNever
	if spec.AutomountServiceAccountToken == nil {
		spec.AutomountServiceAccountToken = new(false)
	}
	if spec.EnableServiceLinks == nil {
		spec.EnableServiceLinks = new(false)
	}
	spec.InitContainers = slices.Insert(spec.InitContainers, 0, installer(image))
	test := &spec.Containers[v1alpha1.TestContainer(&spec)]
	test.Command = []string{wire.BinDir + "/agent", "fixture", "--"}
	for _, a := range p.Command.Command {
		test.Command = append(test.Command, literal(a))
	}
	test.Args = nil
	test.Env = append(test.Env, partEnv(run, p)...)
	test.TerminationMessagePath = corev1.TerminationMessagePathDefault
	test.TerminationMessagePolicy = corev1.TerminationMessageReadFile
	test.VolumeMounts = append(test.VolumeMounts,
		corev1.VolumeMount{Name: volumeBin, MountPath: wire.BinDir, ReadOnly: true},
		corev1.VolumeMount{Name: volumeFixture, MountPath: fixtureDir},
	)
	for _, v := range volumes() {
		switch v.Name {
		case volumeBin:
			spec.Volumes = append(spec.Volumes, v)
		case volumeSock: // as small
			v.Name = volumeFixture
			spec.Volumes = append(spec.Volumes, v)
		}
	}
	return spec
}

// installer puts the agent where the container with the fixture's command finds it: hardened as the reporter is.
func installer(image string) corev1.Container {
	like := reporter("", Collector{Image: image})
	return corev1.Container{
		Name:                     containerInstall,
		Image:                    like.Image,
		Command:                  []string{"/bin/agent", "install", wire.BinDir},
		VolumeMounts:             []corev1.VolumeMount{{Name: volumeBin, MountPath: wire.BinDir}},
		Resources:                like.Resources,
		SecurityContext:          like.SecurityContext,
		TerminationMessagePolicy: like.TerminationMessagePolicy,
	}
}

func partEnv(run *v1alpha1.TestRun, p FixturePart) []corev1.EnvVar {
	all := append(slices.Clone(p.Env),
		"NEXTEST=1", "NEXTEST_RUN_ID="+string(run.UID), "PODTEST_RUN="+run.Name, "PODTEST_FIXTURE="+p.Fixture,
		wire.EnvFixtureTimeout+"="+FixtureTimeout(p.Command).String(), wire.EnvFixtureDir+"="+fixtureDir,
	)
	out := make([]corev1.EnvVar, 0, len(all))
	for _, e := range all {
		name, value, _ := strings.Cut(e, "=")
		out = append(out, corev1.EnvVar{Name: name, Value: literal(value)})
	}
	return out
}

// literal keeps the kubelet from expanding $(NAME).
func literal(s string) string { return strings.ReplaceAll(s, "$", "$$") }

// ServicePod is the pod of a service, of which some were lost before. It belongs to the run, and its container is
// started again whenever it ends.
func ServicePod(run *v1alpha1.TestRun, fixture string, s *v1alpha1.FixtureService, lost int32) *corev1.Pod {
	name := FixtureName(run.Name, fixture, v1alpha1.PartService)
	template := &run.Spec.Template.Spec
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{
			Name: name, Namespace: run.Namespace, Labels: Labels(run),
			OwnerReferences: []metav1.OwnerReference{OwnedBy(run)},
		},
		Spec: corev1.PodSpec{
			RestartPolicy:                corev1.RestartPolicyAlways,
			AutomountServiceAccountToken: new(false),
			EnableServiceLinks:           new(false),
			ImagePullSecrets:             slices.Clone(template.ImagePullSecrets),
			SecurityContext:              template.SecurityContext.DeepCopy(),
			Containers:                   []corev1.Container{serviceContainer(s)},
		},
	}
	// A namespace that is restricted asks as much of this pod as of the others.
	if c := template.Containers[v1alpha1.TestContainer(template)].SecurityContext; c != nil {
		pod.Spec.Containers[0].SecurityContext = restrictions(c)
	}
	markFixture(&pod.ObjectMeta, run, fixture, v1alpha1.PartService)
	if lost > 0 {
		pod.Annotations[v1alpha1.AnnotationLost] = strconv.Itoa(int(lost))
	}
	return pod
}

// LostBefore is how many pods of its service were lost before this one was made.
func LostBefore(pod *corev1.Pod) int32 {
	n, _ := strconv.ParseInt(pod.Annotations[v1alpha1.AnnotationLost], 10, 32)
	return int32(n)
}

func restrictions(c *corev1.SecurityContext) *corev1.SecurityContext {
	out := &corev1.SecurityContext{
		AllowPrivilegeEscalation: c.AllowPrivilegeEscalation, RunAsNonRoot: c.RunAsNonRoot, SeccompProfile: c.SeccompProfile,
	}
	if c.Capabilities != nil && len(c.Capabilities.Drop) > 0 {
		out.Capabilities = &corev1.Capabilities{Drop: c.Capabilities.Drop}
	}
	return out.DeepCopy()
}

func serviceContainer(s *v1alpha1.FixtureService) corev1.Container {
	c := corev1.Container{
		Name: containerService, Image: s.Image, Command: slices.Clone(s.Command), Args: slices.Clone(s.Args),
		Resources: *s.Resources.DeepCopy(), ReadinessProbe: readiness(s),
	}
	for _, e := range s.Env {
		c.Env = append(c.Env, corev1.EnvVar{Name: e.Name, Value: e.Value})
	}
	if s.Port > 0 {
		c.Ports = []corev1.ContainerPort{{ContainerPort: s.Port}}
	}
	return c
}

func readiness(s *v1alpha1.FixtureService) *corev1.Probe {
	p := &corev1.Probe{PeriodSeconds: 1, TimeoutSeconds: 5}
	switch {
	case len(s.Readiness) > 0:
		p.Exec = &corev1.ExecAction{Command: slices.Clone(s.Readiness)}
	case s.Port > 0:
		p.TCPSocket = &corev1.TCPSocketAction{}
		p.TCPSocket.Port.IntVal = s.Port
	default:
		return nil
	}
	return p
}

// ServiceExports are what tests find of a service that is ready.
func ServiceExports(fixture string, s *v1alpha1.FixtureService, pod *corev1.Pod) map[string]string {
	prefix := "PODTEST_SERVICE_" + strings.ToUpper(strings.ReplaceAll(fixture, "-", "_"))
	out := map[string]string{prefix + "_HOST": pod.Status.PodIP}
	if s.Port > 0 {
		out[prefix+"_PORT"] = strconv.Itoa(int(s.Port))
	}
	return out
}

// FixtureResult is what came of a fixture's command, as far as its pod tells.
type FixtureResult struct {
	Ended   bool // the command has its end; what took away its pod without one is not
	Exports map[string]string
	Error   string // "": it did well
}

// FixtureEnd reads the result that the agent has left in the pod. Other containers of the template may go on for ever.
func FixtureEnd(pod *corev1.Pod) FixtureResult {
	t := TestStatus(pod)
	if t == nil || t.State.Terminated == nil {
		return FixtureResult{}
	}
	end := t.State.Terminated
	var words wire.FixtureResult
	err := json.Unmarshal([]byte(end.Message), &words)
	switch {
	case end.ExitCode == 0 && err != nil:
		return FixtureResult{Ended: true, Error: "ended well but left no result"}
	case end.ExitCode == 0:
		return FixtureResult{Ended: true, Exports: words.Exports}
	case disrupted(pod) != nil, evicted(pod) != nil, end.ExitCode == exitTerminated:
		return FixtureResult{} // the Job starts another pod, as often as it may
	case err == nil && words.Error != "":
		return FixtureResult{Ended: true, Error: words.Error}
	case end.Reason == "OOMKilled":
		return FixtureResult{Ended: true, Error: "ran out of memory" + memoryLimit(pod)}
	}
	return FixtureResult{Ended: true, Error: strings.TrimSpace(fmt.Sprintf("exit code %d %s", end.ExitCode,
		firstLine(end.Message)))}
}

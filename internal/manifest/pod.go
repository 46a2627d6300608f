package manifest

import (
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/wire"
)

// Collector is how reporters reach the collector.
type Collector struct {
	Image      string // podtest's own image, which holds the agent
	URL        string
	ServerName string // in the collector's certificate
	CABundle   string // PEM
}

// Names of the volumes that podtest adds to a pod.
const (
	volumeBin   = "podtest-bin"
	volumeSock  = "podtest-sock"
	volumeToken = "podtest-token"
	tokenFile   = "token"

	// tokenSeconds is how long a reporter's token lives; the kubelet renews it, and it dies with its pod.
	tokenSeconds = 3600
)

// WorkerPod is the pod of a batch. It has the batch's name.
func WorkerPod(run *v1alpha1.TestRun, batch *v1alpha1.TestBatch, c Collector) *corev1.Pod {
	pod := &corev1.Pod{ObjectMeta: templateMeta(run, v1alpha1.PhaseRun, batch.Name)}
	pod.Name, pod.Namespace = batch.Name, batch.Namespace
	pod.OwnerReferences = []metav1.OwnerReference{
		*metav1.NewControllerRef(batch, v1alpha1.GroupVersion.WithKind("TestBatch")),
	}
	pod.Spec = podSpec(run, "run", batch.Name, c)
	if batch.Spec.Shape != nil {
		Apply(&pod.Spec, batch.Spec.Shape)
	}
	return pod
}

// templateMeta is the template's labels and annotations with podtest's own on top.
func templateMeta(run *v1alpha1.TestRun, phase, batch string) metav1.ObjectMeta {
	labels := maps.Clone(run.Spec.Template.Labels)
	if labels == nil {
		labels = map[string]string{}
	}
	maps.Copy(labels, Labels(run))
	labels[v1alpha1.LabelPhase] = phase
	labels[v1alpha1.LabelBatch] = labelValue(batch)
	return metav1.ObjectMeta{Labels: labels, Annotations: maps.Clone(run.Spec.Template.Annotations)}
}

// podSpec is the template with the reporter beside the tests and the runner in their container's place.
func podSpec(run *v1alpha1.TestRun, verb, batch string, c Collector) corev1.PodSpec {
	spec := *run.Spec.Template.Spec.DeepCopy()
	spec.RestartPolicy = corev1.RestartPolicyNever
	if spec.AutomountServiceAccountToken == nil {
		spec.AutomountServiceAccountToken = new(false)
	}
	if spec.EnableServiceLinks == nil {
		spec.EnableServiceLinks = new(false)
	}
	// First, so that the user's own init containers run beside it and their failure can be told.
	spec.InitContainers = slices.Insert(spec.InitContainers, 0, reporter(batch, c))
	test := &spec.Containers[v1alpha1.TestContainer(&spec)]
	test.Command, test.Args = []string{wire.BinDir + "/agent", verb}, nil
	test.Env = append(test.Env, artifactsEnv(test)...)
	test.Env = append(test.Env, fieldEnv(wire.EnvPod, "metadata.name"), fieldEnv(wire.EnvNode, "spec.nodeName"))
	test.VolumeMounts = append(test.VolumeMounts,
		corev1.VolumeMount{Name: volumeBin, MountPath: wire.BinDir, ReadOnly: true},
		corev1.VolumeMount{Name: volumeSock, MountPath: sockDir, ReadOnly: true},
	)
	spec.Volumes = append(spec.Volumes, volumes()...)
	return spec
}

// volumeArtifacts is the name of the volume in which tests may leave files, if the template has it.
const volumeArtifacts = "artifacts"

// artifactsEnv tells the runner where the container mounts the volume for artifacts.
func artifactsEnv(test *corev1.Container) []corev1.EnvVar {
	for _, m := range test.VolumeMounts {
		if m.Name == volumeArtifacts && !m.ReadOnly {
			return []corev1.EnvVar{{Name: wire.EnvArtifacts, Value: m.MountPath}}
		}
	}
	return nil
}

const (
	sockDir  = "/podtest/sock"
	tokenDir = "/var/run/podtest"
)

func reporter(batch string, c Collector) corev1.Container {
	return corev1.Container{
		Name:          v1alpha1.ContainerReporter,
		Image:         c.Image,
		Command:       []string{"/bin/agent", "report"},
		RestartPolicy: ptr.To(corev1.ContainerRestartPolicyAlways),
		Env: []corev1.EnvVar{
			{Name: wire.EnvCollector, Value: c.URL},
			{Name: wire.EnvServer, Value: c.ServerName},
			{Name: wire.EnvCA, Value: c.CABundle},
			{Name: wire.EnvBatch, Value: batch},
			fieldEnv(wire.EnvPod, "metadata.name"),
			fieldEnv(wire.EnvNode, "spec.nodeName"),
		},
		// The test container starts only after this hook: it finds the agent there.
		Lifecycle: &corev1.Lifecycle{PostStart: &corev1.LifecycleHandler{
			Exec: &corev1.ExecAction{Command: []string{"/bin/agent", "install", wire.BinDir}},
		}},
		VolumeMounts: []corev1.VolumeMount{
			{Name: volumeBin, MountPath: wire.BinDir},
			{Name: volumeSock, MountPath: sockDir},
			{Name: volumeToken, MountPath: tokenDir, ReadOnly: true},
		},
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{
				corev1.ResourceCPU:    resource.MustParse("10m"),
				corev1.ResourceMemory: resource.MustParse("16Mi"),
			},
			Limits: corev1.ResourceList{
				corev1.ResourceCPU:    resource.MustParse("1"),
				corev1.ResourceMemory: resource.MustParse("64Mi"),
			},
		},
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: new(false),
			ReadOnlyRootFilesystem:   new(true),
			RunAsNonRoot:             new(true),
			RunAsUser:                ptr.To[int64](65532),
			RunAsGroup:               ptr.To[int64](65532),
			Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			SeccompProfile:           &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		TerminationMessagePolicy: corev1.TerminationMessageReadFile,
	}
}

func fieldEnv(name, path string) corev1.EnvVar {
	return corev1.EnvVar{Name: name, ValueFrom: &corev1.EnvVarSource{
		FieldRef: &corev1.ObjectFieldSelector{APIVersion: "v1", FieldPath: path},
	}}
}

func volumes() []corev1.Volume {
	empty := func(size string) corev1.VolumeSource {
		limit := resource.MustParse(size)
		return corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{SizeLimit: &limit}}
	}
	token := corev1.VolumeProjection{ServiceAccountToken: &corev1.ServiceAccountTokenProjection{
		Audience:          v1alpha1.TokenAudience,
		ExpirationSeconds: ptr.To[int64](tokenSeconds),
		Path:              tokenFile,
	}}
	return []corev1.Volume{
		{Name: volumeBin, VolumeSource: empty("64Mi")},
		{Name: volumeSock, VolumeSource: empty("1Mi")},
		{Name: volumeToken, VolumeSource: corev1.VolumeSource{Projected: &corev1.ProjectedVolumeSource{
			Sources: []corev1.VolumeProjection{token},
		}}},
	}
}

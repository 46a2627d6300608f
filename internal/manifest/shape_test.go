package manifest

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/podtest/podtest/api/v1alpha1"
)

func list(cpu, memory string) corev1.ResourceList {
	l := corev1.ResourceList{}
	if cpu != "" {
		l[corev1.ResourceCPU] = resource.MustParse(cpu)
	}
	if memory != "" {
		l[corev1.ResourceMemory] = resource.MustParse(memory)
	}
	return l
}

func TestAShapeGoesOverTheTemplate(t *testing.T) {
	cases := map[string]struct {
		shape v1alpha1.PodShape
		want  func(*corev1.PodSpec)
	}{
		"resources are replaced name by name": {
			v1alpha1.PodShape{Resources: &corev1.ResourceRequirements{Limits: list("", "4Gi")}},
			func(s *corev1.PodSpec) { s.Containers[1].Resources.Limits = list("2", "4Gi") },
		},
		"a request of the template comes down to a limit of the class": {
			v1alpha1.PodShape{Resources: &corev1.ResourceRequirements{Limits: list("", "256Mi")}},
			func(s *corev1.PodSpec) {
				s.Containers[1].Resources = corev1.ResourceRequirements{Requests: list("1", "256Mi"), Limits: list("2", "256Mi")}
			},
		},
		"selectors and tolerations are added": {
			v1alpha1.PodShape{
				NodeSelector: map[string]string{"arch": "arm", "disk": "fast"}, Tolerations: []corev1.Toleration{{Key: "b"}},
			},
			func(s *corev1.PodSpec) {
				s.NodeSelector = map[string]string{"zone": "1", "arch": "arm", "disk": "fast"}
				s.Tolerations = append(s.Tolerations, corev1.Toleration{Key: "b"})
			},
		},
		"the runtime class is replaced": {
			v1alpha1.PodShape{RuntimeClassName: "kata"},
			func(s *corev1.PodSpec) { s.RuntimeClassName = new("kata") },
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			template := corev1.PodSpec{
				NodeSelector: map[string]string{"zone": "1", "disk": "slow"}, Tolerations: []corev1.Toleration{{Key: "a"}},
				Containers: []corev1.Container{
					{Name: "side"},
					{Name: "test", Resources: corev1.ResourceRequirements{Requests: list("1", "512Mi"), Limits: list("2", "1Gi")}},
				},
			}
			want, got := template.DeepCopy(), template.DeepCopy()
			c.want(want)
			Apply(got, &c.shape)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestAVolumeForArtifactsIsToldToTheRunner(t *testing.T) {
	mounts := map[string]corev1.VolumeMount{
		"/out": {Name: "artifacts", MountPath: "/out"},
		"":     {Name: "artifacts", MountPath: "/out", ReadOnly: true},
	}
	for want, mount := range mounts {
		got := ""
		for _, e := range artifactsEnv(&corev1.Container{VolumeMounts: []corev1.VolumeMount{{Name: "x"}, mount}}) {
			got += e.Name + "=" + e.Value
		}
		if want != "" {
			want = "PODTEST_ARTIFACTS_ROOT=" + want
		}
		if got != want {
			t.Errorf("%+v: %q", mount, got)
		}
	}
}

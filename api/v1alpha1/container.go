package v1alpha1

import corev1 "k8s.io/api/core/v1"

// TestContainer is the index of the container that holds the tests: the one named "test", else the only one.
func TestContainer(spec *corev1.PodSpec) int {
	for i := range spec.Containers {
		if spec.Containers[i].Name == ContainerTest {
			return i
		}
	}
	return 0
}

package manifest

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/podtest/podtest/api/v1alpha1"
)

// reserved is how the names begin that podtest gives to what it adds to a pod.
const reserved = "podtest-"

// Problems are what is wrong with a run's template beyond what the API server can check: where, what, what to do.
// Empty: none.
func Problems(run *v1alpha1.TestRun) []string {
	spec := &run.Spec.Template.Spec
	if len(spec.Containers) == 0 {
		return []string{"spec.template.spec.containers: empty: add the container that holds the tests"}
	}
	var out []string
	test := &spec.Containers[v1alpha1.TestContainer(spec)]
	if len(spec.Containers) > 1 && test.Name != v1alpha1.ContainerTest {
		out = append(out, fmt.Sprintf("spec.template.spec.containers: %d containers and none is named %q: "+
			"give that name to the one that holds the tests", len(spec.Containers), v1alpha1.ContainerTest))
	}
	for i, c := range spec.Containers {
		if strings.HasPrefix(c.Name, reserved) {
			out = append(out, reservedName(fmt.Sprintf("containers[%d].name", i), c.Name))
		}
	}
	for i, c := range spec.InitContainers {
		if strings.HasPrefix(c.Name, reserved) {
			out = append(out, reservedName(fmt.Sprintf("initContainers[%d].name", i), c.Name))
		}
	}
	for i, v := range spec.Volumes {
		if strings.HasPrefix(v.Name, reserved) {
			out = append(out, reservedName(fmt.Sprintf("volumes[%d].name", i), v.Name))
		}
	}
	return append(out, testContainerProblems(test)...)
}

func reservedName(where, name string) string {
	return fmt.Sprintf("spec.template.spec.%s: %q: names that begin with %q are podtest's own: use another",
		where, name, reserved)
}

func testContainerProblems(test *corev1.Container) []string {
	var out []string
	for i, e := range test.Env {
		if strings.HasPrefix(e.Name, "PODTEST_") {
			out = append(out, fmt.Sprintf("spec.template.spec.containers[%s].env[%d].name: %q: names that begin with "+
				"\"PODTEST_\" are set by podtest: use another", test.Name, i, e.Name))
		}
	}
	if len(test.Command)+len(test.Args) > 0 {
		out = append(out, fmt.Sprintf("spec.template.spec.containers[%s].command: podtest puts its runner in its place: "+
			"leave command and args out, and name the test binaries in spec.suites", test.Name))
	}
	if test.RestartPolicy != nil {
		out = append(out, fmt.Sprintf("spec.template.spec.containers[%s].restartPolicy: a test container is never "+
			"restarted: leave it out", test.Name))
	}
	return out
}

package local

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/uuid"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/wire"
)

// here is a run as it is on this machine: one worker with so many slots, and paths that begin at dir.
func here(run *v1alpha1.TestRun, slots int, dir string) *v1alpha1.TestRun {
	run = run.DeepCopy()
	run.Name = cmp.Or(run.Name, strings.TrimSuffix(run.GenerateName, "-"), "local")
	run.Namespace, run.UID = "local", uuid.NewUUID()
	run.Spec.Parallelism, run.Spec.Worker = 1, v1alpha1.Worker{Slots: int32(slots)}
	run.Spec.Suspend, run.Spec.Cancel, run.Spec.Force = false, false, false
	for i := range run.Spec.Suites {
		place(&run.Spec.Suites[i], dir)
	}
	return run
}

// Suites are the suites of a run as a runner on this machine is told them, or what is wrong with them.
func Suites(run *v1alpha1.TestRun, dir string) ([]wire.Suite, []string) {
	run = here(run, 1, dir)
	return manifest.AgentConfig(run, manifest.AgentLists).Suites, suites(&run.Spec)
}

// place makes the relative paths of a suite absolute.
func place(s *v1alpha1.Suite, dir string) {
	path := func(p *string) {
		if *p != "" && !filepath.IsAbs(*p) {
			*p = filepath.Join(dir, *p)
		}
	}
	program := func(argv []string) {
		if len(argv) > 0 && strings.Contains(argv[0], "/") {
			path(&argv[0])
		}
	}
	switch {
	case s.Go != nil:
		each(s.Go.Binaries, path)
		path(&s.Go.WorkingDir)
	case s.Libtest != nil:
		each(s.Libtest.Binaries, path)
		path(&s.Libtest.WorkingDir)
	case s.Nextest != nil:
		for _, p := range []*string{
			&s.Nextest.Archive, &s.Nextest.BinariesMetadata, &s.Nextest.CargoMetadata, &s.Nextest.WorkspaceRemap,
			&s.Nextest.TargetDirRemap,
		} {
			path(p)
		}
	case s.Exec != nil:
		program(s.Exec.List.Command)
		program(s.Exec.Run.Command)
		path(&s.Exec.WorkingDir)
	}
}

func each(paths []string, do func(*string)) {
	for i := range paths {
		do(&paths[i])
	}
}

// suites tells what the API server would refuse in a run's suites.
func suites(spec *v1alpha1.TestRunSpec) []string {
	if len(spec.Suites) == 0 {
		return []string{"spec.suites: empty: say where the test binaries are"}
	}
	var wrong []string
	seen := map[string]bool{}
	for i, s := range spec.Suites {
		at := fmt.Sprintf("spec.suites[%d]", i)
		if s.Name == "" {
			wrong = append(wrong, at+".name: empty: give each suite a name")
		}
		if seen[s.Name] {
			wrong = append(wrong, fmt.Sprintf("%s.name: there are two suites %q: give each a name of its own", at, s.Name))
		}
		seen[s.Name] = true
		if n := one(s.Go != nil) + one(s.Libtest != nil) + one(s.Nextest != nil) + one(s.Exec != nil); n != 1 {
			wrong = append(wrong, at+": set exactly one of go, libtest, nextest and exec")
		}
		if s.Exec != nil && !slices.Contains(s.Exec.Run.Command, "{id}") {
			wrong = append(wrong, at+`.exec.run.command: one element must be "{id}", which stands for the test`)
		}
	}
	return wrong
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// without is what of a run has no effect on this machine, as far as the run says anything of it.
func without(run *v1alpha1.TestRun) []string {
	spec, pod := &run.Spec, &run.Spec.Template.Spec
	var none []string
	add := func(set bool, what string) {
		if set {
			none = append(none, what)
		}
	}
	add(spec.Parallelism > 0, "parallelism")
	add(spec.Worker != (v1alpha1.Worker{}), "worker")
	add(spec.Isolation == v1alpha1.IsolationPod, "isolation: Pod")
	add(spec.Suspend, "suspend")
	add(spec.StartTimeout != nil, "startTimeout")
	add(spec.TTLSecondsAfterFinished != nil, "ttlSecondsAfterFinished")
	add(spec.Retries != nil && spec.Retries.In == v1alpha1.RetryInNewPod, "retries.in: NewPod")
	for i := range spec.Overrides {
		o, at := &spec.Overrides[i], fmt.Sprintf("overrides[%d].", i)
		add(o.Isolation == v1alpha1.IsolationPod, at+"isolation: Pod")
		add(o.Resources != nil, at+"resources")
		add(len(o.NodeSelector) > 0, at+"nodeSelector")
		add(len(o.Tolerations) > 0, at+"tolerations")
		add(o.RuntimeClassName != "", at+"runtimeClassName")
	}
	add(len(pod.InitContainers) > 0, "template: initContainers")
	add(len(pod.Containers) > 1, "template: containers beside the tests'")
	add(len(pod.Volumes) > 0, "template: volumes")
	add(len(pod.NodeSelector) > 0 || pod.Affinity != nil || len(pod.Tolerations) > 0, "template: node placement")
	if len(pod.Containers) > 0 {
		return append(none, withoutContainer(&pod.Containers[v1alpha1.TestContainer(pod)])...)
	}
	return none
}

func withoutContainer(c *corev1.Container) []string {
	var none []string
	if c.Image != "" {
		none = append(none, "template: image")
	}
	if len(c.Resources.Limits)+len(c.Resources.Requests) > 0 {
		none = append(none, "template: resources")
	}
	if c.WorkingDir != "" {
		none = append(none, "template: workingDir")
	}
	from := slices.ContainsFunc(c.Env, func(e corev1.EnvVar) bool { return e.ValueFrom != nil })
	if from || len(c.EnvFrom) > 0 {
		none = append(none, "template: environment from the cluster (valueFrom, envFrom)")
	}
	return none
}

// variables are those that the template gives to the tests by value.
func variables(run *v1alpha1.TestRun) []string {
	pod := &run.Spec.Template.Spec
	if len(pod.Containers) == 0 {
		return nil
	}
	var env []string
	for _, e := range pod.Containers[v1alpha1.TestContainer(pod)].Env {
		if e.ValueFrom == nil {
			env = append(env, e.Name+"="+e.Value)
		}
	}
	return env
}

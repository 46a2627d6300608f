package importer

import (
	"cmp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
)

// writeRun makes a TestRun with what a configuration does not say left to be filled in.
func (i *importer) writeRun(o Options) {
	name := cmp.Or(o.Profile, nameDefault)
	p := i.profiles[name]
	if p == nil {
		known := strings.Join(slices.Sorted(slices.Values(i.order)), ", ")
		i.wrong = append(i.wrong, Note{Text: "there is no profile " + name + ": want one of " + known})
		return
	}
	i.result.Run = v1alpha1.TestRun{
		TypeMeta:   metav1.TypeMeta{APIVersion: v1alpha1.GroupVersion.String(), Kind: "TestRun"},
		ObjectMeta: metav1.ObjectMeta{Name: o.Name},
		Spec: v1alpha1.TestRunSpec{
			Suites: []v1alpha1.Suite{{
				Name: "workspace", Nextest: &v1alpha1.NextestHarness{Archive: o.Archive, WorkspaceRemap: o.Workspace},
			}},
			ProfileRef: &v1alpha1.ProfileRef{Name: i.names[name]},
			Template: corev1.PodTemplateSpec{Spec: corev1.PodSpec{
				Containers: []corev1.Container{{Name: v1alpha1.ContainerTest, Image: o.Image}},
			}},
		},
	}
	i.threads(p)
}

// threads: test-threads is parallelism and slots of the run, for it is about machines. That of other profiles is named.
func (i *importer) threads(of *profile) {
	settled := false
	chain := i.chain(of)
	for _, p := range chain {
		if p.threads != nil && !settled {
			settled = true
			i.slots(p)
		}
	}
	for _, name := range i.order {
		if p := i.profiles[name]; p.threads != nil && !slices.Contains(chain, p) {
			p.note(p.at("test-threads"), "not carried: a TestRun with this profile says parallelism and worker.slots itself")
		}
	}
}

func (i *importer) slots(p *profile) {
	n, isNumber := p.threads.(int64)
	spec := &i.result.Run.Spec
	switch {
	case isNumber && n > 0 && n <= maxSlots:
		spec.Worker.Slots = int32(n)
	case isNumber && n > 0:
		spec.Worker.Slots, spec.Parallelism = maxSlots, int32(min((n+maxSlots-1)/maxSlots, maxParallel))
		p.note(p.at("test-threads"), "%d tests at a time are %d pods with %d slots each: %d", n, spec.Parallelism,
			maxSlots, int64(spec.Parallelism)*maxSlots)
	default:
		p.note(p.at("test-threads"), "not carried: how many CPUs the pods have is not known here: set parallelism, "+
			"worker.slots and the resources of the template")
	}
}

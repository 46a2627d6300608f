package settings

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/plan"
)

// maxClasses is how many pod shapes a run may have, the template's own counted in.
const maxClasses = 32

// shape is a pod shape and who asks for it.
type shape struct {
	pod   *v1alpha1.PodShape
	first int          // override that made the first part of it
	by    map[int]bool // overrides that made some part of it
}

// shapes are the classes in the making; the first is the default class.
type shapes []shape

// enter finds the class of a shape, or makes it.
func (all *shapes) enter(pod *v1alpha1.PodShape, won []int16) int {
	if at := all.find(pod); at >= 0 {
		return at
	}
	s := shape{pod: pod, first: -1, by: map[int]bool{}}
	for k, i := range won {
		if i < 0 || !slices.Contains(ofShape, perTest[k].name) {
			continue
		}
		s.by[int(i)] = true
		if s.first < 0 || int(i) < s.first {
			s.first = int(i)
		}
	}
	*all = append(*all, s)
	return len(*all) - 1
}

// find is the place of a shape of the same value, or -1.
func (all *shapes) find(pod *v1alpha1.PodShape) int {
	return slices.IndexFunc(*all, func(s shape) bool { return equality.Semantic.DeepEqual(s.pod, pod) })
}

// classes names the shapes: by the override that made the first part of one, if its name tells it from all others, else
// by a number.
func (all *shapes) classes(overrides []v1alpha1.Override, p Provenance) ([]Class, error) {
	if len(*all) > maxClasses {
		return nil, all.tooMany(overrides, p)
	}
	taken := map[string]int{plan.ClassDefault: 2, plan.ClassAlone: 2}
	for _, o := range overrides {
		taken[o.Name]++
	}
	wanted := map[string]int{}
	for _, s := range (*all)[1:] {
		wanted[overrides[s.first].Name]++
	}
	classes, number := []Class{{Name: plan.ClassDefault}}, 0
	for _, s := range (*all)[1:] {
		name := overrides[s.first].Name
		for name == "" || taken[name] > 1 || wanted[name] > 1 {
			number++
			if name = fmt.Sprintf("class-%d", number); taken[name] > 0 {
				name = ""
			}
		}
		classes = append(classes, Class{Name: name, Shape: s.pod})
	}
	return classes, nil
}

func (all *shapes) tooMany(overrides []v1alpha1.Override, p Provenance) error {
	by := map[int]bool{}
	for _, s := range *all {
		for i := range s.by {
			by[i] = true
		}
	}
	var names []string
	for i := range overrides {
		if by[i] {
			names = append(names, p.override(overrides, i))
		}
	}
	return fmt.Errorf("overrides make %d pod shapes, the template's counted in, and a run can have at most %d: give some "+
		"of them the same resources, nodeSelector, tolerations and runtimeClassName: %s",
		len(*all), maxClasses, strings.Join(names, ", "))
}

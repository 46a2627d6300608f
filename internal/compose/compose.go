// Package compose makes the TestRuns that are asked for: it reads manifests, builds a run from flags alone, and changes
// runs as flags say. It is pure: no cluster, no files, no clock; what is created, and whether at all, is for others.
package compose

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/podtest/podtest/api/v1alpha1"
)

// Kinds of what is created here.
const (
	KindTestRun     = "TestRun"
	KindTestProfile = "TestProfile"
)

// Document is one object, and where it was read; nowhere if flags have made it. It is kept as it was written, so that a
// field that this version does not know is refused by the API server instead of being lost.
type Document struct {
	Where  string
	Object *unstructured.Unstructured
}

// Wrap says where the document is that an error is about.
func (d Document) Wrap(err error) error {
	if err == nil || d.Where == "" {
		return err
	}
	return fmt.Errorf("%s: %w", d.Where, err)
}

// Set is what is to be created: the profiles first, then the runs, each in their order.
type Set struct {
	Profiles []Document
	Runs     []Document
}

// Add puts documents into the set.
func (s *Set) Add(documents ...Document) {
	for _, d := range documents {
		if d.Object.GetKind() == KindTestProfile {
			s.Profiles = append(s.Profiles, d)
			continue
		}
		s.Runs = append(s.Runs, d)
	}
}

// All are the documents in the order in which they are created.
func (s *Set) All() []Document { return append(append([]Document{}, s.Profiles...), s.Runs...) }

// Typed is the set as an API server would hand it back: with the defaults filled in. A field that is not known is an
// error.
func (s *Set) Typed() ([]*v1alpha1.TestRun, []*v1alpha1.TestProfile, error) {
	var runs []*v1alpha1.TestRun
	for _, d := range s.Runs {
		run := &v1alpha1.TestRun{}
		if err := d.into(run); err != nil {
			return nil, nil, err
		}
		runs = append(runs, run)
	}
	var profiles []*v1alpha1.TestProfile
	for _, d := range s.Profiles {
		profile := &v1alpha1.TestProfile{}
		if err := d.into(profile); err != nil {
			return nil, nil, err
		}
		profiles = append(profiles, profile)
	}
	return runs, profiles, nil
}

func (d Document) into(typed any) error {
	object, err := Defaulted(d.Object)
	if err != nil {
		return err
	}
	err = runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object.Object, typed, true)
	if err != nil {
		return d.Wrap(fmt.Errorf("%s: %w", Name(d.Object), err))
	}
	return nil
}

// Name is how an object is called in messages: TestRun checkout, or TestRun checkout-* if the cluster makes its name.
func Name(o *unstructured.Unstructured) string {
	if o.GetName() == "" {
		return o.GetKind() + " " + o.GetGenerateName() + "*"
	}
	return o.GetKind() + " " + o.GetName()
}

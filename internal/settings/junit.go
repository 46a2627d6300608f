package settings

import (
	"cmp"

	"github.com/podtest/podtest/api/v1alpha1"
)

// JUnit is what a JUnit report holds of a test.
type JUnit struct {
	StoreSuccess, StoreFailure bool // what it printed
	ReportSkipped              v1alpha1.JUnitSkipped
	FlakyFail                  v1alpha1.JUnitFlakyFail
}

// ofJUnit are the settings of a JUnit policy: unlike those of other structs, each is taken by itself.
func ofJUnit[S any](policy func(*S) **v1alpha1.JUnitPolicy) []setting[S] {
	type junit = v1alpha1.JUnitPolicy
	return []setting[S]{
		within("junit.storeSuccessOutput", policy, func(p *junit) **bool { return &p.StoreSuccessOutput }),
		within("junit.storeFailureOutput", policy, func(p *junit) **bool { return &p.StoreFailureOutput }),
		within("junit.reportSkipped", policy, func(p *junit) *v1alpha1.JUnitSkipped { return &p.ReportSkipped }),
		within("junit.flakyFailStatus", policy, func(p *junit) *v1alpha1.JUnitFlakyFail { return &p.FlakyFailStatus }),
	}
}

// within is a field of a struct that may not be there.
func within[S, P any, T comparable](name string, outer func(*S) **P, at func(*P) *T) setting[S] {
	var none T
	return setting[S]{
		name,
		func(s *S) bool { return *outer(s) != nil && *at(*outer(s)) != none },
		func(to, from *S) {
			var p P // a copy: what is written to may share its struct with others
			if was := *outer(to); was != nil {
				p = *was
			}
			*at(&p) = *at(*outer(from))
			*outer(to) = &p
		},
	}
}

func newJUnit(p *v1alpha1.JUnitPolicy) JUnit {
	j := JUnit{StoreFailure: true, ReportSkipped: v1alpha1.JUnitSkippedNone, FlakyFail: v1alpha1.JUnitFlakyFailure}
	if p == nil {
		return j
	}
	if s := p.StoreSuccessOutput; s != nil {
		j.StoreSuccess = *s
	}
	if s := p.StoreFailureOutput; s != nil {
		j.StoreFailure = *s
	}
	j.ReportSkipped, j.FlakyFail = cmp.Or(p.ReportSkipped, j.ReportSkipped), cmp.Or(p.FlakyFailStatus, j.FlakyFail)
	return j
}

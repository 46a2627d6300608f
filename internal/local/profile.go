package local

import (
	"fmt"
	"slices"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/settings"
)

// Effective is a run with the settings that it takes from its profile, which must be among those given.
func Effective(
	run *v1alpha1.TestRun, profiles []*v1alpha1.TestProfile,
) (*v1alpha1.TestRun, settings.Provenance, error) {
	if run.Spec.ProfileRef == nil {
		return run, settings.Provenance{}, nil
	}
	var chain []*v1alpha1.TestProfile
	for name := run.Spec.ProfileRef.Name; name != ""; {
		at := slices.IndexFunc(profiles, func(p *v1alpha1.TestProfile) bool { return p.Name == name })
		switch {
		case at < 0:
			return nil, settings.Provenance{}, fmt.Errorf("TestRun %s: there is no cluster to read TestProfile %s from: "+
				"give its manifest with -f too", run.Name, name)
		case slices.Contains(chain, profiles[at]):
			return nil, settings.Provenance{}, fmt.Errorf("TestProfile %s inherits itself: take one inherits out", name)
		}
		chain = append(chain, profiles[at])
		name = profiles[at].Spec.Inherits
	}
	run = run.DeepCopy()
	merged, from := settings.Merge(run.Spec.TestSettings, chain)
	run.Spec.TestSettings = merged
	return run, from, nil
}

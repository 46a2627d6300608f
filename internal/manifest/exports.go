package manifest

import (
	"maps"
	"slices"

	"github.com/podtest/podtest/api/v1alpha1"
)

// FixtureEnv is what some fixtures of a run, told by their places in its spec, have exported, as KEY=value. Of two that
// export the same key the later one counts.
func FixtureEnv(run *v1alpha1.TestRun, fixtures []int) []string {
	all := map[string]string{}
	for _, i := range fixtures {
		for _, f := range run.Status.Fixtures {
			if f.Name == run.Spec.Fixtures[i].Name {
				maps.Copy(all, f.Exports)
			}
		}
	}
	env := make([]string, 0, len(all))
	for _, key := range slices.Sorted(maps.Keys(all)) {
		env = append(env, key+"="+all[key])
	}
	return env
}

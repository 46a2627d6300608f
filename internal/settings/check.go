package settings

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/partition"
)

// Check tells everything wrong with a merged spec that the API server cannot see.
func Check(spec *v1alpha1.TestRunSpec) []Problem { return CheckMerged(spec, Provenance{}) }

// CheckMerged is Check that names the profile in which a wrong setting is written.
func CheckMerged(spec *v1alpha1.TestRunSpec, p Provenance) []Problem {
	_, problems := check(spec, p)
	return problems
}

// check is CheckMerged, and gives what it has parsed.
func check(spec *v1alpha1.TestRunSpec, p Provenance) (filtersets, []Problem) {
	sets, problems := parse(spec, p)
	if spec.Partition != "" {
		if _, err := partition.Parse(spec.Partition); err != nil {
			problems = append(problems, Problem{Field: "spec.partition", Message: err.Error()})
		}
	}
	if why := wrongRetries(spec.Retries); why != "" {
		problems = append(problems, Problem{Field: p.plainField("retries"), Message: why})
	}
	problems = append(problems, checkStress(spec.Stress)...)
	problems = append(problems, checkOverrides(spec, p)...)
	return sets, problems
}

func checkStress(s *v1alpha1.Stress) []Problem {
	if s != nil && s.Count > 0 && s.Duration != nil {
		return []Problem{{Field: "spec.stress", Message: "set count or duration, not both"}}
	}
	return nil
}

func checkOverrides(spec *v1alpha1.TestRunSpec, p Provenance) []Problem {
	var problems []Problem
	groups := map[string]bool{}
	for _, g := range spec.Groups {
		groups[g.Name] = true
	}
	for i := range spec.Overrides {
		o, at := &spec.Overrides[i], p.overrideField(i)
		add := func(field, message string) {
			if message != "" {
				problems = append(problems, Problem{Field: at + field, Message: message})
			}
		}
		if o.Group != "" && !groups[o.Group] {
			add(".group", unknownGroup(o.Group, groups))
		}
		add(".retries", wrongRetries(o.Retries))
		add(".env", wrongEnv(o.Env))
		add(".resources", wrongResources(o, spec))
	}
	return problems
}

func unknownGroup(name string, groups map[string]bool) string {
	if len(groups) == 0 {
		return fmt.Sprintf("there is no group %q: add it to groups", name)
	}
	known := strings.Join(slices.Sorted(maps.Keys(groups)), ", ")
	return fmt.Sprintf("there is no group %q: add it to groups, or take one of %s", name, known)
}

// wrongRetries holds the rules that the API server has for Retries: what is merged has not all passed there.
func wrongRetries(r *v1alpha1.Retries) string {
	if r == nil {
		return ""
	}
	delay, exponential := duration(r.Delay, 0), r.Backoff == v1alpha1.BackoffExponential
	switch {
	case r.Count < 0:
		return "count must not be below 0"
	case r.Jitter && delay <= 0:
		return "jitter needs a delay above 0s"
	case exponential && (r.Count == 0 || delay <= 0):
		return "backoff Exponential needs a count above 0 and a delay above 0s"
	case r.MaxDelay != nil && !exponential:
		return "maxDelay goes with backoff Exponential only"
	case r.MaxDelay != nil && r.MaxDelay.Duration < max(delay, time.Nanosecond):
		return "maxDelay must not be below delay"
	}
	return ""
}

func wrongEnv(env []v1alpha1.EnvVar) string {
	seen := map[string]bool{}
	for _, e := range env {
		if seen[e.Name] {
			return fmt.Sprintf("%s is set twice: leave one out", e.Name)
		}
		seen[e.Name] = true
	}
	return ""
}

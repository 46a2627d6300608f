package settings

import (
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
)

// Provenance says what beside its spec a run has: of a merged spec what comes from a profile, and what is known of the
// runs before it. Its zero value: nothing.
type Provenance struct {
	// Before is what a rerun knows of the runs before it.
	Before *Before `json:"-"`
	// Settings are the sources of plain settings by JSON name, such as "profile ci"; what is not there is the spec's own.
	Settings map[string]string `json:"settings,omitempty"`
	// Overrides are the sources of overrides by index, such as "profile ci overrides[0]"; empty: the spec's own.
	Overrides []string `json:"overrides,omitempty"`
	// Fixtures are the sources of fixtures, likewise.
	Fixtures []string `json:"fixtures,omitempty"`
}

// setting is a field that is taken whole from the first that sets it.
type setting[S any] struct {
	name string // as in the API
	set  func(*S) bool
	copy func(to, from *S)
}

func field[S any, T comparable](name string, at func(*S) *T) setting[S] {
	var none T
	return setting[S]{name, func(s *S) bool { return *at(s) != none }, func(to, from *S) { *at(to) = *at(from) }}
}

func list[S, T any](name string, at func(*S) *[]T) setting[S] {
	return setting[S]{name, func(s *S) bool { return len(*at(s)) > 0 }, func(to, from *S) { *at(to) = *at(from) }}
}

type profiled = v1alpha1.TestSettings

var plain = append([]setting[profiled]{
	field("defaultFilter", func(s *profiled) *string { return &s.DefaultFilter }),
	field("isolation", func(s *profiled) *v1alpha1.Isolation { return &s.Isolation }),
	field("retries", func(s *profiled) **v1alpha1.Retries { return &s.Retries }),
	field("flakyResult", func(s *profiled) *v1alpha1.PassOrFail { return &s.FlakyResult }),
	field("slowTimeout", func(s *profiled) **v1alpha1.SlowTimeout { return &s.SlowTimeout }),
	field("leakTimeout", func(s *profiled) **v1alpha1.LeakTimeout { return &s.LeakTimeout }),
	field("globalTimeout", func(s *profiled) **metav1.Duration { return &s.GlobalTimeout }),
	field("failFast", func(s *profiled) **v1alpha1.FailFast { return &s.FailFast }),
	list("listWrapper", func(s *profiled) *[]string { return &s.ListWrapper }),
	list("runWrapper", func(s *profiled) *[]string { return &s.RunWrapper }),
	list("runExtraArgs", func(s *profiled) *[]string { return &s.RunExtraArgs }),
	field("successOutput", func(s *profiled) *v1alpha1.OutputPolicy { return &s.SuccessOutput }),
	field("failureOutput", func(s *profiled) *v1alpha1.OutputPolicy { return &s.FailureOutput }),
}, ofJUnit(func(s *profiled) **v1alpha1.JUnitPolicy { return &s.JUnit })...)

// Merge adds to a run's own settings what its profiles say: chain[0] is the profile that the run refers to, then comes
// the one that it inherits, and so on. Each plain setting is that of the first who sets it, whole; overrides follow one
// another in this order, too; of groups and fixtures of one name the first counts.
func Merge(own v1alpha1.TestSettings, chain []*v1alpha1.TestProfile) (v1alpha1.TestSettings, Provenance) {
	merged, p := *own.DeepCopy(), Provenance{}
	for _, profile := range chain {
		source := "profile " + profile.Name
		from := profile.Spec.DeepCopy().TestSettings
		p.addPlain(&merged, &from, source)
		for i := range from.Overrides {
			p.Overrides = append(padded(p.Overrides, len(merged.Overrides)), fmt.Sprintf("%s overrides[%d]", source, i))
			merged.Overrides = append(merged.Overrides, from.Overrides[i])
		}
		merged.Groups = addGroups(merged.Groups, from.Groups)
		p.addFixtures(&merged, from.Fixtures, source)
	}
	return merged, p
}

func (p *Provenance) addPlain(merged, from *profiled, source string) {
	for _, s := range plain {
		if s.set(merged) || !s.set(from) {
			continue
		}
		s.copy(merged, from)
		if p.Settings == nil {
			p.Settings = map[string]string{}
		}
		p.Settings[s.name] = source
	}
}

func addGroups(to, from []v1alpha1.Group) []v1alpha1.Group {
	known := map[string]bool{}
	for _, g := range to {
		known[g.Name] = true
	}
	for _, g := range from {
		if !known[g.Name] {
			to = append(to, g)
		}
	}
	return to
}

func (p *Provenance) addFixtures(merged *profiled, from []v1alpha1.Fixture, source string) {
	known := map[string]bool{}
	for _, f := range merged.Fixtures {
		known[f.Name] = true
	}
	for i, f := range from {
		if known[f.Name] {
			continue
		}
		p.Fixtures = append(padded(p.Fixtures, len(merged.Fixtures)), fmt.Sprintf("%s fixtures[%d]", source, i))
		merged.Fixtures = append(merged.Fixtures, f)
	}
}

// padded is the list with empty entries up to a length.
func padded(list []string, length int) []string {
	for len(list) < length {
		list = append(list, "")
	}
	return list
}

// plain is who set a plain setting.
func (p Provenance) plain(name string) string {
	if source := p.Settings[name]; source != "" {
		return source
	}
	return "spec"
}

// plainField is where a plain setting is written: "spec.retries", "profile ci retries".
func (p Provenance) plainField(name string) string {
	if source := p.plain(name); source != "spec" {
		return source + " " + name
	}
	return "spec." + name
}

// overrideField is where an override is written: "spec.overrides[1]", "profile ci overrides[0]".
func (p Provenance) overrideField(i int) string { return element(p.Overrides, "overrides", i) }

func (p Provenance) fixtureField(i int) string { return element(p.Fixtures, "fixtures", i) }

func element(sources []string, name string, i int) string {
	if i < len(sources) && sources[i] != "" {
		return sources[i]
	}
	return fmt.Sprintf("spec.%s[%d]", name, i)
}

// override is who an override is: where it is written, and its name if it has one.
func (p Provenance) override(overrides []v1alpha1.Override, i int) string {
	if name := overrides[i].Name; name != "" {
		return p.overrideField(i) + " (" + name + ")"
	}
	return p.overrideField(i)
}

// short leaves out that it is the spec where nobody would think of anything else.
func short(field string) string { return strings.TrimPrefix(field, "spec.") }

package compose

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/podtest/podtest/internal/filter"
)

// Changes are what flags say of a run. What is nil or empty leaves the run as it is; what is said wins over the
// manifest and over its profile.
type Changes struct {
	Name          string
	GenerateName  bool // make the name the beginning of one that the cluster makes
	Namespace     string
	Filters       []string // filtersets; several are united
	Names         Names
	IgnoreDefault bool
	RunIgnored    string // Default, Only, All
	Partition     string
	Profile       string
	Retries       *int32
	FlakyResult   string // Pass, Fail
	SuccessOutput string // Immediate, Final, ImmediateFinal: what passed tests print is kept
	FailFast      *FailFast
	NoTests       string // Pass, Fail
	Stress        *Stress
	SlowTimeout   *SlowTimeout
	GlobalTimeout string
	Load          Load
	TTL           *int64 // seconds
	Pod           Pod
}

// FailFast is when a run ends early; zero: never.
type FailFast struct {
	MaxFail   int32
	Terminate string // Wait, Immediate
}

// Stress is how often each test runs: one of both.
type Stress struct {
	Count    int32
	Duration string
}

// SlowTimeout is when a test is slow, and after how many such periods it is ended; zero: never.
type SlowTimeout struct {
	Period         string
	TerminateAfter int32
}

// Apply changes a run.
func (c Changes) Apply(d Document) error {
	o := d.Object
	c.rename(o)
	spec, err := mapAt(o.Object, "spec")
	if err != nil {
		return d.Wrap(err)
	}
	if err := errors.Join(checkFiltersets(c.Filters), c.Names.valid()); err != nil {
		return err // of the flags, so of no document
	}
	steps := []func(map[string]any) error{c.selection, c.settings, c.forced, c.endings, c.Load.apply, c.Pod.apply}
	for _, step := range steps {
		if err := step(spec); err != nil {
			return d.Wrap(err)
		}
	}
	return nil
}

func (c Changes) rename(o *unstructured.Unstructured) {
	if c.Name != "" {
		o.SetName(c.Name)
		o.SetGenerateName("")
	}
	if name := o.GetName(); c.GenerateName && name != "" {
		o.SetGenerateName(name + "-")
		o.SetName("")
	}
}

// selection: filtersets take the place of the manifest's, names choose among what either selects.
func (c Changes) selection(spec map[string]any) error {
	if len(c.Filters) == 0 && c.Names.Filterset() == "" {
		return nil
	}
	filters := c.Filters
	if was, _ := spec["filter"].(string); len(filters) == 0 && was != "" {
		filters = []string{was}
		if err := checkFiltersets(filters); err != nil {
			return fmt.Errorf("spec.filter: %w", err)
		}
	}
	joined := Filterset(filters, c.Names)
	if err := checkFiltersets([]string{joined}); err != nil {
		var problem *filter.Error
		if errors.As(err, &problem) && len(problem.Problems) > 0 {
			return fmt.Errorf("the filtersets and names together: %s", problem.Problems[0].Message)
		}
		return err
	}
	spec["filter"] = joined
	return nil
}

func (c Changes) settings(spec map[string]any) error {
	for field, value := range map[string]string{
		"runIgnored": c.RunIgnored, "partition": c.Partition, "noTests": c.NoTests, "globalTimeout": c.GlobalTimeout,
	} {
		if value != "" {
			spec[field] = value
		}
	}
	if c.IgnoreDefault {
		spec["ignoreDefaultFilter"] = true
	}
	if c.Profile != "" {
		spec["profileRef"] = map[string]any{"name": c.Profile}
	}
	if c.TTL != nil {
		spec["ttlSecondsAfterFinished"] = *c.TTL
	}
	if s := c.Stress; s != nil && s.Count > 0 {
		spec["stress"] = map[string]any{"count": int64(s.Count)}
	} else if s != nil {
		spec["stress"] = map[string]any{"duration": s.Duration}
	}
	if s := c.SlowTimeout; s != nil {
		slow := map[string]any{"period": s.Period}
		if s.TerminateAfter > 0 {
			slow["terminateAfter"] = int64(s.TerminateAfter)
		}
		spec["slowTimeout"] = slow
	}
	return nil
}

// commandLine is the name of the override that flags make.
const commandLine = "command-line"

// forced sets what nextest's flags say of every test, whatever overrides say: an override for all tests before all
// others, where there may be others.
func (c Changes) forced(spec map[string]any) error {
	forced := map[string]any{}
	if c.Retries != nil {
		forced["retries"] = map[string]any{"count": int64(*c.Retries)}
	}
	if c.FlakyResult != "" {
		forced["flakyResult"] = c.FlakyResult
	}
	if c.SuccessOutput != "" {
		forced["successOutput"] = c.SuccessOutput
	}
	if len(forced) == 0 {
		return nil
	}
	maps.Copy(spec, forced)
	overrides, _, err := unstructured.NestedSlice(spec, "overrides")
	if err != nil {
		return fmt.Errorf("spec.overrides: %w", err)
	}
	_, profiled := spec["profileRef"]
	if len(overrides) == 0 && !profiled {
		return nil
	}
	forced = (&unstructured.Unstructured{Object: forced}).DeepCopy().Object
	forced["name"], forced["filter"] = commandLine, "all()"
	spec["overrides"] = slices.Insert(overrides, 0, any(forced))
	return nil
}

// everything is more failures than a run can have tests.
const everything = 1_000_000

// endings: that a run goes on whatever fails is said by silence, unless a profile might speak.
func (c Changes) endings(spec map[string]any) error {
	f := c.FailFast
	if f == nil {
		return nil
	}
	_, profiled := spec["profileRef"]
	switch {
	case f.MaxFail > 0:
		fast := map[string]any{"maxFail": int64(f.MaxFail)}
		if f.Terminate != "" {
			fast["terminate"] = f.Terminate
		}
		spec["failFast"] = fast
	case profiled:
		spec["failFast"] = map[string]any{"maxFail": int64(everything)}
	default:
		delete(spec, "failFast")
	}
	return nil
}

// mapAt is the object at a field, made if there is none.
func mapAt(object map[string]any, field string) (map[string]any, error) {
	switch at := object[field].(type) {
	case nil:
		made := map[string]any{}
		object[field] = made
		return made, nil
	case map[string]any:
		return at, nil
	}
	return nil, fmt.Errorf("%s must be an object", field)
}

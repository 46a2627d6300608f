package settings

import (
	"cmp"
	"maps"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/plan"
)

// What holds where nobody says anything.
const (
	slowPeriod  = 60 * time.Second
	gracePeriod = 10 * time.Second
	leakPeriod  = 200 * time.Millisecond
)

type override = v1alpha1.Override

// perTest are the settings that an override can make.
var perTest = append([]setting[override]{
	field("isolation", func(o *override) *v1alpha1.Isolation { return &o.Isolation }),
	field("retries", func(o *override) **v1alpha1.Retries { return &o.Retries }),
	field("flakyResult", func(o *override) *v1alpha1.PassOrFail { return &o.FlakyResult }),
	field("slowTimeout", func(o *override) **v1alpha1.SlowTimeout { return &o.SlowTimeout }),
	field("leakTimeout", func(o *override) **v1alpha1.LeakTimeout { return &o.LeakTimeout }),
	field("group", func(o *override) *string { return &o.Group }),
	field("weight", func(o *override) *int32 { return &o.Weight }),
	field("priority", func(o *override) **int32 { return &o.Priority }),
	list("env", func(o *override) *[]v1alpha1.EnvVar { return &o.Env }),
	list("runWrapper", func(o *override) *[]string { return &o.RunWrapper }),
	list("runExtraArgs", func(o *override) *[]string { return &o.RunExtraArgs }),
	field("resources", func(o *override) **corev1.ResourceRequirements { return &o.Resources }),
	{
		"nodeSelector",
		func(o *override) bool { return len(o.NodeSelector) > 0 },
		func(to, from *override) { to.NodeSelector = from.NodeSelector },
	},
	list("tolerations", func(o *override) *[]corev1.Toleration { return &o.Tolerations }),
	field("runtimeClassName", func(o *override) *string { return &o.RuntimeClassName }),
	field("successOutput", func(o *override) *v1alpha1.OutputPolicy { return &o.SuccessOutput }),
	field("failureOutput", func(o *override) *v1alpha1.OutputPolicy { return &o.FailureOutput }),
}, ofJUnit(func(o *override) **v1alpha1.JUnitPolicy { return &o.JUnit })...)

// ofShape are those of perTest that make a pod shape.
var ofShape = []string{"resources", "nodeSelector", "tolerations", "runtimeClassName"}

// nobody, and the spec or its profiles, in place of an override's index.
const (
	nobody = -1
	ofSpec = -2
)

// base is what the spec says of all tests, in the form of an override.
func base(spec *v1alpha1.TestRunSpec) override {
	return override{
		Isolation: spec.Isolation, Retries: spec.Retries, FlakyResult: spec.FlakyResult, SlowTimeout: spec.SlowTimeout,
		LeakTimeout: spec.LeakTimeout, RunWrapper: spec.RunWrapper, RunExtraArgs: spec.RunExtraArgs,
		SuccessOutput: spec.SuccessOutput, FailureOutput: spec.FailureOutput, JUnit: spec.JUnit,
	}
}

// winners tells for each setting of perTest which override makes it: the first that matches and says something of it.
func winners(spec *v1alpha1.TestRunSpec, general *override, matches func(i int) bool) []int16 {
	won := make([]int16, len(perTest))
	for k, s := range perTest {
		won[k] = nobody
		if s.set(general) {
			won[k] = ofSpec
		}
		for i := range spec.Overrides {
			if s.set(&spec.Overrides[i]) && matches(i) {
				won[k] = int16(i)
				break
			}
		}
	}
	return won
}

// effective is all that the winners say.
func effective(spec *v1alpha1.TestRunSpec, general override, won []int16) override {
	for k, i := range won {
		if i >= 0 {
			perTest[k].copy(&general, &spec.Overrides[i])
		}
	}
	return general
}

// sources are the names of those who made the settings.
func (p Provenance) sources(overrides []v1alpha1.Override, won []int16) map[string]string {
	sources := map[string]string{}
	for k, i := range won {
		switch name := perTest[k].name; {
		case i >= 0:
			sources[name] = p.override(overrides, int(i))
		case i == ofSpec:
			sources[name] = p.plain(name)
		}
	}
	return sources
}

// GracePeriod is how long tests of which nothing else is said have between SIGTERM and SIGKILL.
func GracePeriod(spec *v1alpha1.TestRunSpec) time.Duration {
	if s := spec.SlowTimeout; s != nil {
		return duration(s.GracePeriod, gracePeriod)
	}
	return gracePeriod
}

// newTest is what holds for a test; its policy, its fixtures and its sources are for others to say.
func newTest(o *override) Test {
	t := Test{
		SlowPeriod: slowPeriod, Grace: gracePeriod, Leak: leakPeriod,
		Group: o.Group, Env: o.Env, Wrapper: o.RunWrapper, Args: o.RunExtraArgs,
		SuccessOutput: cmp.Or(o.SuccessOutput, v1alpha1.OutputNever),
		FailureOutput: cmp.Or(o.FailureOutput, v1alpha1.OutputImmediate),
		JUnit:         newJUnit(o.JUnit),
	}
	if s := o.SlowTimeout; s != nil {
		t.SlowPeriod, t.Grace = duration(s.Period, slowPeriod), duration(s.GracePeriod, gracePeriod)
		t.Terminate = t.SlowPeriod * time.Duration(s.TerminateAfter)
		t.TimeoutPasses = s.OnTimeout == v1alpha1.Pass
	}
	if l := o.LeakTimeout; l != nil {
		t.Leak, t.LeakFails = duration(l.Period, leakPeriod), l.Result == v1alpha1.Fail
	}
	return t
}

// newPolicy is what the planner has to know of it, but for the class.
func newPolicy(o *override, spec *v1alpha1.TestRunSpec) plan.Policy {
	p := plan.Policy{
		Alone:       o.Isolation == v1alpha1.IsolationPod,
		Group:       1 + slices.IndexFunc(spec.Groups, func(g v1alpha1.Group) bool { return g.Name == o.Group }),
		Weight:      int(max(1, min(o.Weight, spec.Worker.Slots))),
		MaxAttempts: 1,
		FlakyFails:  o.FlakyResult == v1alpha1.Fail,
	}
	if o.Priority != nil {
		p.Priority = int(*o.Priority)
	}
	if r := o.Retries; r != nil {
		p.MaxAttempts += int(r.Count)
		p.RetryAlone = r.In == v1alpha1.RetryInNewPod
		p.Backoff = plan.Backoff{
			Delay: duration(r.Delay, 0), MaxDelay: duration(r.MaxDelay, 0),
			Exponential: r.Backoff == v1alpha1.BackoffExponential, Jitter: r.Jitter,
		}
	}
	return p
}

func duration(d *metav1.Duration, unset time.Duration) time.Duration {
	if d == nil {
		return unset
	}
	return d.Duration
}

// shapeOf is the pod shape that is asked for; nil: the template as it is.
func shapeOf(o *override) *v1alpha1.PodShape {
	s := &v1alpha1.PodShape{
		NodeSelector: maps.Clone(o.NodeSelector), Tolerations: o.Tolerations, RuntimeClassName: o.RuntimeClassName,
	}
	if r := o.Resources; r != nil && len(r.Requests)+len(r.Limits)+len(r.Claims) > 0 {
		s.Resources = r
	}
	if s.Resources == nil && len(s.NodeSelector)+len(s.Tolerations)+len(s.RuntimeClassName) == 0 {
		return nil
	}
	return s
}

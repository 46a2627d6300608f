package controllers_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

func profile(namespace, name, inherits string, s v1alpha1.TestSettings) *v1alpha1.TestProfile {
	return &v1alpha1.TestProfile{
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name},
		Spec:       v1alpha1.TestProfileSpec{Inherits: inherits, TestSettings: s},
	}
}

func TestARunTakesItsProfileAsItWasWhenItWasAccepted(t *testing.T) {
	w := newWorld(t, 3, interceptor.Funcs{}, func(run *v1alpha1.TestRun) { run.Spec.ProfileRef = &v1alpha1.ProfileRef{Name: "ci"} })
	base := profile(w.run.Namespace, "base", "", v1alpha1.TestSettings{
		Overrides: []v1alpha1.Override{{Filter: "test(0000)", FlakyResult: v1alpha1.Fail}},
	})
	ci := profile(w.run.Namespace, "ci", "base", v1alpha1.TestSettings{Retries: &v1alpha1.Retries{Count: 1}})
	w.must(w.api.Create(w.ctx, base))
	w.must(w.api.Create(w.ctx, ci))
	w.ends = func(a wire.Assignment) outcome.Outcome {
		if a.Attempt == 1 {
			return outcome.Failed
		}
		return outcome.Passed
	}
	w.passRun()
	ci.Spec.Retries.Count = 0
	w.must(w.api.Update(w.ctx, ci))
	w.lead(interceptor.Funcs{}) // what is remembered is gone, what is stored is not
	w.settle()
	if got := w.verdict(); got.Result != v1alpha1.ResultFailed || got.Exit != 100 {
		t.Errorf("%+v", got)
	}
	if c := w.status().Tests; c.Flaky != 2 || c.Failed != 1 {
		t.Errorf("the chain of profiles does not hold: %+v, %+v", c, w.verdict())
	}
}

func TestProfilesThatCannotBeTakenAreNamed(t *testing.T) {
	cases := map[string]struct {
		profiles map[string]string // name → inherits
		want     string
	}{
		"there is none":        {nil, "TestProfile ci does not exist"},
		"its parent is not":    {map[string]string{"ci": "base"}, "TestProfile ci inherits base does not exist"},
		"it inherits a circle": {map[string]string{"ci": "base", "base": "ci"}, "ci inherits base inherits ci"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t, 1, interceptor.Funcs{}, func(run *v1alpha1.TestRun) { run.Spec.ProfileRef = &v1alpha1.ProfileRef{Name: "ci"} })
			for name, inherits := range c.profiles {
				w.must(w.api.Create(w.ctx, profile(w.run.Namespace, name, inherits, v1alpha1.TestSettings{})))
			}
			w.settle()
			got := w.verdict()
			if got.Exit != 96 || got.Reason != v1alpha1.ReasonInvalidSpec || !strings.Contains(got.Message, c.want) {
				t.Errorf("got %+v, want %q", got, c.want)
			}
		})
	}
}

func TestFiltersetsThatAreWrongEndTheRunBeforeAnyPod(t *testing.T) {
	w := newWorld(t, 1, interceptor.Funcs{}, func(run *v1alpha1.TestRun) {
		run.Spec.Filter = "tset(x)"
		run.Spec.Overrides = []v1alpha1.Override{{Filter: "test(a", Weight: 1}}
	})
	w.settle()
	got := w.verdict()
	if got.Exit != 94 || got.Reason != v1alpha1.ReasonInvalidFilter {
		t.Errorf("%+v", got)
	}
	for _, want := range []string{"spec.filter", "spec.overrides[0].filter", "^"} {
		if !strings.Contains(got.Message, want) {
			t.Errorf("the message does not have %q: %s", want, got.Message)
		}
	}
	if len(w.pods())+len(w.jobs()) > 0 {
		t.Error("pods were made")
	}
}

func TestAFilterThatMatchesNoBinaryIsAnErrorAsInNextest(t *testing.T) {
	w := newWorld(t, 1, interceptor.Funcs{}, func(run *v1alpha1.TestRun) { run.Spec.Filter = "binary_id(nope)" })
	w.settle()
	if got := w.verdict(); got.Exit != 94 || !strings.Contains(got.Message, "nope") {
		t.Errorf("%+v", got)
	}
}

func TestADryRunEndsWithThePlan(t *testing.T) {
	w := newWorld(t, 4, interceptor.Funcs{}, func(run *v1alpha1.TestRun) {
		run.Spec.Mode, run.Spec.Parallelism = v1alpha1.ModeList, 3
		run.Spec.Overrides = []v1alpha1.Override{
			{Name: "arm", Filter: "test(0000)", NodeSelector: map[string]string{"arch": "arm"}},
			{Filter: "test(nothing)", Weight: 2},
		}
	})
	w.settle()
	if got := w.verdict(); got.Result != v1alpha1.ResultPassed || got.Exit != 0 || got.Reason != v1alpha1.ReasonListOnly {
		t.Errorf("%+v", got)
	}
	want := []v1alpha1.ClassStatus{
		{Name: "default", Tests: 3, Workers: 2},
		{Name: "arm", Tests: 1, Workers: 1, NodeSelector: map[string]string{"arch": "arm"}},
	}
	if diff := cmp.Diff(want, w.status().Classes); diff != "" {
		t.Error(diff)
	}
	if len(w.batches()) > 0 {
		t.Error("batches were made")
	}
	warned := false
	for _, c := range w.status().Conditions {
		warned = warned || c.Type == v1alpha1.ConditionWarning && strings.Contains(c.Message, "test(nothing)")
	}
	if !warned {
		t.Errorf("nothing says that an override matches nothing: %+v", w.status().Conditions)
	}
}

func TestABatchOfAClassHasItsShape(t *testing.T) {
	w := newWorld(t, 2, interceptor.Funcs{}, func(run *v1alpha1.TestRun) {
		run.Spec.Parallelism = 2
		run.Spec.Overrides = []v1alpha1.Override{{Filter: "test(0001)", NodeSelector: map[string]string{"arch": "arm"}}}
	})
	w.settle()
	shapes := map[string]string{}
	for _, b := range w.batches() {
		shapes[b.Spec.Class] = ""
		if b.Spec.Shape != nil {
			shapes[b.Spec.Class] = b.Spec.Shape.NodeSelector["arch"]
		}
	}
	if diff := cmp.Diff(map[string]string{"default": "", "class-1": "arm"}, shapes); diff != "" {
		t.Error(diff)
	}
	if got := w.verdict(); got.Result != v1alpha1.ResultPassed {
		t.Errorf("%+v", got)
	}
}

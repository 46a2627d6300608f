package controllers

import (
	"fmt"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/settings"
)

// setSelection says why tests were left out, what classes there are, which fixtures are needed, and what in the spec
// has no effect.
func setSelection(run *v1alpha1.TestRun, res *settings.Resolved) {
	run.Status.NotSelected = leftOut(res)
	run.Status.Classes = classes(run, res)
	run.Status.Fixtures = waitingFixtures(run, res)
	if len(res.Warnings) > 0 {
		set(run, v1alpha1.ConditionWarning, metav1.ConditionTrue, v1alpha1.ReasonUnused, strings.Join(res.Warnings, "\n"))
	}
}

func leftOut(set *settings.Resolved) *v1alpha1.NotSelected {
	var n v1alpha1.NotSelected
	for _, why := range set.Reasons {
		switch why {
		case settings.Rerun:
			n.Rerun++
		case settings.Ignored:
			n.Ignored++
		case settings.Filter:
			n.Filter++
		case settings.DefaultFilter:
			n.DefaultFilter++
		case settings.Partition:
			n.Partition++
		case settings.Selected:
		}
	}
	if n == (v1alpha1.NotSelected{}) {
		return nil
	}
	return &n
}

// classes are the pod shapes of a run with what is effective in each. A run whose tests all have the template as it is
// shows none.
func classes(run *v1alpha1.TestRun, set *settings.Resolved) []v1alpha1.ClassStatus {
	if len(set.Classes) < 2 && run.Spec.Mode != v1alpha1.ModeList {
		return nil
	}
	all := make([]v1alpha1.ClassStatus, len(set.Classes))
	for i, c := range set.Classes {
		spec := run.Spec.Template.Spec.DeepCopy()
		if c.Shape != nil {
			manifest.Apply(spec, c.Shape)
		}
		all[i] = v1alpha1.ClassStatus{Name: c.Name, NodeSelector: spec.NodeSelector}
		if r := spec.Containers[v1alpha1.TestContainer(spec)].Resources; len(r.Limits)+len(r.Requests) > 0 {
			all[i].Resources = &r
		}
		if spec.RuntimeClassName != nil {
			all[i].RuntimeClassName = *spec.RuntimeClassName
		}
	}
	for _, t := range set.Tests {
		if t.Selected {
			all[set.Policies[t.Policy].Class].Tests++
		}
	}
	return all
}

// setPlanned says how many workers of each class the run would begin with.
func setPlanned(run *v1alpha1.TestRun, set *settings.Resolved, now time.Time) {
	run.Status.Progress = fmt.Sprintf("0/%d", run.Status.Tests.Selected)
	step := plan.New(manifest.Facts(run, set), now).Next(now)
	for _, s := range step.Start {
		at := 0
		for i := range run.Status.Classes {
			if run.Status.Classes[i].Name == s.Class {
				at = i
			}
		}
		run.Status.Classes[at].Workers++
	}
}

// listOnly ends a run that was only to be listed.
func listOnly(run *v1alpha1.TestRun) plan.Ending {
	return plan.Ending{
		Result: string(v1alpha1.ResultPassed), Reason: v1alpha1.ReasonListOnly, Exit: v1alpha1.ExitPassed,
		Message: fmt.Sprintf("%s; nothing was run (mode List)", listedNote(run)),
	}
}

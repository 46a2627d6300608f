package report

import (
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/settings"
)

// selection says why a test is selected or not.
func selection(run *v1alpha1.TestRun, from settings.Provenance, why settings.Reason) string {
	spec := &run.Spec
	switch why {
	case settings.Rerun:
		if spec.Rerun == nil {
			return "no: it is not among the tests that are run again"
		}
		return fmt.Sprintf("no: spec.rerun takes what TestRun %s has left, and this test is not among that", spec.Rerun.Name)
	case settings.Ignored:
		if spec.RunIgnored == v1alpha1.RunIgnoredOnly {
			return "no: spec.runIgnored is Only, and the test binary does not mark it as ignored"
		}
		return "no: the test binary marks it as ignored, and spec.runIgnored is Default"
	case settings.Filter:
		return "no: spec.filter does not match it: " + spec.Filter
	case settings.DefaultFilter:
		source := from.Settings["defaultFilter"]
		if source == "" {
			source = "spec"
		}
		return fmt.Sprintf("no: defaultFilter of %s does not match it: %s", source, spec.DefaultFilter)
	case settings.Partition:
		return "no: it is in another part than spec.partition: " + spec.Partition
	case settings.Selected:
	}
	if spec.Filter != "" {
		return "yes: spec.filter matches it: " + spec.Filter
	}
	return "yes: nothing leaves it out"
}

// tale says in sentences why a test ended as it did.
type tale struct {
	*Explained
	run      *v1alpha1.TestRun
	complete *metav1.Condition // nil: the run goes on
	settings *settings.Test
	policy   *plan.Policy
	final    outcome.Row // none: it has no verdict
}

func (t *tale) sentences() []string {
	var said []string
	for _, l := range t.Lost {
		text := fmt.Sprintf("Attempt %d was lost with pod %s (%s", l.Attempt, l.Pod, l.Cause)
		if l.Message != "" {
			text += ": " + l.Message
		}
		said = append(said, text+"). That is no failure of the test: it counts for infraRetries, not for retries.")
	}
	said = append(said, t.ending())
	if more := t.advice(); more != "" {
		said = append(said, more)
	}
	return said
}

func (t *tale) ending() string {
	failed := 0
	for _, a := range t.Attempts {
		if a.Outcome != outcomeRunning && a.Outcome != outcome.Passed.String() && a.Outcome != outcome.Skipped.String() {
			failed++
		}
	}
	switch r := t.final; {
	case r.Outcome == outcome.None:
		return t.undecided(failed)
	case r.Outcome == outcome.Skipped:
		return "The test said itself that it does not apply here."
	case r.Reason == outcome.FlakyFailed:
		return fmt.Sprintf("It passed on attempt %d, after one that failed, and flakyResult is Fail.", r.Attempt)
	case t.Flaky:
		return fmt.Sprintf("It is flaky: it passed on attempt %d, after one that failed, and flakyResult is Pass.", r.Attempt)
	case r.Outcome == outcome.Passed:
		return fmt.Sprintf("It passed on attempt %d.", r.Attempt)
	case failed < t.policy.MaxAttempts:
		return fmt.Sprintf("It failed %s of %d, and the run ended before it was tried again.",
			count(int64(failed), "attempt"), t.policy.MaxAttempts)
	case t.policy.MaxAttempts > 1:
		return fmt.Sprintf("It failed all %d attempts that retries allow; the last one: %s.", t.policy.MaxAttempts, Why(r))
	default:
		return fmt.Sprintf("It failed: %s. retries allow no other attempt.", Why(r))
	}
}

func (t *tale) undecided(failed int) string {
	if t.complete != nil {
		return fmt.Sprintf("It has no verdict: the run ended before as %s: %s.", t.complete.Reason, t.complete.Message)
	}
	for _, a := range t.Attempts {
		if a.Outcome == outcomeRunning {
			return fmt.Sprintf("Attempt %d runs in pod %s since %s.", a.Attempt, a.Pod, a.Start.Format(time.RFC3339))
		}
	}
	if failed > 0 {
		return fmt.Sprintf("It failed %s of %d, and waits for the next one.",
			count(int64(failed), "attempt"), t.policy.MaxAttempts)
	}
	return "It has not ended an attempt yet: it runs, or waits for a worker."
}

// advice is what the reader may do.
func (t *tale) advice() string {
	limit, limited := t.Class.Resources.Limits["memory"]
	switch {
	case t.final.Outcome == outcome.OOMKilled && limited:
		return fmt.Sprintf("Its memory limit is %s: raise it by an override with resources; "+
			"`podtest repro --memory` tries it with another.", limit.String())
	case t.final.Outcome == outcome.OOMKilled:
		return "Its pod has no memory limit of its own: the node ran out of memory. Give it a request by an override."
	case t.final.Outcome == outcome.TimedOut:
		return fmt.Sprintf("slowTimeout ends a test after %s.", t.settings.Terminate)
	}
	return ""
}

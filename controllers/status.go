package controllers

import (
	"encoding/json"
	"fmt"
	"time"
	"unicode/utf8"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/collector"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/settings"
)

// maxMessage is the longest message that a condition may carry here; the API allows 32 KiB, people do not.
const maxMessage = 1024

func complete(run *v1alpha1.TestRun) bool {
	return meta.IsStatusConditionTrue(run.Status.Conditions, v1alpha1.ConditionComplete)
}

// ended reports whether the run has its verdict. It is complete once its fixtures are torn down too.
func ended(run *v1alpha1.TestRun) bool { return run.Status.CompletionTime != nil || complete(run) }

// begin notes when the run was first acted upon, and which spec its status speaks of.
func (r *TestRunReconciler) begin(run *v1alpha1.TestRun) {
	now := r.Clock.Now()
	r.pace.began(run, now)
	if run.Status.StartTime == nil {
		run.Status.StartTime = &metav1.Time{Time: now.Truncate(time.Second)}
	}
	run.Status.ObservedGeneration = run.Generation
}

func set(run *v1alpha1.TestRun, kind string, status metav1.ConditionStatus, reason, message string) {
	meta.SetStatusCondition(&run.Status.Conditions, metav1.Condition{
		Type: kind, Status: status, Reason: reason, Message: cut(message, maxMessage),
		ObservedGeneration: run.Generation,
	})
}

// setListing says that the tests are being listed, or why they are not.
func setListing(run *v1alpha1.TestRun, b *plan.Blocked) {
	set(run, v1alpha1.ConditionAccepted, metav1.ConditionTrue, v1alpha1.ReasonValid, "the spec can be acted upon")
	const asked = "the test binaries are asked for their tests"
	set(run, v1alpha1.ConditionListed, metav1.ConditionFalse, v1alpha1.ReasonWaiting, asked)
	setUnderway(run, v1alpha1.ReasonListing, asked, b)
}

// setListed says which tests were found, and what the spec makes of them.
func setListed(run *v1alpha1.TestRun, cat *catalog.Catalog, res *settings.Resolved, recordCount int) {
	c := &run.Status.Tests
	c.Listed, c.Selected = int64(len(res.Tests)), 0
	for _, t := range res.Tests {
		if t.Selected {
			c.Selected++
		}
	}
	setSelection(run, res)
	c.NotSelected, c.Pending = c.Listed-c.Selected, c.Selected
	run.Status.Catalog = &v1alpha1.CatalogRef{Digest: cat.Digest(), Records: int32(recordCount)}
	set(run, v1alpha1.ConditionListed, metav1.ConditionTrue, v1alpha1.ReasonTestsListed, listedNote(run))
	setUnderway(run, v1alpha1.ReasonRunning, "tests are running", nil)
}

func listedNote(run *v1alpha1.TestRun) string {
	c := run.Status.Tests
	return fmt.Sprintf("%d tests listed, %d selected", c.Listed, c.Selected)
}

// setRunning says that tests run, or why they do not.
func setRunning(run *v1alpha1.TestRun, b *plan.Blocked) {
	setUnderway(run, v1alpha1.ReasonRunning, "tests are running", b)
}

// setUnderway sets the conditions of a run that has not ended: kstatus reads it as in progress.
func setUnderway(run *v1alpha1.TestRun, reason, message string, b *plan.Blocked) {
	switch {
	case run.Spec.Suspend:
		reason, message = v1alpha1.ReasonSuspended, "suspended: no pod is started; set spec.suspend to false to go on"
		set(run, v1alpha1.ConditionSuspended, metav1.ConditionTrue, v1alpha1.ReasonSuspended, message)
	case b != nil:
		reason, message = b.Reason, "waiting: "+b.Message
		fallthrough
	default:
		set(run, v1alpha1.ConditionSuspended, metav1.ConditionFalse, v1alpha1.ReasonNotSuspended, "")
	}
	set(run, v1alpha1.ConditionSucceeded, metav1.ConditionUnknown, reason, message)
	set(run, v1alpha1.ConditionComplete, metav1.ConditionFalse, reason, message)
	set(run, v1alpha1.ConditionReconciling, metav1.ConditionTrue, reason, message)
}

// setEnded sets the verdict: Complete whatever it is, and Stalled for kstatus if it is not a good one.
func (r *TestRunReconciler) setEnded(run *v1alpha1.TestRun, e plan.Ending) {
	now := r.Clock.Now()
	st := &run.Status
	st.Result, st.ExitCode = v1alpha1.Result(e.Result), &e.Exit
	st.CompletionTime = &metav1.Time{Time: now.Truncate(time.Second)}
	st.Duration = manifest.Duration(now.Sub(r.pace.start(run)))
	st.Tests.NotRun += st.Tests.Pending
	st.Tests.Pending, st.Tests.Running = 0, 0
	st.Running = nil
	// What still works has nothing left to do but to seal; what still waits never worked.
	st.Workers.Finished += st.Workers.Running
	st.Workers.Running, st.Workers.Starting = 0, 0
	succeeded := metav1.ConditionFalse
	if st.Result == v1alpha1.ResultPassed {
		succeeded = metav1.ConditionTrue
	}
	if e.Reason == v1alpha1.ReasonInvalidSpec {
		set(run, v1alpha1.ConditionAccepted, metav1.ConditionFalse, e.Reason, e.Message)
	}
	if st.Catalog == nil {
		set(run, v1alpha1.ConditionListed, metav1.ConditionFalse, e.Reason, e.Message)
	}
	set(run, v1alpha1.ConditionSucceeded, succeeded, e.Reason, e.Message)
	if needsTearDown(run) {
		message := "ended, and fixtures are torn down: " + e.Message
		set(run, v1alpha1.ConditionComplete, metav1.ConditionFalse, v1alpha1.ReasonEnding, message)
		set(run, v1alpha1.ConditionReconciling, metav1.ConditionTrue, v1alpha1.ReasonEnding, message)
		return
	}
	setComplete(run)
}

// setComplete closes a run that has its verdict, and nothing left to do.
func setComplete(run *v1alpha1.TestRun) {
	st := &run.Status
	verdict := meta.FindStatusCondition(st.Conditions, v1alpha1.ConditionSucceeded)
	if verdict == nil {
		return
	}
	set(run, v1alpha1.ConditionComplete, metav1.ConditionTrue, verdict.Reason, verdict.Message)
	meta.RemoveStatusCondition(&st.Conditions, v1alpha1.ConditionReconciling)
	if verdict.Status == metav1.ConditionFalse {
		set(run, v1alpha1.ConditionStalled, metav1.ConditionTrue, verdict.Reason, verdict.Message)
	}
}

// fill copies the numbers of this moment.
func (r *TestRunReconciler) fill(run *v1alpha1.TestRun, live *collector.Run) {
	var c plan.Counts
	var started time.Time
	live.Update(func(s *plan.State) { c, started = s.Counts(), s.TestsStarted() })
	if run.Status.TestsStartTime == nil && !started.IsZero() {
		run.Status.TestsStartTime = &metav1.Time{Time: started.Truncate(time.Second)}
	}
	manifest.SetCounts(&run.Status, c)
	run.Status.Duration = manifest.Duration(r.Clock.Since(r.pace.start(run)))
	run.Status.Failures, run.Status.Slowest = fit(live.Failures()), live.Slowest()
	run.Status.Running = fitRunning(live.Running())
}

// maxFailures is how many failed tests a status shows.
const maxFailures = 50

// withNotRun adds tests without a verdict to the failed ones, as far as there is room.
func withNotRun(failures []v1alpha1.Failure, tests []string, why string) []v1alpha1.Failure {
	for _, t := range tests {
		if len(failures) == maxFailures {
			break
		}
		failures = append(failures, v1alpha1.Failure{
			Test: t, Outcome: outcome.NotRun.String(), Message: cut(why, notRunMessage),
		})
	}
	return fit(failures)
}

// notRunMessage is how much of the run's end is repeated for each test that it kept from running.
const notRunMessage = 200

// failureBudget is how many bytes the failures of a status may take, as JSON: the whole stays below 64 KiB.
const failureBudget = 40 << 10

// fit shortens what failed tests said, all alike, until it fits.
func fit(failures []v1alpha1.Failure) []v1alpha1.Failure {
	for most := maxMessage; ; most /= 2 {
		for i := range failures {
			failures[i].Message = cut(failures[i].Message, most)
		}
		if b, err := json.Marshal(failures); err != nil || len(b) <= failureBudget || most == 0 {
			return failures
		}
	}
}

// runningBudget is how many bytes the tests that run may take in a status, as JSON.
const runningBudget = 8 << 10

// fitRunning leaves out the tests that began last, if their names are so long that not all of them fit.
func fitRunning(tests []v1alpha1.RunningTest) []v1alpha1.RunningTest {
	for n := range tests {
		if b, err := json.Marshal(tests[:n+1]); err == nil && len(b) > runningBudget {
			return tests[:n]
		}
	}
	return tests
}

// conditionsChanged reports a change that people wait for: the rest may be put off.
func conditionsChanged(was, is *v1alpha1.TestRun) bool {
	return !equality.Semantic.DeepEqual(was.Status.Conditions, is.Status.Conditions) ||
		was.Status.ObservedGeneration != is.Status.ObservedGeneration
}

// cut is s in at most n bytes, never cut within a character.
func cut(s string, n int) string {
	const more = " …"
	if len(s) <= n {
		return s
	}
	if n <= len(more) {
		return ""
	}
	n -= len(more)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + more
}

package controllers

import (
	"errors"
	"slices"
	"strings"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/settings"
)

// listingEnding are the ways in which a run ends before its tests are known, in the order they are tried.
func listingEnding(seen listing) *plan.Ending {
	for _, rule := range listingEndings {
		if e := rule(seen); e != nil {
			return e
		}
	}
	return nil
}

var listingEndings = []func(listing) *plan.Ending{
	cancelledWhileListing, specInvalid, listingToldError, deadlineWhileListing, podInvalid, listingTimedOut, jobFailed,
}

func cancelledWhileListing(seen listing) *plan.Ending {
	if !seen.run.Spec.Cancel {
		return nil
	}
	return &plan.Ending{
		Result: string(v1alpha1.ResultCancelled), Reason: v1alpha1.ReasonCancelled,
		Message: "cancelled before the tests were listed", Exit: v1alpha1.ExitCancelled,
	}
}

func specInvalid(seen listing) *plan.Ending {
	if len(seen.problems)+len(seen.unsettled) == 0 {
		return nil
	}
	all, filters := seen.problems, len(seen.problems) == 0
	for _, p := range seen.unsettled {
		all = append(all, p.Field+": "+p.Message)
		filters = filters && p.Filter
	}
	if filters {
		return invalidFilter(strings.Join(all, "\n"))
	}
	return setupFailed(v1alpha1.ReasonInvalidSpec, strings.Join(all, "\n"))
}

// invalidFilter ends a run as nextest does when a filterset is wrong.
func invalidFilter(message string) *plan.Ending {
	return &plan.Ending{
		Result: string(v1alpha1.ResultError), Reason: v1alpha1.ReasonInvalidFilter,
		Message: message, Exit: v1alpha1.ExitFilter,
	}
}

// unresolved ends a run whose settings do not go with the tests that were listed.
func unresolved(err error) *plan.Ending {
	if _, ok := errors.AsType[*settings.FilterError](err); ok {
		return invalidFilter(err.Error())
	}
	return setupFailed(v1alpha1.ReasonInvalidSpec, err.Error())
}

func listingToldError(seen listing) *plan.Ending {
	if seen.told == nil || seen.told.Error == "" {
		return nil
	}
	return listFailed(seen.told.Error)
}

func deadlineWhileListing(seen listing) *plan.Ending {
	d := manifest.Deadline(seen.run)
	if d.IsZero() || seen.now.Before(d) {
		return nil
	}
	message := "activeDeadlineSeconds passed before the tests were listed"
	if b := listingBlocked(seen); b != nil {
		message += ": " + b.Message
	}
	return &plan.Ending{
		Result: string(v1alpha1.ResultFailed), Reason: v1alpha1.ReasonDeadlineExceeded,
		Message: message, Exit: v1alpha1.ExitTestsFailed,
	}
}

// podInvalid: a pod that the API server takes for malformed will never be taken.
func podInvalid(seen listing) *plan.Ending {
	if apierrors.IsInvalid(seen.refused) || apierrors.IsBadRequest(seen.refused) {
		return setupFailed(v1alpha1.ReasonInvalidSpec, "spec.template: "+seen.refused.Error())
	}
	return nil
}

func listingTimedOut(seen listing) *plan.Ending {
	b := listingBlocked(seen)
	if b == nil || seen.now.Before(blockedSince(seen).Add(manifest.StartTimeout(seen.run))) {
		return nil
	}
	if b.Reason == v1alpha1.ReasonImagePull {
		return setupFailed(b.Reason, b.Message)
	}
	return &plan.Ending{
		Result: string(v1alpha1.ResultError), Reason: v1alpha1.ReasonStartTimeout,
		Message: "the listing pod did not start: " + b.Message, Exit: v1alpha1.ExitInfrastructure,
	}
}

func jobFailed(seen listing) *plan.Ending {
	if seen.job == nil {
		return nil
	}
	for _, c := range seen.job.Status.Conditions {
		switch {
		case c.Status != corev1.ConditionTrue:
		case c.Type == batchv1.JobFailed:
			return listFailed("the listing pod failed: " + podWord(seen.pod, c.Message))
		case c.Type == batchv1.JobComplete:
			return listFailed("the listing pod ended without telling any tests")
		}
	}
	return nil
}

func podWord(pod *corev1.Pod, otherwise string) string {
	if pod == nil || !manifest.Terminal(pod) {
		return otherwise
	}
	if e := manifest.PodEnd(pod); e.Message != "" {
		return e.Message
	}
	return otherwise
}

func setupFailed(reason, message string) *plan.Ending {
	return &plan.Ending{
		Result: string(v1alpha1.ResultError), Reason: reason, Message: message, Exit: v1alpha1.ExitSetup,
	}
}

func listFailed(message string) *plan.Ending {
	return &plan.Ending{
		Result: string(v1alpha1.ResultError), Reason: v1alpha1.ReasonListFailed,
		Message: message, Exit: v1alpha1.ExitListFailed,
	}
}

// listingBlocked says why the listing pod does not start, or nil.
func listingBlocked(seen listing) *plan.Blocked {
	if seen.refused != nil {
		return refusal(seen.refused)
	}
	if seen.pod == nil {
		return nil
	}
	s := manifest.PodState(seen.pod)
	if s.Running || s.Blocked == "" {
		return nil
	}
	return &plan.Blocked{Reason: s.Blocked, Message: s.Message}
}

func blockedSince(seen listing) time.Time {
	if seen.pod != nil {
		return seen.pod.CreationTimestamp.Time
	}
	return seen.run.Status.StartTime.Time
}

// listingAgain is when to look again though nothing happens: while refused, soon, for quota that is free again tells
// nobody; else when a timeout is due.
func listingAgain(seen listing) time.Duration {
	var due []time.Duration
	if seen.refused != nil {
		due = append(due, refusedAgain)
	}
	if listingBlocked(seen) != nil {
		due = append(due, blockedSince(seen).Add(manifest.StartTimeout(seen.run)).Sub(seen.now))
	}
	if d := manifest.Deadline(seen.run); !d.IsZero() {
		due = append(due, d.Sub(seen.now))
	}
	if len(due) == 0 {
		return 0
	}
	return max(slices.Min(due), time.Millisecond)
}

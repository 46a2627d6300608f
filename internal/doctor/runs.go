package doctor

import (
	"context"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/install"
)

const (
	stuckAfter  = 5 * time.Minute  // waiting for the same thing
	unseenAfter = 30 * time.Second // and nobody has looked at the run
)

// waits are the reasons of a run that waits for something.
var waits = []string{
	v1alpha1.ReasonUnschedulable, v1alpha1.ReasonImagePull, v1alpha1.ReasonQuotaExceeded, v1alpha1.ReasonPodRejected,
	v1alpha1.ReasonPodNotStarting, v1alpha1.ReasonPreparing, v1alpha1.ReasonEnding, v1alpha1.ReasonListing,
}

func (e *examination) runs(ctx context.Context) []Finding {
	var list v1alpha1.TestRunList
	err := e.Client.List(ctx, &list, client.InNamespace(e.Namespace))
	if meta.IsNoMatchError(err) {
		return nil
	}
	if err != nil {
		return unknown(err)
	}
	var findings []Finding
	going := 0
	for i := range list.Items {
		run := &list.Items[i]
		if meta.IsStatusConditionTrue(run.Status.Conditions, v1alpha1.ConditionComplete) {
			continue
		}
		going++
		if f := e.stuck(run); f != nil {
			findings = append(findings, *f)
		}
	}
	if len(findings) > 0 {
		return findings
	}
	return ok("%d in namespace %s, %d going on, none stuck", len(list.Items), e.Namespace, going)
}

func (e *examination) stuck(run *v1alpha1.TestRun) *Finding {
	now := e.Now()
	c := meta.FindStatusCondition(run.Status.Conditions, v1alpha1.ConditionReconciling)
	if c == nil || c.Status != metav1.ConditionTrue {
		if age := now.Sub(run.CreationTimestamp.Time); age > unseenAfter {
			f := failed("see manager, scope and leader above", "TestRun %s is %s old, and nobody has looked at it", run.Name,
				age.Round(time.Second))
			return &f
		}
		return nil
	}
	since := now.Sub(c.LastTransitionTime.Time)
	if run.Status.StartTime != nil {
		since = min(since, now.Sub(run.Status.StartTime.Time))
	}
	if !slices.Contains(waits, c.Reason) || since < stuckAfter {
		return nil
	}
	f := warning("`podtest watch "+run.Name+"` follows it, `podtest cancel "+run.Name+"` ends it",
		"TestRun %s is going on for %s: %s: %s", run.Name, since.Round(time.Second), c.Reason, first(c.Message))
	return &f
}

// podsOf are the pods of an installation's managers.
func podsOf(ctx context.Context, c client.Reader, i *install.Installation) ([]corev1.Pod, error) {
	var pods corev1.PodList
	labels := client.MatchingLabels{}
	if s := i.Deployment.Spec.Selector; s != nil {
		labels = s.MatchLabels
	}
	err := c.List(ctx, &pods, client.InNamespace(i.Namespace), labels)
	return pods.Items, err
}

package report

import (
	"cmp"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/manifest"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/settings"
)

// Explained is all that is known of one test of a run. Its names are not neutralised: they are data.
type Explained struct {
	Namespace   string             `json:"namespace"`
	Run         string             `json:"run"`
	Binary      string             `json:"binary"`
	Name        string             `json:"name"`
	NotSelected string             `json:"notSelected,omitempty"` // ignored, filter, defaultFilter, partition
	Selection   string             `json:"selection"`             // why it is selected or not, in words
	Outcome     string             `json:"outcome,omitempty"`
	Flaky       bool               `json:"flaky,omitempty"`
	Story       []string           `json:"story"` // why it ended so, in sentences
	Class       ExplainedClass     `json:"class"`
	Attempts    []ExplainedAttempt `json:"attempts,omitempty"`
	Lost        []ExplainedLoss    `json:"lost,omitempty"`
	Settings    []ExplainedSetting `json:"settings"`
}

// ExplainedClass is the shape of the pods that a test runs in.
type ExplainedClass struct {
	Name             string                      `json:"name"`
	OwnPod           bool                        `json:"ownPod,omitempty"`
	Resources        corev1.ResourceRequirements `json:"resources"`
	NodeSelector     map[string]string           `json:"nodeSelector,omitempty"`
	Tolerations      []corev1.Toleration         `json:"tolerations,omitempty"`
	RuntimeClassName string                      `json:"runtimeClassName,omitempty"`
}

// ExplainedAttempt is an attempt that has ended, or that runs.
type ExplainedAttempt struct {
	Attempt    uint16    `json:"attempt"`
	Outcome    string    `json:"outcome"` // or running
	Why        string    `json:"why,omitempty"`
	Start      time.Time `json:"start"`
	DurationUs uint64    `json:"durationUs"`
	CPUUs      uint64    `json:"cpuUs"`
	PeakRSSKiB uint64    `json:"peakRssKiB"`
	Pod        string    `json:"pod"`
	Node       string    `json:"node,omitempty"`
	Excerpt    string    `json:"excerpt,omitempty"`
}

// ExplainedLoss is an attempt that was lost with its pod, and counts for nothing.
type ExplainedLoss struct {
	Attempt uint16 `json:"attempt"`
	Pod     string `json:"pod"`
	Node    string `json:"node,omitempty"`
	Cause   string `json:"cause"`
	Message string `json:"message,omitempty"`
}

// ExplainedSetting is a setting by its name in the API, and who set it; "default": nobody.
type ExplainedSetting struct {
	Name   string `json:"name"`
	Value  string `json:"value"`
	Source string `json:"source"`
}

// outcomeRunning is an attempt that has not ended.
const outcomeRunning = "running"

// Explain tells all that is known of a test. The run's spec is its own with what it took from its profile.
func (b *Book) Explain(run *v1alpha1.TestRun, from settings.Provenance, ordinal uint32) Explained {
	complete := Completed(run)
	if complete != nil {
		b.Cut()
	}
	e := Explained{Namespace: run.Namespace, Run: run.Name, Class: b.explainClass(run, ordinal)}
	e.Binary, e.Name = b.Names(ordinal)
	why := b.Reason(ordinal)
	e.NotSelected, e.Selection = notSelected[why], selection(run, from, why)
	e.Settings = b.explainSettings(run, ordinal)
	if why != settings.Selected {
		e.Story = []string{"It is not part of the run."}
		return e
	}
	e.Attempts, e.Lost = b.explainAttempts(run, ordinal), b.explainLosses(ordinal)
	t := &tale{Explained: &e, run: run, complete: complete, settings: b.Settings(ordinal), policy: b.set.Policy(ordinal)}
	if a := b.tests[ordinal]; a != nil && a.decided {
		e.Outcome, e.Flaky, t.final = a.final.Outcome.String(), a.flaky, a.final
	} else if e.Outcome = Pending; complete != nil {
		e.Outcome = outcome.NotRun.String()
	}
	e.Story = t.sentences()
	return e
}

// explainClass makes the pod of the class as the controller does.
func (b *Book) explainClass(run *v1alpha1.TestRun, ordinal uint32) ExplainedClass {
	policy := b.set.Policy(ordinal)
	class := b.set.Classes[policy.Class]
	spec := run.Spec.Template.Spec.DeepCopy()
	if len(spec.Containers) == 0 {
		spec.Containers = []corev1.Container{{}}
	}
	if class.Shape != nil {
		manifest.Apply(spec, class.Shape)
	}
	c := ExplainedClass{
		Name: cmp.Or(class.Name, plan.ClassDefault), OwnPod: policy.Alone, NodeSelector: spec.NodeSelector,
		Tolerations: spec.Tolerations, Resources: spec.Containers[v1alpha1.TestContainer(spec)].Resources,
	}
	if spec.RuntimeClassName != nil {
		c.RuntimeClassName = *spec.RuntimeClassName
	}
	return c
}

func (b *Book) explainAttempts(run *v1alpha1.TestRun, ordinal uint32) []ExplainedAttempt {
	nodes := b.Nodes()
	var attempts []ExplainedAttempt
	for _, e := range b.Attempts(ordinal) {
		r := e.Row
		attempts = append(attempts, ExplainedAttempt{
			Attempt: r.Attempt, Outcome: r.Outcome.String(), Why: Why(r), Start: time.UnixMicro(r.Start).UTC(),
			DurationUs: r.Duration, CPUUs: r.CPU, PeakRSSKiB: r.PeakRSS, Pod: e.Pod, Node: nodes[e.Pod], Excerpt: e.Excerpt,
		})
	}
	for _, r := range run.Status.Running {
		if r.Ordinal == int64(ordinal) && run.Status.CompletionTime == nil {
			attempts = append(attempts, ExplainedAttempt{
				Attempt: uint16(r.Attempt), Outcome: outcomeRunning, Start: r.StartTime.UTC(), Pod: r.Pod, Node: nodes[r.Pod],
			})
		}
	}
	return attempts
}

func (b *Book) explainLosses(ordinal uint32) []ExplainedLoss {
	var losses []ExplainedLoss
	for _, w := range b.Workers() {
		for _, l := range w.Lost {
			if l.Ordinal == ordinal {
				losses = append(losses, ExplainedLoss{
					Attempt: l.Attempt, Pod: w.Pod, Node: w.Node, Cause: w.Cause, Message: w.Message,
				})
			}
		}
	}
	return losses
}

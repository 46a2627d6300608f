package report

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/wire"
)

// Input is all that a report of a run is made from: of one that has ended, or of one that goes on.
type Input struct {
	Run     *v1alpha1.TestRun
	Book    *Book
	Outputs map[Try]wire.Output // what is kept of them
	Now     time.Time           // ends a run that goes on
}

// Try is an attempt of a test.
type Try struct {
	Ordinal uint32
	Attempt uint16
}

// Worker is a pod of a run and the times of its life; those that are not known are zero.
type Worker struct {
	Batch, Pod, Node, Class string
	Index                   int32
	// Created, until Scheduled it waits for a node, until Started for its image, until Finished it runs tests.
	Created, Scheduled, Started, Finished time.Time
	Cause, Message                        string // of its end; empty while it lives
	Lost                                  []Try  // attempts that ran when it died
}

func workerOf(b *v1alpha1.TestBatch) Worker {
	w := Worker{
		Batch: b.Name, Pod: b.Name, Class: b.Spec.Class, Index: b.Spec.Index, Created: b.CreationTimestamp.Time,
	}
	if p := b.Status.Pod; p != nil {
		if p.Name != "" {
			w.Pod = p.Name
		}
		w.Node = p.Node
		if p.CreatedTime != nil {
			w.Created = p.CreatedTime.Time
		}
		if p.ScheduledTime != nil {
			w.Scheduled = p.ScheduledTime.Time
		}
		if p.StartedTime != nil {
			w.Started = p.StartedTime.Time
		}
		if p.FinishedTime != nil {
			w.Finished = p.FinishedTime.Time
		}
	}
	if e := b.Status.End; e != nil {
		w.Cause, w.Message = e.Cause, e.Message
		for _, l := range e.Lost {
			w.Lost = append(w.Lost, Try{Ordinal: uint32(l.Ordinal), Attempt: uint16(l.Attempt)})
		}
	}
	return w
}

// Completed is the condition that tells how a run has ended; nil while it goes on.
func Completed(run *v1alpha1.TestRun) *metav1.Condition {
	c := meta.FindStatusCondition(run.Status.Conditions, v1alpha1.ConditionComplete)
	if c == nil || c.Status != metav1.ConditionTrue {
		return nil
	}
	return c
}

// Workers are the pods that were read of, in the order in which they were made.
func (b *Book) Workers() []Worker {
	return slices.SortedFunc(maps.Values(b.workers), func(a, b Worker) int {
		return cmp.Or(cmp.Compare(a.Index, b.Index), cmp.Compare(a.Batch, b.Batch))
	})
}

// Nodes are the nodes of the pods that were read of, as far as they are known.
func (b *Book) Nodes() map[string]string {
	nodes := make(map[string]string, len(b.workers))
	for _, w := range b.workers {
		nodes[w.Pod] = w.Node
	}
	return nodes
}

// Class is the class of pods that a test belongs to.
func (b *Book) Class(ordinal uint32) string {
	p := b.set.Policy(ordinal)
	return cmp.Or(b.set.Classes[p.Class].Name, plan.ClassDefault)
}

// Package reporttest makes up runs for the tests of reports: of all outcomes, of many tests, of hostile ones.
package reporttest

import (
	"fmt"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/settings"
	"github.com/podtest/podtest/internal/wire"
)

// Start is when the runs began.
var Start = time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)

// Made is a run in the making.
type Made struct {
	Run     *v1alpha1.TestRun
	Catalog catalog.Catalog
	Batches []*v1alpha1.TestBatch
	Rows    [][]outcome.Row // by batch
	Outputs map[report.Try]wire.Output
	Now     time.Time
}

// New is a run that has ended as told after so long, without tests.
func New(result v1alpha1.Result, exit int32, took time.Duration) *Made {
	run := &v1alpha1.TestRun{ObjectMeta: metav1.ObjectMeta{
		Namespace: "ci", Name: "checkout", UID: "3f1c2d6e-8f0b-4f5e-9d43-5c9ba1f4a7aa",
		CreationTimestamp: metav1.NewTime(Start),
	}}
	run.Spec.RunIgnored = v1alpha1.RunIgnoredDefault
	run.Spec.Retries = &v1alpha1.Retries{Count: 2}
	run.Spec.Parallelism = 4
	run.Spec.Template.Spec.Containers = NewContainers("registry.example/shop/checkout-tests:4f2a91c")
	run.Status.Result, run.Status.ExitCode = result, &exit
	run.Status.StartTime = new(metav1.NewTime(Start))
	run.Status.CompletionTime = new(metav1.NewTime(Start.Add(took)))
	m := &Made{Run: run, Outputs: map[report.Try]wire.Output{}, Now: Start.Add(took)}
	m.Condition(v1alpha1.ConditionListed, v1alpha1.ReasonTestsListed, "")
	run.Status.Conditions[0].LastTransitionTime = metav1.NewTime(Start.Add(2 * time.Second))
	m.Condition(v1alpha1.ConditionComplete, string(result), "")
	return m
}

// GoesOn makes it a run that has not ended.
func (m *Made) GoesOn() {
	m.Run.Status.Result, m.Run.Status.ExitCode, m.Run.Status.CompletionTime = "", nil, nil
	m.Run.Status.Conditions = m.Run.Status.Conditions[:1]
}

// Condition sets a condition to True.
func (m *Made) Condition(name, reason, message string) {
	m.Run.Status.Conditions = append(m.Run.Status.Conditions, metav1.Condition{
		Type: name, Status: metav1.ConditionTrue, Reason: reason, Message: message,
	})
}

// Worker adds a pod whose life began so long after the run's start: created, a second later scheduled, a second later
// started.
func (m *Made) Worker(after, finished time.Duration) int {
	at := func(d time.Duration) *metav1.Time { return new(metav1.NewTime(Start.Add(d))) }
	i := len(m.Batches)
	b := &v1alpha1.TestBatch{ObjectMeta: metav1.ObjectMeta{
		Name: fmt.Sprintf("%s-w%05d", m.Run.Name, i), CreationTimestamp: *at(after),
	}}
	b.Spec.Index, b.Spec.Class = int32(i), "default"
	b.Status.Pod = &v1alpha1.BatchPod{
		Name: b.Name, Node: fmt.Sprintf("node-%d", i%3+1), CreatedTime: at(after), ScheduledTime: at(after + time.Second),
		StartedTime: at(after + 2*time.Second), FinishedTime: at(finished),
	}
	b.Status.End = &v1alpha1.BatchEnd{Cause: "Finished"}
	if finished == 0 {
		b.Status.Pod.FinishedTime, b.Status.End = nil, nil
	}
	m.Batches, m.Rows = append(m.Batches, b), append(m.Rows, nil)
	return i
}

// Binary adds a test binary.
func (m *Made) Binary(id string) {
	m.Catalog.Binaries = append(m.Catalog.Binaries, wire.Binary{Suite: "s", ID: id})
}

// Test adds a test of the newest binary and returns its ordinal.
func (m *Made) Test(name string) uint32 {
	m.Catalog.Tests = append(m.Catalog.Tests, wire.Listed{Binary: len(m.Catalog.Binaries) - 1, Name: name})
	return uint32(len(m.Catalog.Tests) - 1)
}

// Row adds an attempt to what a worker did.
func (m *Made) Row(worker int, r outcome.Row, after, took time.Duration) {
	r.Start, r.Duration = Start.Add(after).UnixMicro(), uint64(took.Microseconds())
	if r.PeakRSS == 0 {
		r.PeakRSS, r.CPU = 4096+uint64(r.Ordinal%97)*512, r.Duration/3
	}
	m.Rows[worker] = append(m.Rows[worker], r)
}

// Print keeps what an attempt printed.
func (m *Made) Print(ordinal uint32, attempt uint16, out, err string) {
	m.Outputs[report.Try{Ordinal: ordinal, Attempt: attempt}] = wire.Output{
		Ordinal: ordinal, Attempt: attempt,
		Stdout: wire.Stream{Head: []byte(out)}, Stderr: wire.Stream{Head: []byte(err)},
	}
}

// Input is the run as reports take it.
func (m *Made) Input(t testing.TB) report.Input {
	t.Helper()
	set, err := settings.Resolve(&m.Run.Spec, settings.Provenance{}, &m.Catalog)
	if err != nil {
		t.Fatal(err)
	}
	book := report.NewBook(&m.Catalog, set)
	for i, b := range m.Batches {
		b.Status.Ledger = outcome.Encode(m.Rows[i])
		if _, err := book.Read(b); err != nil {
			t.Fatal(err)
		}
	}
	m.Run.Status.Tests.Listed = int64(len(m.Catalog.Tests))
	return report.Input{Run: m.Run, Book: book, Outputs: m.Outputs, Now: m.Now}
}

package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// TestBatch is the ledger of one worker pod: which tests it ran and what became of them. podtest makes it,
// users only read it.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=testbatches,singular=testbatch,shortName=ptb,categories=podtest
// +kubebuilder:printcolumn:name="Run",type=string,JSONPath=`.spec.run.name`
// +kubebuilder:printcolumn:name="Class",type=string,JSONPath=`.spec.class`
// +kubebuilder:printcolumn:name="Tests",type=integer,JSONPath=`.status.attempts`
// +kubebuilder:printcolumn:name="Sealed",type=boolean,JSONPath=`.status.sealed`
// +kubebuilder:printcolumn:name="End",type=string,JSONPath=`.status.end.cause`
// +kubebuilder:printcolumn:name="Node",type=string,JSONPath=`.status.pod.node`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type TestBatch struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec is what the batch was made for; it never changes.
	// +required
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="the spec of a TestBatch never changes"
	Spec TestBatchSpec `json:"spec"`
	// status is the ledger.
	// +optional
	Status TestBatchStatus `json:"status,omitempty"`
}

// TestBatchList is a list of TestBatches.
//
// +kubebuilder:object:root=true
type TestBatchList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []TestBatch `json:"items"`
}

// TestBatchSpec is what a batch was made for.
type TestBatchSpec struct {
	// run is the TestRun that the batch belongs to.
	// +required
	Run RunRef `json:"run"`
	// index is the batch's number within the run, from 0; it makes the name.
	// +required
	// +kubebuilder:validation:Minimum=0
	Index int32 `json:"index"`
	// class is the pod shape of its worker; "default" or, in runs with isolation Pod and for a test that is run
	// alone to see whether it breaks its pod, "alone".
	// +required
	// +kubebuilder:validation:MaxLength=63
	Class string `json:"class"`
	// shape is what the pod of its worker has beyond the run's template; unset for the default class.
	// +optional
	Shape *PodShape `json:"shape,omitempty"`
	// tests are the ordinals of a fixed list of tests; empty for a worker that asks for work.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10000
	Tests []int64 `json:"tests,omitempty"`
}

// PodShape is what the pods of a class have beyond the run's template.
type PodShape struct {
	// resources of the container with the tests, replacing the template's name by name.
	// +optional
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
	// nodeSelector is added to the template's.
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`
	// tolerations are added to the template's.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`
	// runtimeClassName replaces the template's.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	RuntimeClassName string `json:"runtimeClassName,omitempty"`
}

// RunRef tells a TestRun of the same namespace.
type RunRef struct {
	// name of the TestRun.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
	// uid of the TestRun: another of the same name is another run.
	// +required
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=64
	UID types.UID `json:"uid"`
}

// TestBatchStatus is the ledger of one worker pod.
type TestBatchStatus struct {
	// attempts is how many attempts the ledger holds.
	// +optional
	Attempts int32 `json:"attempts,omitempty"`
	// ledger holds the attempts in podtest's compact encoding (internal/outcome); `podtest results` reads it.
	// +optional
	// +kubebuilder:validation:MaxLength=786432
	Ledger []byte `json:"ledger,omitempty"`
	// acked is the number of the last message of the reporter that is part of this ledger.
	// +optional
	Acked int64 `json:"acked,omitempty"`
	// discarded is how many reports were not counted: they came twice or for a test that had its verdict.
	// +optional
	Discarded int64 `json:"discarded,omitempty"`
	// failures are the first failed attempts with what they said, at most 50.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=50
	Failures []BatchFailure `json:"failures,omitempty"`
	// pod is the worker.
	// +optional
	Pod *BatchPod `json:"pod,omitempty"`
	// sealed is true once the reporter has said that this is all, and count and digest agreed.
	// +optional
	Sealed bool `json:"sealed,omitempty"`
	// end says how the worker ended; nothing is added to the ledger after it.
	// +optional
	End *BatchEnd `json:"end,omitempty"`
}

// BatchFailure is what a failed attempt said.
type BatchFailure struct {
	// ordinal is the test's place in the catalog.
	// +required
	Ordinal int64 `json:"ordinal"`
	// attempt is the number of the attempt, from 1.
	// +required
	Attempt int32 `json:"attempt"`
	// message says why it failed and shows the end of what it printed.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message,omitempty"`
}

// BatchPod is the worker pod of a batch.
type BatchPod struct {
	// name of the pod.
	// +required
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
	// uid of the pod.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=64
	UID types.UID `json:"uid,omitempty"`
	// node that the pod ran on.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Node string `json:"node,omitempty"`
	// createdTime is when the pod was created.
	// +optional
	CreatedTime *metav1.Time `json:"createdTime,omitempty"`
	// scheduledTime is when a node was found for it.
	// +optional
	ScheduledTime *metav1.Time `json:"scheduledTime,omitempty"`
	// startedTime is when the container with the tests started: images are pulled before it.
	// +optional
	StartedTime *metav1.Time `json:"startedTime,omitempty"`
	// finishedTime is when the container with the tests ended.
	// +optional
	FinishedTime *metav1.Time `json:"finishedTime,omitempty"`
}

// BatchEnd says how a worker ended.
type BatchEnd struct {
	// cause is Finished when every test it was given is accounted for, RunEnded when the run was over before it was
	// done; else what went wrong with the pod: OOMKilled, Evicted, Deleted, NodeLost, StartFailed, Died.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Cause string `json:"cause"`
	// message tells more, in a sentence.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message,omitempty"`
	// lost are the attempts that were running when the worker died: ordinal and attempt.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=256
	Lost []LostAttempt `json:"lost,omitempty"`
}

// LostAttempt is an attempt that was running when its worker died.
type LostAttempt struct {
	// ordinal is the test's place in the catalog.
	// +required
	Ordinal int64 `json:"ordinal"`
	// attempt is the number of the attempt, from 1.
	// +required
	Attempt int32 `json:"attempt"`
}

// Causes of a worker's end.
const (
	CauseFinished    = "Finished"
	CauseOOMKilled   = "OOMKilled"
	CauseEvicted     = "Evicted"
	CauseDeleted     = "Deleted"
	CauseNodeLost    = "NodeLost"
	CauseStartFailed = "StartFailed"
	CauseDied        = "Died"
	CauseRunEnded    = "RunEnded"
)

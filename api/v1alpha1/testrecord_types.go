package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// TestRecord is one immutable piece of a run's bulk data: a part of its catalog, or what failed tests
// printed. podtest makes it; `podtest` reads it.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=testrecords,singular=testrecord,shortName=ptrec,categories=podtest
// +kubebuilder:printcolumn:name="Run",type=string,JSONPath=`.spec.run.name`
// +kubebuilder:printcolumn:name="Kind",type=string,JSONPath=`.spec.kind`
// +kubebuilder:printcolumn:name="Index",type=integer,JSONPath=`.spec.index`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type TestRecord struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec is the record; it never changes.
	// +required
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="a TestRecord never changes"
	Spec TestRecordSpec `json:"spec"`
}

// TestRecordList is a list of TestRecords.
//
// +kubebuilder:object:root=true
type TestRecordList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []TestRecord `json:"items"`
}

// TestRecordSpec is one piece of a run's bulk data.
type TestRecordSpec struct {
	// run is the TestRun that the record belongs to.
	// +required
	Run RunRef `json:"run"`
	// kind is what the record holds: Catalog, Output, Settings or Rerun.
	// +required
	Kind RecordKind `json:"kind"`
	// index is its place among the records of its kind (and batch), from 0.
	// +required
	// +kubebuilder:validation:Minimum=0
	Index int32 `json:"index"`
	// batch is the batch whose tests printed the output; empty for a catalog.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Batch string `json:"batch,omitempty"`
	// digest is the SHA-256 of the whole (all records of a catalog; this record's data else), in hexadecimal.
	// +required
	// +kubebuilder:validation:MaxLength=64
	Digest string `json:"digest"`
	// data is compressed with zstd: JSON lines. At most 512 KiB.
	// +required
	// +kubebuilder:validation:MaxLength=716800
	Data []byte `json:"data"`
}

// RecordKind is what a record holds.
// +kubebuilder:validation:Enum=Catalog;Output;Settings;Rerun
type RecordKind string

// What a record holds.
const (
	RecordCatalog RecordKind = "Catalog"
	RecordOutput  RecordKind = "Output"
	// RecordSettings: what a run took from its TestProfile.
	RecordSettings RecordKind = "Settings"
	// RecordRerun: what a rerun knows of the runs before it.
	RecordRerun RecordKind = "Rerun"
)

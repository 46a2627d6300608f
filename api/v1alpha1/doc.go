// Package v1alpha1 holds what users of podtest write and read: TestRun, and the
// two kinds that carry its ledger and its bulk data, TestBatch and TestRecord.
// It knows types, their limits and their words; it decides nothing.
//
// +kubebuilder:object:generate=true
// +groupName=podtest.dev
package v1alpha1

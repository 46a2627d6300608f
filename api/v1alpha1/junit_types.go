package v1alpha1

// JUnitPolicy says what a JUnit report holds of a test, as nextest's profile.X.junit does.
type JUnitPolicy struct {
	// storeSuccessOutput puts what passed tests print into the report, and has it kept for that; default false.
	// +optional
	StoreSuccessOutput *bool `json:"storeSuccessOutput,omitempty"`
	// storeFailureOutput puts what failed tests print into the report; default true.
	// +optional
	StoreFailureOutput *bool `json:"storeFailureOutput,omitempty"`
	// reportSkipped says which tests that are not selected are in the report, as skipped: None (default), those that are
	// Ignored, or All.
	// +optional
	ReportSkipped JUnitSkipped `json:"reportSkipped,omitempty"`
	// flakyFailStatus is what a flaky test is in the report that flakyResult fails: Failure (default) or Success.
	// +optional
	FlakyFailStatus JUnitFlakyFail `json:"flakyFailStatus,omitempty"`
}

// JUnitSkipped is which tests that are not selected are in a JUnit report.
// +kubebuilder:validation:Enum=None;Ignored;All
type JUnitSkipped string

// Which tests that are not selected are in a JUnit report.
const (
	JUnitSkippedNone    JUnitSkipped = "None"
	JUnitSkippedIgnored JUnitSkipped = "Ignored"
	JUnitSkippedAll     JUnitSkipped = "All"
)

// JUnitFlakyFail is what a flaky test is in a JUnit report that flakyResult fails.
// +kubebuilder:validation:Enum=Failure;Success
type JUnitFlakyFail string

// What a flaky test is in a JUnit report.
const (
	JUnitFlakyFailure JUnitFlakyFail = "Failure"
	JUnitFlakySuccess JUnitFlakyFail = "Success"
)

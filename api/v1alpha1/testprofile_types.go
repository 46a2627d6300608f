package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// TestProfile is a set of settings that many TestRuns of its namespace share. A run takes what the profile says at the
// moment it is accepted: a later change of the profile is for later runs.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:path=testprofiles,singular=testprofile,shortName=ptprof,categories=podtest
// +kubebuilder:printcolumn:name="Inherits",type=string,JSONPath=`.spec.inherits`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type TestProfile struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object metadata.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec holds the settings.
	// +optional
	Spec TestProfileSpec `json:"spec,omitempty"`
}

// TestProfileList is a list of TestProfiles.
//
// +kubebuilder:object:root=true
type TestProfileList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []TestProfile `json:"items"`
}

// TestProfileSpec holds settings.
type TestProfileSpec struct {
	// inherits is the name of a TestProfile of the same namespace that this one adds to. Every setting is looked up along
	// the whole chain; overrides of the profile come before those of the one it inherits.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Inherits string `json:"inherits,omitempty"`

	TestSettings `json:",inline"`
}

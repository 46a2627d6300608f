package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Fixture is something that tests need beside them. It is there only if a selected test matches its filter.
//
// +kubebuilder:validation:XValidation:rule="has(self.setup) || has(self.teardown) || has(self.service)",message="a fixture needs setup, teardown or service"
// +kubebuilder:validation:XValidation:rule="!has(self.service) || (!has(self.setup) && !has(self.teardown))",message="a service is a fixture of its own: give setup and teardown another name"
type Fixture struct {
	// name of the fixture: lower-case letters, digits and dashes, at most 30.
	// +required
	// +kubebuilder:validation:MaxLength=30
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name"`
	// filter is the filterset of the tests that need it. Unset: all().
	// +optional
	// +kubebuilder:validation:MaxLength=16384
	Filter string `json:"filter,omitempty"`
	// setup runs once, in a pod made of the run's template, before any test. Lines KEY=value that it writes to the file
	// named by $NEXTEST_ENV are added to the environment of the tests that match. If it fails, no test is run, and the
	// exit code is 105.
	// +optional
	Setup *FixtureCommand `json:"setup,omitempty"`
	// teardown runs once, in a pod made of the run's template, when all test pods have ended, whatever the end: failed,
	// cancelled or deleted too. It runs only if setup was begun; with what setup has exported in its environment.
	// +optional
	Teardown *FixtureCommand `json:"teardown,omitempty"`
	// service is a pod that runs as long as the tests do. Tests start once it is ready.
	// +optional
	Service *FixtureService `json:"service,omitempty"`
}

// FixtureCommand is a command of a fixture.
type FixtureCommand struct {
	// command is the program and its arguments; no shell. At most 256 elements, each at most 4096 characters.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MaxLength=4096
	// +kubebuilder:validation:items:Pattern=`^[^\x00]*$`
	Command []string `json:"command"`
	// timeout is how long it may take; from 1s to 24h, default 5m.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,5}([.][0-9]{1,9})?(h|m|s|ms)){1,4}$') && duration(self) >= duration('1s') && duration(self) <= duration('24h')",message="must be a duration from 1s to 24h, such as \"90s\" or \"1m30s\""
	Timeout *metav1.Duration `json:"timeout,omitempty"`
}

// FixtureService is a pod beside the tests, with one container.
type FixtureService struct {
	// image of the container.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Image string `json:"image"`
	// command replaces the image's entrypoint, as in a pod.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=256
	Command []string `json:"command,omitempty"`
	// args replace the image's arguments, as in a pod.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=256
	Args []string `json:"args,omitempty"`
	// env of the container; at most 64.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Env []EnvVar `json:"env,omitempty"`
	// port that the service listens on. Tests that match find the address in PODTEST_SERVICE_<NAME>_HOST and the port in
	// PODTEST_SERVICE_<NAME>_PORT, the fixture's name in capitals with _ for -.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=65535
	Port int32 `json:"port,omitempty"`
	// readiness is a command in the container that exits with 0 once the service is ready. Unset: it is ready when its
	// port accepts connections, or without one when it runs.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=256
	Readiness []string `json:"readiness,omitempty"`
	// resources of the container.
	// +optional
	Resources corev1.ResourceRequirements `json:"resources,omitempty"`
	// readyTimeout is how long it may take to be ready; from 1s to 24h, default 5m.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,5}([.][0-9]{1,9})?(h|m|s|ms)){1,4}$') && duration(self) >= duration('1s') && duration(self) <= duration('24h')",message="must be a duration from 1s to 24h, such as \"90s\" or \"1m30s\""
	ReadyTimeout *metav1.Duration `json:"readyTimeout,omitempty"`
}

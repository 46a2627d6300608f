package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestSettings are what a TestRun says itself or takes from its TestProfile: how tests are run. What neither says has
// the default that is given with the field. That they are fixed in a TestRun is said at TestRunSpec: a TestProfile may
// be edited.
type TestSettings struct {
	// defaultFilter is the filterset of the tests that run unless the run ignores it (ignoreDefaultFilter); filter
	// narrows it. Unset: all().
	// +optional
	// +kubebuilder:validation:MaxLength=16384
	DefaultFilter string `json:"defaultFilter,omitempty"`

	// isolation is what a test has to itself: Process (default) runs many tests in a pod, each a process
	// of its own; Pod gives each test a pod of its own.
	// +optional
	Isolation Isolation `json:"isolation,omitempty"`

	// retries says how often a failing test is tried again, and when. Unset: never.
	// +optional
	Retries *Retries `json:"retries,omitempty"`

	// flakyResult is what a test is that passes on a later attempt: Pass (default) or Fail.
	// +optional
	FlakyResult PassOrFail `json:"flakyResult,omitempty"`

	// slowTimeout says when a test is slow, and when it is ended for it. Unset: slow after 60s, never ended.
	// +optional
	SlowTimeout *SlowTimeout `json:"slowTimeout,omitempty"`

	// leakTimeout says how long a test's output may stay open after its process has ended, and what a test is that
	// leaves a process behind. Unset: 200ms, and it passes.
	// +optional
	LeakTimeout *LeakTimeout `json:"leakTimeout,omitempty"`

	// globalTimeout is how long the tests of the run may take together, from the moment the first of them is handed to a
	// worker: time spent waiting for nodes and images before is not counted. Then running tests are ended and the rest
	// is not run. From 1s to 720h; unset: no limit.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,5}([.][0-9]{1,9})?(h|m|s|ms)){1,4}$') && duration(self) >= duration('1s') && duration(self) <= duration('720h')",message="must be a duration from 1s to 720h, such as \"90s\" or \"1h30m\""
	GlobalTimeout *metav1.Duration `json:"globalTimeout,omitempty"`

	// failFast ends the run early when tests fail. Unset: all tests are run, whatever fails.
	// +optional
	FailFast *FailFast `json:"failFast,omitempty"`

	// junit says what a JUnit report of the run holds (podtest junit). Each of its settings is taken by itself: from the
	// run, else from its profile, else its default.
	// +optional
	JUnit *JUnitPolicy `json:"junit,omitempty"`

	// groups are the test groups that overrides put tests into; at most 64.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Groups []Group `json:"groups,omitempty"`

	// overrides are settings for some of the tests. For each setting the first override counts that matches the test and
	// says something of it, as in nextest; at most 128.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=128
	Overrides []Override `json:"overrides,omitempty"`

	// listWrapper is put before the command that lists the tests of a binary; at most 64 elements.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=4096
	// +kubebuilder:validation:items:Pattern=`^[^\x00]*$`
	ListWrapper []string `json:"listWrapper,omitempty"`

	// runWrapper is put before the command that runs a test; at most 64 elements.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=4096
	// +kubebuilder:validation:items:Pattern=`^[^\x00]*$`
	RunWrapper []string `json:"runWrapper,omitempty"`

	// runExtraArgs are added to the command that runs a test, never to the one that lists; at most 64 elements.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=4096
	// +kubebuilder:validation:items:Pattern=`^[^\x00]*$`
	RunExtraArgs []string `json:"runExtraArgs,omitempty"`

	// successOutput says whether what passed tests print is kept and when it is shown: Never (default: not kept),
	// Immediate, Final, ImmediateFinal.
	// +optional
	SuccessOutput OutputPolicy `json:"successOutput,omitempty"`

	// failureOutput says when what failed tests print is shown: Immediate (default), Final, ImmediateFinal, Never. It is
	// always kept.
	// +optional
	FailureOutput OutputPolicy `json:"failureOutput,omitempty"`

	// fixtures are what tests need beside them: commands that run before and after, services; at most 16.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Fixtures []Fixture `json:"fixtures,omitempty"`
}

// Retries says how often a failing test is tried again, and after what time.
//
// +kubebuilder:validation:XValidation:rule="!has(self.jitter) || !self.jitter || (has(self.delay) && duration(self.delay) > duration('0s'))",message="jitter needs a delay above 0s"
// +kubebuilder:validation:XValidation:rule="!has(self.backoff) || self.backoff != 'Exponential' || (self.count > 0 && has(self.delay) && duration(self.delay) > duration('0s'))",message="backoff Exponential needs a count above 0 and a delay above 0s"
// +kubebuilder:validation:XValidation:rule="!has(self.maxDelay) || (has(self.backoff) && self.backoff == 'Exponential')",message="maxDelay goes with backoff Exponential only"
// +kubebuilder:validation:XValidation:rule="!has(self.maxDelay) || !has(self.delay) || duration(self.maxDelay) >= duration(self.delay)",message="maxDelay must not be below delay"
type Retries struct {
	// count is how many attempts may follow the first; from 0 to 100.
	// +required
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	Count int32 `json:"count"`
	// backoff is how the time between attempts grows: Fixed (default) is delay each time, Exponential doubles it from
	// attempt to attempt. A test that waits for its next attempt holds no slot.
	// +optional
	Backoff Backoff `json:"backoff,omitempty"`
	// delay is the time before the second attempt; from 0s to 24h, unset: 0s.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,5}([.][0-9]{1,9})?(h|m|s|ms)){1,4}$') && duration(self) >= duration('0s') && duration(self) <= duration('24h')",message="must be a duration from 0s to 24h, such as \"1.5s\", \"90s\" or \"1m30s\""
	Delay *metav1.Duration `json:"delay,omitempty"`
	// maxDelay bounds an exponential delay; from 1ms to 24h. Unset: no bound.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,5}([.][0-9]{1,9})?(h|m|s|ms)){1,4}$') && duration(self) >= duration('1ms') && duration(self) <= duration('24h')",message="must be a duration from 1ms to 24h, such as \"1.5s\", \"90s\" or \"1m30s\""
	MaxDelay *metav1.Duration `json:"maxDelay,omitempty"`
	// jitter shortens each delay by a random part, of up to half of it.
	// +optional
	Jitter bool `json:"jitter,omitempty"`
	// in is where the next attempt runs: SamePod (default) prefers the worker in which it failed, NewPod makes a pod of
	// its own for it.
	// +optional
	In RetryIn `json:"in,omitempty"`
}

// SlowTimeout says when a test is slow, and when it is ended for it, as nextest's slow-timeout does.
type SlowTimeout struct {
	// period is after how long a test counts as slow; from 1ms to 24h, default 60s.
	// +optional
	// +default="60s"
	// +kubebuilder:default="60s"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,5}([.][0-9]{1,9})?(h|m|s|ms)){1,4}$') && duration(self) >= duration('1ms') && duration(self) <= duration('24h')",message="must be a duration from 1ms to 24h, such as \"1.5s\", \"90s\" or \"1m30s\""
	Period *metav1.Duration `json:"period,omitempty"`
	// terminateAfter is after how many periods a test is ended as timed out; from 1 to 1000. Unset: never.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000
	TerminateAfter int32 `json:"terminateAfter,omitempty"`
	// gracePeriod is how long a test has between SIGTERM and SIGKILL; from 0s to 10m, default 10s.
	// +optional
	// +default="10s"
	// +kubebuilder:default="10s"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,5}([.][0-9]{1,9})?(h|m|s|ms)){1,4}$') && duration(self) >= duration('0s') && duration(self) <= duration('10m')",message="must be a duration from 0s to 10m, such as \"1.5s\", \"90s\" or \"1m30s\""
	GracePeriod *metav1.Duration `json:"gracePeriod,omitempty"`
	// onTimeout is what a test is that was ended so: Fail (default) or Pass, for tests that run until they are stopped.
	// +optional
	OnTimeout PassOrFail `json:"onTimeout,omitempty"`
}

// LeakTimeout says what is a leak, and what a test is that leaks, as nextest's leak-timeout does.
type LeakTimeout struct {
	// period is how long standard output and error may stay open after the test's process has ended; from 0s to 10m,
	// default 200ms.
	// +optional
	// +default="200ms"
	// +kubebuilder:default="200ms"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,5}([.][0-9]{1,9})?(h|m|s|ms)){1,4}$') && duration(self) >= duration('0s') && duration(self) <= duration('10m')",message="must be a duration from 0s to 10m, such as \"1.5s\", \"90s\" or \"1m30s\""
	Period *metav1.Duration `json:"period,omitempty"`
	// result is what a test is that passes and leaks: Pass (default) or Fail.
	// +optional
	Result PassOrFail `json:"result,omitempty"`
}

// FailFast ends a run early when tests fail, as nextest's fail-fast does.
type FailFast struct {
	// maxFail is how many failed tests end the run; at least 1, default 1.
	// +optional
	// +default=1
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000
	MaxFail int32 `json:"maxFail,omitempty"`
	// terminate says what becomes of the tests that run just then: Wait (default) lets them finish, Immediate ends them.
	// +optional
	Terminate Terminate `json:"terminate,omitempty"`
}

// Group is a set of tests of which only so many run at a time, in all pods of the run together.
type Group struct {
	// name of the group: letters, digits, dashes and underscores, at most 63.
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[A-Za-z_][-A-Za-z0-9_]*$`
	Name string `json:"name"`
	// maxParallel is how many tests of the group may run at a time, each counted by its weight; from 1 to 10000.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	MaxParallel int32 `json:"maxParallel"`
	// exclusive keeps all tests outside the group from running while one of it runs.
	// +optional
	Exclusive bool `json:"exclusive,omitempty"`
}

// Override is settings for the tests that its filterset matches.
type Override struct {
	// name of the override, for messages and for the class it makes; lower-case letters, digits and dashes.
	// +optional
	// +kubebuilder:validation:MaxLength=50
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name,omitempty"`
	// filter is the filterset of the tests that are meant. It takes no notice of defaultFilter.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=16384
	Filter string `json:"filter"`

	// isolation as in the run.
	// +optional
	Isolation Isolation `json:"isolation,omitempty"`
	// retries as in the run, all of it.
	// +optional
	Retries *Retries `json:"retries,omitempty"`
	// flakyResult as in the run.
	// +optional
	FlakyResult PassOrFail `json:"flakyResult,omitempty"`
	// slowTimeout as in the run, all of it.
	// +optional
	SlowTimeout *SlowTimeout `json:"slowTimeout,omitempty"`
	// leakTimeout as in the run, all of it.
	// +optional
	LeakTimeout *LeakTimeout `json:"leakTimeout,omitempty"`
	// group is the name of the group that the tests belong to.
	// +optional
	// +kubebuilder:validation:MaxLength=63
	Group string `json:"group,omitempty"`
	// weight is how many slots of its worker a test takes; at most those that it has. From 1 to 256, default 1.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=256
	Weight int32 `json:"weight,omitempty"`
	// priority lets tests start before others of a lower one; from -100 to 100, default 0.
	// +optional
	// +kubebuilder:validation:Minimum=-100
	// +kubebuilder:validation:Maximum=100
	Priority *int32 `json:"priority,omitempty"`
	// env is added to the environment of the tests; at most 64.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=64
	Env []EnvVar `json:"env,omitempty"`
	// runWrapper as in the run.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=4096
	RunWrapper []string `json:"runWrapper,omitempty"`
	// runExtraArgs as in the run.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:items:MaxLength=4096
	RunExtraArgs []string `json:"runExtraArgs,omitempty"`
	// resources of the container with the tests, in pods of their own class. Requests and limits replace those of the
	// template name by name: what is not named here stays.
	// +optional
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
	// nodeSelector is added to the template's, in pods of their own class.
	// +optional
	// +kubebuilder:validation:MaxProperties=32
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`
	// tolerations are added to the template's, in pods of their own class.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=32
	Tolerations []corev1.Toleration `json:"tolerations,omitempty"`
	// runtimeClassName replaces the template's, in pods of their own class.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	RuntimeClassName string `json:"runtimeClassName,omitempty"`
	// successOutput as in the run.
	// +optional
	SuccessOutput OutputPolicy `json:"successOutput,omitempty"`
	// failureOutput as in the run.
	// +optional
	FailureOutput OutputPolicy `json:"failureOutput,omitempty"`
	// junit as in the run, each setting of it by itself.
	// +optional
	JUnit *JUnitPolicy `json:"junit,omitempty"`
}

// EnvVar is a variable of a test's environment.
type EnvVar struct {
	// name of the variable: letters, digits and underscores; NEXTEST and what begins with NEXTEST_ or PODTEST_ is
	// set by podtest.
	// +required
	// +kubebuilder:validation:MaxLength=256
	// +kubebuilder:validation:Pattern=`^[A-Za-z_][A-Za-z0-9_]*$`
	// +kubebuilder:validation:XValidation:rule="!self.startsWith('NEXTEST') && !self.startsWith('PODTEST_')",message="names that begin with NEXTEST or PODTEST_ are set by podtest"
	Name string `json:"name"`
	// value of the variable.
	// +optional
	// +kubebuilder:validation:MaxLength=32768
	Value string `json:"value,omitempty"`
}

// Isolation is what a test has to itself.
// +kubebuilder:validation:Enum=Process;Pod
type Isolation string

// What a test has to itself.
const (
	IsolationProcess Isolation = "Process"
	IsolationPod     Isolation = "Pod"
)

// PassOrFail is what becomes of a test for which something unusual has happened.
// +kubebuilder:validation:Enum=Pass;Fail
type PassOrFail string

// What becomes of a test.
const (
	Pass PassOrFail = "Pass"
	Fail PassOrFail = "Fail"
)

// Backoff is how the time between attempts grows.
// +kubebuilder:validation:Enum=Fixed;Exponential
type Backoff string

// How the time between attempts grows.
const (
	BackoffFixed       Backoff = "Fixed"
	BackoffExponential Backoff = "Exponential"
)

// RetryIn is where a retry runs.
// +kubebuilder:validation:Enum=SamePod;NewPod
type RetryIn string

// Where a retry runs.
const (
	RetryInSamePod RetryIn = "SamePod"
	RetryInNewPod  RetryIn = "NewPod"
)

// Terminate is what becomes of running tests when a run ends early.
// +kubebuilder:validation:Enum=Wait;Immediate
type Terminate string

// What becomes of running tests when a run ends early.
const (
	TerminateWait      Terminate = "Wait"
	TerminateImmediate Terminate = "Immediate"
)

// OutputPolicy is when output is shown.
// +kubebuilder:validation:Enum=Never;Immediate;Final;ImmediateFinal
type OutputPolicy string

// When output is shown.
const (
	OutputNever          OutputPolicy = "Never"
	OutputImmediate      OutputPolicy = "Immediate"
	OutputFinal          OutputPolicy = "Final"
	OutputImmediateFinal OutputPolicy = "ImmediateFinal"
)

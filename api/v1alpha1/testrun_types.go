package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestRun is one request to run tests: which test binaries of an image, in what
// pods, with what limits. Its status carries the verdict.
//
// +kubebuilder:object:root=true
// +kubebuilder:subresource:status
// +kubebuilder:resource:path=testruns,singular=testrun,shortName=ptr,categories=podtest
// +kubebuilder:printcolumn:name="Status",type=string,JSONPath=`.status.conditions[?(@.type=="Succeeded")].reason`
// +kubebuilder:printcolumn:name="Done",type=string,JSONPath=`.status.progress`
// +kubebuilder:printcolumn:name="Passed",type=integer,JSONPath=`.status.tests.passed`
// +kubebuilder:printcolumn:name="Failed",type=integer,JSONPath=`.status.tests.unsuccessful`
// +kubebuilder:printcolumn:name="Flaky",type=integer,JSONPath=`.status.tests.flaky`
// +kubebuilder:printcolumn:name="Duration",type=string,JSONPath=`.status.duration`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:printcolumn:name="Exit",type=integer,JSONPath=`.status.exitCode`,priority=1
// +kubebuilder:printcolumn:name="Workers",type=integer,JSONPath=`.status.workers.running`,priority=1
// +kubebuilder:printcolumn:name="First failure",type=string,JSONPath=`.status.failures[0].test`,priority=1
// +kubebuilder:validation:XValidation:rule="size(self.metadata.name) <= 200",message="metadata.name must have at most 200 characters, so that the names of its pods fit"
type TestRun struct {
	metav1.TypeMeta `json:",inline"`
	// metadata is the standard object metadata. The name may have at most 200 characters.
	// +optional
	metav1.ObjectMeta `json:"metadata,omitempty"`
	// spec says what to run. All of it but suspend, parallelism, cancel, force
	// and ttlSecondsAfterFinished is fixed once the object exists.
	// +required
	Spec TestRunSpec `json:"spec"`
	// status says what has become of the run.
	// +optional
	// +kubebuilder:default={"observedGeneration":-1}
	Status TestRunStatus `json:"status,omitempty"`
}

// TestRunList is a list of TestRuns.
//
// +kubebuilder:object:root=true
type TestRunList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []TestRun `json:"items"`
}

// TestRunSpec says what to run and how.
//
// Fields that are always there, as required or by default, carry their own rule; the rules for those that may be absent
// are here, since a field's rule is not asked when the field comes or goes, and a TestProfile shares their types.
//
// +kubebuilder:validation:XValidation:rule="has(self.retries) == has(oldSelf.retries) && (!has(self.retries) || self.retries == oldSelf.retries)",fieldPath=".retries",message="retries cannot change once the run exists: create a new TestRun"
// +kubebuilder:validation:XValidation:rule="has(self.flakyResult) == has(oldSelf.flakyResult) && (!has(self.flakyResult) || self.flakyResult == oldSelf.flakyResult)",fieldPath=".flakyResult",message="flakyResult cannot change once the run exists: create a new TestRun"
// +kubebuilder:validation:XValidation:rule="has(self.slowTimeout) == has(oldSelf.slowTimeout) && (!has(self.slowTimeout) || self.slowTimeout == oldSelf.slowTimeout)",fieldPath=".slowTimeout",message="slowTimeout cannot change once the run exists: create a new TestRun"
// +kubebuilder:validation:XValidation:rule="has(self.leakTimeout) == has(oldSelf.leakTimeout) && (!has(self.leakTimeout) || self.leakTimeout == oldSelf.leakTimeout)",fieldPath=".leakTimeout",message="leakTimeout cannot change once the run exists: create a new TestRun"
// +kubebuilder:validation:XValidation:rule="has(self.globalTimeout) == has(oldSelf.globalTimeout) && (!has(self.globalTimeout) || duration(self.globalTimeout) == duration(oldSelf.globalTimeout))",fieldPath=".globalTimeout",message="globalTimeout cannot change once the run exists: create a new TestRun"
// +kubebuilder:validation:XValidation:rule="has(self.failFast) == has(oldSelf.failFast) && (!has(self.failFast) || self.failFast == oldSelf.failFast)",fieldPath=".failFast",message="failFast cannot change once the run exists: create a new TestRun"
// +kubebuilder:validation:XValidation:rule="has(self.junit) == has(oldSelf.junit) && (!has(self.junit) || self.junit == oldSelf.junit)",fieldPath=".junit",message="junit cannot change once the run exists: create a new TestRun"
// +kubebuilder:validation:XValidation:rule="has(self.groups) == has(oldSelf.groups) && (!has(self.groups) || self.groups == oldSelf.groups)",fieldPath=".groups",message="groups cannot change once the run exists: create a new TestRun"
// +kubebuilder:validation:XValidation:rule="has(self.overrides) == has(oldSelf.overrides) && (!has(self.overrides) || self.overrides == oldSelf.overrides)",fieldPath=".overrides",message="overrides cannot change once the run exists: create a new TestRun"
// +kubebuilder:validation:XValidation:rule="has(self.listWrapper) == has(oldSelf.listWrapper) && (!has(self.listWrapper) || self.listWrapper == oldSelf.listWrapper)",fieldPath=".listWrapper",message="listWrapper cannot change once the run exists: create a new TestRun"
// +kubebuilder:validation:XValidation:rule="has(self.runWrapper) == has(oldSelf.runWrapper) && (!has(self.runWrapper) || self.runWrapper == oldSelf.runWrapper)",fieldPath=".runWrapper",message="runWrapper cannot change once the run exists: create a new TestRun"
// +kubebuilder:validation:XValidation:rule="has(self.runExtraArgs) == has(oldSelf.runExtraArgs) && (!has(self.runExtraArgs) || self.runExtraArgs == oldSelf.runExtraArgs)",fieldPath=".runExtraArgs",message="runExtraArgs cannot change once the run exists: create a new TestRun"
// +kubebuilder:validation:XValidation:rule="has(self.successOutput) == has(oldSelf.successOutput) && (!has(self.successOutput) || self.successOutput == oldSelf.successOutput)",fieldPath=".successOutput",message="successOutput cannot change once the run exists: create a new TestRun"
// +kubebuilder:validation:XValidation:rule="has(self.failureOutput) == has(oldSelf.failureOutput) && (!has(self.failureOutput) || self.failureOutput == oldSelf.failureOutput)",fieldPath=".failureOutput",message="failureOutput cannot change once the run exists: create a new TestRun"
// +kubebuilder:validation:XValidation:rule="has(self.fixtures) == has(oldSelf.fixtures) && (!has(self.fixtures) || self.fixtures == oldSelf.fixtures)",fieldPath=".fixtures",message="fixtures cannot change once the run exists: create a new TestRun"
// +kubebuilder:validation:XValidation:rule="has(self.defaultFilter) == has(oldSelf.defaultFilter) && (!has(self.defaultFilter) || self.defaultFilter == oldSelf.defaultFilter)",fieldPath=".defaultFilter",message="defaultFilter cannot change once the run exists: create a new TestRun"
// +kubebuilder:validation:XValidation:rule="has(self.isolation) == has(oldSelf.isolation) && (!has(self.isolation) || self.isolation == oldSelf.isolation)",fieldPath=".isolation",message="isolation cannot change once the run exists: create a new TestRun"
// +kubebuilder:validation:XValidation:rule="has(self.filter) == has(oldSelf.filter) && (!has(self.filter) || self.filter == oldSelf.filter)",fieldPath=".filter",message="filter cannot change once the run exists: create a new TestRun"
// +kubebuilder:validation:XValidation:rule="has(self.ignoreDefaultFilter) == has(oldSelf.ignoreDefaultFilter) && (!has(self.ignoreDefaultFilter) || self.ignoreDefaultFilter == oldSelf.ignoreDefaultFilter)",fieldPath=".ignoreDefaultFilter",message="ignoreDefaultFilter cannot change once the run exists: create a new TestRun"
// +kubebuilder:validation:XValidation:rule="has(self.partition) == has(oldSelf.partition) && (!has(self.partition) || self.partition == oldSelf.partition)",fieldPath=".partition",message="partition cannot change once the run exists: create a new TestRun"
// +kubebuilder:validation:XValidation:rule="has(self.profileRef) == has(oldSelf.profileRef) && (!has(self.profileRef) || self.profileRef == oldSelf.profileRef)",fieldPath=".profileRef",message="profileRef cannot change once the run exists: create a new TestRun"
// +kubebuilder:validation:XValidation:rule="has(self.rerun) == has(oldSelf.rerun) && (!has(self.rerun) || self.rerun == oldSelf.rerun)",fieldPath=".rerun",message="rerun cannot change once the run exists: create a new TestRun"
// +kubebuilder:validation:XValidation:rule="has(self.stress) == has(oldSelf.stress) && (!has(self.stress) || self.stress == oldSelf.stress)",fieldPath=".stress",message="stress cannot change once the run exists: create a new TestRun"
// +kubebuilder:validation:XValidation:rule="has(self.activeDeadlineSeconds) == has(oldSelf.activeDeadlineSeconds) && (!has(self.activeDeadlineSeconds) || self.activeDeadlineSeconds == oldSelf.activeDeadlineSeconds)",fieldPath=".activeDeadlineSeconds",message="activeDeadlineSeconds cannot change once the run exists: create a new TestRun"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.cancel) || !oldSelf.cancel || (has(self.cancel) && self.cancel)",fieldPath=".cancel",message="cancel cannot be taken back: create a new TestRun"
// +kubebuilder:validation:XValidation:rule="!has(oldSelf.force) || !oldSelf.force || (has(self.force) && self.force)",fieldPath=".force",message="force cannot be taken back: create a new TestRun"
// +kubebuilder:validation:XValidation:rule="!has(self.force) || !self.force || (has(self.cancel) && self.cancel)",fieldPath=".force",message="force goes with cancel only: set cancel too"
type TestRunSpec struct {
	// suites are the sets of test binaries to run; at least one, at most 64, each with a name of its own.
	// +required
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=64
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="suites cannot change once the run exists: create a new TestRun"
	Suites []Suite `json:"suites"`

	// runIgnored says what becomes of tests that their harness marks as ignored (libtest's #[ignore]):
	// Default leaves them out, Only runs just them, All runs them too.
	// +optional
	// +default="Default"
	// +kubebuilder:default=Default
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="runIgnored cannot change once the run exists: create a new TestRun"
	RunIgnored RunIgnored `json:"runIgnored,omitempty"`

	// mode is Run (default), or List for a dry run: tests are listed and the plan is shown, but none is run.
	// +optional
	// +default="Run"
	// +kubebuilder:default=Run
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="mode cannot change once the run exists: create a new TestRun"
	Mode Mode `json:"mode,omitempty"`

	// profileRef names the TestProfile whose settings hold where the run says nothing itself.
	// +optional
	ProfileRef *ProfileRef `json:"profileRef,omitempty"`

	// filter is the filterset of the tests to run, in nextest's language. Unset: all().
	// +optional
	// +kubebuilder:validation:MaxLength=65536
	Filter string `json:"filter,omitempty"`

	// ignoreDefaultFilter makes the run take no notice of defaultFilter.
	// +optional
	IgnoreDefaultFilter bool `json:"ignoreDefaultFilter,omitempty"`

	// partition takes one part of the selected tests, as nextest's --partition: hash:M/N, slice:M/N, or count:M/N, which
	// nextest has deprecated; M from 1 to N.
	// +optional
	// +kubebuilder:validation:MaxLength=64
	// +kubebuilder:validation:Pattern=`^(hash|slice|count):[0-9]{1,20}/[0-9]{1,20}$`
	Partition string `json:"partition,omitempty"`

	// rerun runs again what an earlier run has left: its parent, which must have ended. filter, partition and runIgnored
	// narrow it further.
	// +optional
	Rerun *Rerun `json:"rerun,omitempty"`

	// stress runs each selected test again and again, all in one queue.
	// +optional
	Stress *Stress `json:"stress,omitempty"`

	TestSettings `json:",inline"`

	// template is the pod that tests run in, as in a Job. The container named "test", else the only
	// one, holds the test binaries; its command is replaced by podtest's runner. restartPolicy is always Never.
	// +required
	// +kubebuilder:validation:XValidation:rule="has(self.spec) && size(self.spec.containers) > 0",message="template.spec.containers must hold the container with the tests"
	// +kubebuilder:validation:XValidation:rule="!has(self.spec) || size(self.spec.containers) < 2 || self.spec.containers.exists(c, c.name == 'test')",message="template has several containers: name the one with the tests \"test\""
	// +kubebuilder:validation:XValidation:rule="!has(self.spec) || self.spec.containers.all(c, !c.name.startsWith('podtest-')) && (!has(self.spec.initContainers) || self.spec.initContainers.all(c, !c.name.startsWith('podtest-')))",message="container names that begin with \"podtest-\" are podtest's own: give the template's another name"
	// +kubebuilder:validation:XValidation:rule="!has(self.spec) || self.spec.containers.all(c, (size(self.spec.containers) > 1 && c.name != 'test') || ((!has(c.command) || size(c.command) == 0) && (!has(c.args) || size(c.args) == 0)))",message="podtest replaces the command of the container with the tests: leave command and args out, and name the test binaries in suites"
	// +kubebuilder:validation:XValidation:rule="!has(self.spec) || !has(self.spec.volumes) || self.spec.volumes.all(v, !v.name.startsWith('podtest-'))",message="volume names that begin with \"podtest-\" are podtest's own: give the template's another name"
	// +kubebuilder:validation:XValidation:rule="!has(self.spec) || !has(self.spec.restartPolicy) || self.spec.restartPolicy == 'Never'",message="template.spec.restartPolicy must be Never or left out: podtest starts tests again itself"
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="template cannot change once the run exists: create a new TestRun"
	Template corev1.PodTemplateSpec `json:"template"`

	// parallelism is how many worker pods may run at a time; from 1 to 10000, default 1. It may change while the run
	// goes on.
	// +optional
	// +default=1
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	Parallelism int32 `json:"parallelism,omitempty"`

	// worker says how one worker pod goes about its tests.
	// +optional
	// +kubebuilder:default={}
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="worker cannot change once the run exists: create a new TestRun"
	Worker Worker `json:"worker,omitempty"`

	// infraRetries is how often a test may be started again because its pod or node went wrong, never
	// for a failure of its own; from 0 to 100, default 3. When so many workers in a row end without a single verdict,
	// the run ends as an Error.
	// +optional
	// +default=3
	// +kubebuilder:default=3
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=100
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="infraRetries cannot change once the run exists: create a new TestRun"
	InfraRetries *int32 `json:"infraRetries,omitempty"`

	// listTimeout is how long the test binaries may take to list their tests, once their pod runs; from 1s to 24h,
	// default 5m.
	// +optional
	// +default="5m"
	// +kubebuilder:default="5m"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,5}([.][0-9]{1,9})?(h|m|s|ms)){1,4}$') && duration(self) >= duration('1s') && duration(self) <= duration('24h')",message="must be a duration from 1s to 24h, such as \"1.5s\", \"90s\" or \"1m30s\""
	// +kubebuilder:validation:XValidation:rule="duration(self) == duration(oldSelf)",message="listTimeout cannot change once the run exists: create a new TestRun"
	ListTimeout *metav1.Duration `json:"listTimeout,omitempty"`

	// startTimeout is how long the run waits for a pod that does not start (no node, no image, quota used up,
	// admission refused) before it takes this as a failure of the infrastructure; from 1s to 24h, default 5m.
	// +optional
	// +default="5m"
	// +kubebuilder:default="5m"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,5}([.][0-9]{1,9})?(h|m|s|ms)){1,4}$') && duration(self) >= duration('1s') && duration(self) <= duration('24h')",message="must be a duration from 1s to 24h, such as \"1.5s\", \"90s\" or \"1m30s\""
	// +kubebuilder:validation:XValidation:rule="duration(self) == duration(oldSelf)",message="startTimeout cannot change once the run exists: create a new TestRun"
	StartTimeout *metav1.Duration `json:"startTimeout,omitempty"`

	// activeDeadlineSeconds is how long the whole run may take from its start, pods that wait
	// included, as in a Job; from 1 to 2592000. Unset: no limit.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=2592000
	ActiveDeadlineSeconds *int64 `json:"activeDeadlineSeconds,omitempty"`

	// noTests says what a run is that has no test to run: Fail (default, exit code 4 as in nextest) or Pass.
	// +optional
	// +default="Fail"
	// +kubebuilder:default=Fail
	// +kubebuilder:validation:XValidation:rule="self == oldSelf",message="noTests cannot change once the run exists: create a new TestRun"
	NoTests NoTests `json:"noTests,omitempty"`

	// suspend keeps the run from starting pods; running tests end first, the rest wait. It may change at any time.
	// +optional
	Suspend bool `json:"suspend,omitempty"`

	// cancel ends the run: running tests are stopped, the rest are not run. It cannot be taken back.
	// +optional
	Cancel bool `json:"cancel,omitempty"`

	// force, with cancel, kills the tests that run at once, instead of asking them to end (SIGTERM, gracePeriod). It
	// cannot be taken back.
	// +optional
	Force bool `json:"force,omitempty"`

	// ttlSecondsAfterFinished is how long the finished run is kept before it is deleted with all
	// that belongs to it, as in a Job; from 0 to 31536000. Unset: kept until deleted by hand.
	// +optional
	// +kubebuilder:validation:Minimum=0
	// +kubebuilder:validation:Maximum=31536000
	TTLSecondsAfterFinished *int32 `json:"ttlSecondsAfterFinished,omitempty"`
}

// ProfileRef names a TestProfile of the same namespace.
type ProfileRef struct {
	// name of the TestProfile.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
}

// Rerun says which tests of an earlier run are run again, as nextest's run --rerun. What the parent knows is kept with
// the run when it is accepted: the parent may be deleted then, and may have been a rerun itself.
type Rerun struct {
	// name of the parent: a TestRun of the same namespace.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=253
	Name string `json:"name"`
	// tests says which: Outstanding (default) runs all that have not passed, those that the parent did not know or select
	// included; Failed those that failed; NotRun those that were left without a verdict, as by the infrastructure.
	// +optional
	// +default="Outstanding"
	// +kubebuilder:default=Outstanding
	Tests RerunTests `json:"tests,omitempty"`
}

// RerunTests says which tests of an earlier run are run again.
// +kubebuilder:validation:Enum=Outstanding;Failed;NotRun
type RerunTests string

// Which tests of an earlier run are run again.
const (
	RerunOutstanding RerunTests = "Outstanding"
	RerunFailed      RerunTests = "Failed"
	RerunNotRun      RerunTests = "NotRun"
)

// Stress says how often each selected test is run, as nextest's --stress-count and --stress-duration. A test that has
// failed in one round fails by itself in that round only.
//
// +kubebuilder:validation:XValidation:rule="has(self.count) != has(self.duration)",message="set count or duration"
type Stress struct {
	// count is how often each selected test is run; from 1 to 100000, and at most 1000000 tests in all.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=100000
	Count int32 `json:"count,omitempty"`
	// duration is how long new rounds are begun, counted as in globalTimeout; from 1s to 720h. A round that has been
	// begun is finished.
	// +optional
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:XValidation:rule="self.matches('^([0-9]{1,5}([.][0-9]{1,9})?(h|m|s|ms)){1,4}$') && duration(self) >= duration('1s') && duration(self) <= duration('720h')",message="must be a duration from 1s to 720h, such as \"90s\" or \"1h30m\""
	Duration *metav1.Duration `json:"duration,omitempty"`
}

// Worker says how one worker pod goes about its tests.
type Worker struct {
	// slots is how many tests a worker runs at a time; from 1 to 256, default 1.
	// +optional
	// +default=1
	// +kubebuilder:default=1
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=256
	Slots int32 `json:"slots,omitempty"`
	// maxTests is how many tests a worker starts in its life, before another takes its place; from 1 to 10000,
	// default 10000, which keeps a worker's ledger small.
	// +optional
	// +default=10000
	// +kubebuilder:default=10000
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=10000
	MaxTests int32 `json:"maxTests,omitempty"`
}

// RunIgnored says what becomes of ignored tests.
// +kubebuilder:validation:Enum=Default;Only;All
type RunIgnored string

// What becomes of ignored tests.
const (
	RunIgnoredDefault RunIgnored = "Default"
	RunIgnoredOnly    RunIgnored = "Only"
	RunIgnoredAll     RunIgnored = "All"
)

// Mode is what a run is for.
// +kubebuilder:validation:Enum=Run;List
type Mode string

// What a run is for.
const (
	ModeRun  Mode = "Run"
	ModeList Mode = "List"
)

// NoTests says what a run is that has no test to run.
// +kubebuilder:validation:Enum=Fail;Pass
type NoTests string

// What a run is that has no test to run.
const (
	NoTestsFail NoTests = "Fail"
	NoTestsPass NoTests = "Pass"
)

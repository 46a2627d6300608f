package v1alpha1

import (
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestRunStatus says what has become of a run. Its size does not grow with the number of tests: always
// less than 64 KiB.
type TestRunStatus struct {
	// observedGeneration is the generation of the spec that this status speaks of; -1 before the first look.
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`

	// result is the verdict, set once at the end: Passed, Failed (a test failed, or there was none), Error (the
	// set-up or the infrastructure left tests without a verdict) or Cancelled.
	// +optional
	Result Result `json:"result,omitempty"`

	// exitCode is the verdict as nextest's exit code, set at the end: 0 passed, 4 no tests, 5 a rerun passed, but other
	// tests that had not passed were not among its own, 94 a filterset
	// is wrong, 96 set-up wrong, 100 tests failed, 104 listing failed, 105 a fixture failed; and podtest's own: 120
	// infrastructure left tests without a verdict, 130 cancelled.
	// +optional
	ExitCode *int32 `json:"exitCode,omitempty"`

	// progress is how many of the selected tests have their verdict, such as "412/1380".
	// +optional
	// +kubebuilder:validation:MaxLength=32
	Progress string `json:"progress,omitempty"`

	// duration is how long the run took, or has taken at the last change, such as "2m11s".
	// +optional
	// +kubebuilder:validation:MaxLength=32
	Duration string `json:"duration,omitempty"`

	// tests are the counts. listed = selected + notSelected; selected = passed + failed + timedOut + crashed + oomKilled +
	// skipped + notRun + pending, where running ones are among pending.
	// +optional
	// +kubebuilder:default={}
	Tests TestCounts `json:"tests,omitempty"`

	// workers are the counts of worker pods.
	// +optional
	// +kubebuilder:default={}
	Workers WorkerCounts `json:"workers,omitempty"`

	// failures are the first failed tests, at most 50.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=50
	Failures []Failure `json:"failures,omitempty"`

	// running are the tests that run at this moment and began first, at most 16, longest first; fewer if their names are
	// very long. It is written with the counts, so it may be a second old, and is empty once the run has its verdict.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Running []RunningTest `json:"running,omitempty"`

	// slowest are the tests that took longest, at most 10, longest first.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=10
	Slowest []SlowTest `json:"slowest,omitempty"`

	// classes are the pod shapes of the run and what each is for, in the order of their first test; at most 32.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=32
	Classes []ClassStatus `json:"classes,omitempty"`

	// fixtures tells what has become of each fixture that is needed.
	// +optional
	// +listType=map
	// +listMapKey=name
	// +kubebuilder:validation:MaxItems=16
	Fixtures []FixtureStatus `json:"fixtures,omitempty"`

	// notSelected is why listed tests were left out, each counted once.
	// +optional
	NotSelected *NotSelected `json:"notSelected,omitempty"`

	// testsStartTime is when the first test was handed to a worker: globalTimeout and stress.duration count from it.
	// +optional
	TestsStartTime *metav1.Time `json:"testsStartTime,omitempty"`

	// catalog tells the listed tests: where they are kept, and their digest.
	// +optional
	Catalog *CatalogRef `json:"catalog,omitempty"`

	// startTime is when the run was first acted upon.
	// +optional
	StartTime *metav1.Time `json:"startTime,omitempty"`

	// completionTime is when the run came to its end, whatever the end.
	// +optional
	CompletionTime *metav1.Time `json:"completionTime,omitempty"`

	// conditions: Accepted, Listed, Succeeded, Complete, Suspended, Reconciling, Stalled, Warning.
	// +optional
	// +listType=map
	// +listMapKey=type
	// +kubebuilder:validation:MaxItems=16
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// TestCounts are numbers of tests.
type TestCounts struct {
	// listed is how many tests the binaries hold.
	// +optional
	// +default=0
	// +kubebuilder:default=0
	Listed int64 `json:"listed"`
	// selected is how many of them are to run.
	// +optional
	// +default=0
	// +kubebuilder:default=0
	Selected int64 `json:"selected"`
	// notSelected is how many were left out, as ignored tests are by default.
	// +optional
	// +default=0
	// +kubebuilder:default=0
	NotSelected int64 `json:"notSelected"`
	// passed is how many passed, on whatever attempt.
	// +optional
	// +default=0
	// +kubebuilder:default=0
	Passed int64 `json:"passed"`
	// failed is how many failed: their own verdict, or no evidence that they ran.
	// +optional
	// +default=0
	// +kubebuilder:default=0
	Failed int64 `json:"failed"`
	// flaky is how many of the passed ones needed more than one attempt.
	// +optional
	// +default=0
	// +kubebuilder:default=0
	Flaky int64 `json:"flaky"`
	// timedOut is how many were ended for taking too long.
	// +optional
	// +default=0
	// +kubebuilder:default=0
	TimedOut int64 `json:"timedOut"`
	// crashed is how many were ended by a signal.
	// +optional
	// +default=0
	// +kubebuilder:default=0
	Crashed int64 `json:"crashed"`
	// oomKilled is how many were killed for want of memory.
	// +optional
	// +default=0
	// +kubebuilder:default=0
	OOMKilled int64 `json:"oomKilled"`
	// unsuccessful is failed + timedOut + crashed + oomKilled: the FAILED column of kubectl get.
	// +optional
	// +default=0
	// +kubebuilder:default=0
	Unsuccessful int64 `json:"unsuccessful"`
	// skipped is how many said themselves that they do not apply here.
	// +optional
	// +default=0
	// +kubebuilder:default=0
	Skipped int64 `json:"skipped"`
	// notRun is how many have no verdict at the end of the run: it was cancelled, ran out of time, or the
	// infrastructure failed.
	// +optional
	// +default=0
	// +kubebuilder:default=0
	NotRun int64 `json:"notRun"`
	// pending is how many wait for their verdict, the running ones included.
	// +optional
	// +default=0
	// +kubebuilder:default=0
	Pending int64 `json:"pending"`
	// running is how many run at this moment, as far as is known.
	// +optional
	// +default=0
	// +kubebuilder:default=0
	Running int64 `json:"running"`
	// retried is how many attempts were made again for a failure of the test.
	// +optional
	// +default=0
	// +kubebuilder:default=0
	Retried int64 `json:"retried"`
	// interrupted is how many attempts were lost with their pod.
	// +optional
	// +default=0
	// +kubebuilder:default=0
	Interrupted int64 `json:"interrupted"`
	// discarded is how many reports came twice, or for a test that had its verdict, and were not counted.
	// +optional
	// +default=0
	// +kubebuilder:default=0
	Discarded int64 `json:"discarded"`
}

// WorkerCounts are numbers of worker pods.
type WorkerCounts struct {
	// starting is how many wait for a node, an image or their first word.
	// +optional
	// +default=0
	// +kubebuilder:default=0
	Starting int32 `json:"starting"`
	// running is how many are at work.
	// +optional
	// +default=0
	// +kubebuilder:default=0
	Running int32 `json:"running"`
	// finished is how many ended with all their tests accounted for.
	// +optional
	// +default=0
	// +kubebuilder:default=0
	Finished int32 `json:"finished"`
	// lost is how many ended early: evicted, deleted, killed.
	// +optional
	// +default=0
	// +kubebuilder:default=0
	Lost int32 `json:"lost"`
}

// NotSelected are numbers of tests that were left out, by the first reason that applies.
type NotSelected struct {
	// rerun does not run them again.
	// +optional
	Rerun int64 `json:"rerun,omitempty"`
	// ignored were left out by runIgnored.
	// +optional
	Ignored int64 `json:"ignored,omitempty"`
	// filter did not match.
	// +optional
	Filter int64 `json:"filter,omitempty"`
	// defaultFilter did not match.
	// +optional
	DefaultFilter int64 `json:"defaultFilter,omitempty"`
	// partition: they are in another part.
	// +optional
	Partition int64 `json:"partition,omitempty"`
}

// ClassStatus is a class: tests that share a pod shape.
type ClassStatus struct {
	// name of the class; "default" is the template as it is.
	// +required
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`
	// tests is how many selected tests belong to it.
	// +optional
	Tests int64 `json:"tests,omitempty"`
	// workers is how many pods of it a run would begin with; told by mode List.
	// +optional
	Workers int32 `json:"workers,omitempty"`
	// resources are the effective ones of the container with the tests.
	// +optional
	Resources *corev1.ResourceRequirements `json:"resources,omitempty"`
	// nodeSelector is the effective one.
	// +optional
	NodeSelector map[string]string `json:"nodeSelector,omitempty"`
	// runtimeClassName is the effective one.
	// +optional
	RuntimeClassName string `json:"runtimeClassName,omitempty"`
}

// FixtureStatus is what has become of a fixture.
type FixtureStatus struct {
	// name of the fixture.
	// +required
	// +kubebuilder:validation:MaxLength=30
	Name string `json:"name"`
	// state is Waiting, SettingUp, Ready, TearingDown, Done or Failed.
	// +required
	// +kubebuilder:validation:MaxLength=32
	State string `json:"state"`
	// message says why, if it failed or waits.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message,omitempty"`
	// exports are added to the environment of the tests that match: what setup has exported, or the address of a service.
	// They are no place for secrets.
	// +optional
	Exports map[string]string `json:"exports,omitempty"`
	// lost is how often the pod of a service was lost: evicted, deleted, or with its node. It was made again each time,
	// but for the last one if the run ended for it.
	// +optional
	Lost int32 `json:"lost,omitempty"`
	// lostTime is when its pod was lost last.
	// +optional
	LostTime *metav1.Time `json:"lostTime,omitempty"`
}

// Failure is a test that failed, and why.
type Failure struct {
	// test is the binary id and the name of the test, separated by a space; cut at 512 bytes.
	// +required
	// +kubebuilder:validation:MaxLength=512
	Test string `json:"test"`
	// outcome is how it ended: failed, timedOut, crashed, oomKilled or notRun.
	// +required
	// +kubebuilder:validation:MaxLength=32
	Outcome string `json:"outcome"`
	// message says why, in a sentence, and shows the end of what the test printed; at most 1 KiB.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	Message string `json:"message,omitempty"`
	// attempts is how many attempts were made.
	// +optional
	Attempts int32 `json:"attempts,omitempty"`
	// duration is how long the last attempt took, such as "1.2s".
	// +optional
	// +kubebuilder:validation:MaxLength=32
	Duration string `json:"duration,omitempty"`
	// pod is the worker that ran the last attempt.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Pod string `json:"pod,omitempty"`
}

// RunningTest is an attempt that runs.
type RunningTest struct {
	// ordinal is the test's place in the catalog.
	// +required
	Ordinal int64 `json:"ordinal"`
	// attempt is the number of the attempt, from 1.
	// +required
	Attempt int32 `json:"attempt"`
	// test is the binary id and the name of the test, separated by a space; cut at 512 bytes.
	// +required
	// +kubebuilder:validation:MaxLength=512
	Test string `json:"test"`
	// pod is the worker that runs it.
	// +optional
	// +kubebuilder:validation:MaxLength=253
	Pod string `json:"pod,omitempty"`
	// startTime is when it began, as the collector heard. After another manager took over, for a test that was not in
	// this list, it is when its worker announced it to the new one.
	// +required
	StartTime metav1.MicroTime `json:"startTime"`
}

// SlowTest is a test and how long it took.
type SlowTest struct {
	// test is the binary id and the name of the test, separated by a space; cut at 512 bytes.
	// +required
	// +kubebuilder:validation:MaxLength=512
	Test string `json:"test"`
	// duration is how long it took, such as "1.2s".
	// +required
	// +kubebuilder:validation:MaxLength=32
	Duration string `json:"duration"`
}

// CatalogRef tells the listed tests of a run.
type CatalogRef struct {
	// digest is the SHA-256 of the catalog, in hexadecimal; a run never mixes two catalogs.
	// +required
	// +kubebuilder:validation:MaxLength=64
	Digest string `json:"digest"`
	// records is how many TestRecords hold it.
	// +required
	Records int32 `json:"records"`
}

// Result is the verdict of a run.
// +kubebuilder:validation:Enum=Passed;Failed;Error;Cancelled
type Result string

// The verdict of a run.
const (
	ResultPassed    Result = "Passed"
	ResultFailed    Result = "Failed"
	ResultError     Result = "Error"
	ResultCancelled Result = "Cancelled"
)

// Exit codes: nextest's, and two of our own.
const (
	ExitPassed         int32 = 0
	ExitNoTests        int32 = 4
	ExitOutstanding    int32 = 5
	ExitFilter         int32 = 94
	ExitSetup          int32 = 96
	ExitTestsFailed    int32 = 100
	ExitListFailed     int32 = 104
	ExitFixtureFailed  int32 = 105
	ExitIncomplete     int32 = 106
	ExitOutput         int32 = 110
	ExitInfrastructure int32 = 120
	ExitCancelled      int32 = 130
)

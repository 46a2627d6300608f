package v1alpha1

// Conditions of a TestRun. Complete is True at every end, so that one `kubectl wait
// --for=condition=Complete` covers all; Reconciling and Stalled are kstatus's.
const (
	// ConditionAccepted: the spec can be acted upon.
	ConditionAccepted = "Accepted"
	// ConditionListed: the tests are known.
	ConditionListed = "Listed"
	// ConditionSucceeded is Unknown until the end, then True or False. Its reason is the STATUS column.
	ConditionSucceeded = "Succeeded"
	// ConditionComplete is True at every end.
	ConditionComplete = "Complete"
	// ConditionSuspended: the run is kept from starting pods.
	ConditionSuspended = "Suspended"
	// ConditionReconciling is True while the run goes on; its message says what is waited for.
	ConditionReconciling = "Reconciling"
	// ConditionWarning is True when something in the spec has no effect, such as an override that matches no test.
	ConditionWarning = "Warning"
	// ConditionStalled is True for a run that ended without success.
	ConditionStalled = "Stalled"
)

// Reasons while a run goes on (Succeeded=Unknown, Reconciling=True).
const (
	ReasonListing   = "Listing"
	ReasonRunning   = "Running"
	ReasonSuspended = "Suspended"
	// ReasonPreparing: fixtures are being set up; ReasonEnding: running tests end, fixtures are torn down.
	ReasonPreparing = "Preparing"
	ReasonEnding    = "Ending"
	// ReasonBlocked and the ones that follow: no pod can start, and why.
	ReasonUnschedulable  = "Unschedulable"
	ReasonImagePull      = "ImagePull"
	ReasonQuotaExceeded  = "QuotaExceeded"
	ReasonPodRejected    = "PodRejected"
	ReasonPodNotStarting = "PodNotStarting"
)

// Reasons for the end of a run (Succeeded=True or False, Complete=True).
const (
	ReasonPassed           = "Passed"
	ReasonTestsFailed      = "TestsFailed"
	ReasonNoTests          = "NoTests"
	ReasonInvalidSpec      = "InvalidSpec"
	ReasonListFailed       = "ListFailed"
	ReasonDeadlineExceeded = "DeadlineExceeded"
	ReasonInfrastructure   = "Infrastructure"
	ReasonStartTimeout     = "StartTimeout"
	ReasonCancelled        = "Cancelled"
	ReasonAccountingBroken = "AccountingBroken"
	ReasonInvalidFilter    = "InvalidFilter"
	ReasonFailFast         = "FailFast"
	ReasonGlobalTimeout    = "GlobalTimeout"
	ReasonFixtureFailed    = "FixtureFailed"
	ReasonListOnly         = "ListOnly" // mode List: nothing was run
)

// Reasons of Accepted and Listed.
const (
	ReasonValid        = "Valid"
	ReasonTestsListed  = "TestsListed"
	ReasonWaiting      = "Waiting"
	ReasonNotSuspended = "NotSuspended"
	ReasonUnused       = "Unused" // of Warning
)

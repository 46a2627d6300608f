package v1alpha1

// Labels and names that podtest puts on what it makes. They are for people and selectors; podtest itself
// trusts owner references and UIDs.
const (
	// LabelRun is the name of the run, cut to fit with a hash if it is too long.
	LabelRun = "podtest.dev/run"
	// LabelRunUID is the UID of the run.
	LabelRunUID = "podtest.dev/run-uid"
	// LabelBatch is the name of the batch.
	LabelBatch = "podtest.dev/batch"
	// LabelPhase is what a pod is for: "list", "run" or "fixture".
	LabelPhase = "podtest.dev/phase"
	// LabelLeader is "true" on the one manager pod that holds the lease.
	LabelLeader = "podtest.dev/leader"

	// LabelFixture is the name of the fixture that a Job or pod is for.
	LabelFixture = "podtest.dev/fixture"
	// LabelPart is which part of its fixture it is: "setup", "teardown" or "svc".
	LabelPart = "podtest.dev/part"
	// AnnotationRun is the whole name of the run, on the Jobs and pods of fixtures.
	AnnotationRun = "podtest.dev/run"
	// AnnotationLost is on the pod of a service that was made again: how many of its pods were lost before.
	AnnotationLost = "podtest.dev/lost"
	// FinalizerTeardown keeps a run until its fixtures are torn down.
	FinalizerTeardown = "podtest.dev/teardown"

	// PhaseList, PhaseRun and PhaseFixture are the values of LabelPhase.
	PhaseList    = "list"
	PhaseRun     = "run"
	PhaseFixture = "fixture"

	// PartSetup, PartTeardown and PartService are the values of LabelPart.
	PartSetup    = "setup"
	PartTeardown = "teardown"
	PartService  = "svc"

	// ContainerTest is the name of the container that holds the tests, if there are several.
	ContainerTest = "test"
	// ContainerReporter is the name of the sidecar that talks to the collector.
	ContainerReporter = "podtest-reporter"
	// TokenAudience is the audience of the reporters' tokens.
	TokenAudience = "podtest-collector"
)

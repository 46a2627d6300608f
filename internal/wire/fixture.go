package wire

// What a fixture's pod tells its agent.
const (
	EnvFixtureTimeout = "PODTEST_FIXTURE_TIMEOUT" // how long the command may take, such as 5m0s
	EnvFixtureDir     = "PODTEST_FIXTURE_DIR"     // a folder that it may write to
)

// FixtureResult is what a fixture's agent leaves as its pod's termination message: the exports, or what went wrong.
type FixtureResult struct {
	Exports map[string]string `json:"exports,omitempty"`
	Error   string            `json:"error,omitempty"`
}

// Package wire holds the messages between runner, reporter and collector. It knows JSON and nothing of
// Kubernetes.
//
//	runner  <-> reporter   Unix socket /podtest/sock/reporter: one JSON object a line, both ways (ToReporter, ToRunner)
//	reporter -> collector  HTTPS POST, JSON bodies: PathHello, PathReport, PathLease, PathOutput, PathCatalog
//
// What the reporter tells the collector is numbered (Message.Seq, from 1), resent until acknowledged, and
// idempotent by (run, ordinal, attempt). Leases are soft state: a reporter announces in Hello what it holds.
package wire

import "github.com/podtest/podtest/internal/outcome"

// Version is the protocol's version; a collector answers 400 to any other.
const Version = 1

// Paths of the collector. All are POST. 401: no or bad token; 403: not your batch; 409: say Hello first (a new
// collector took over); 410: the run or the batch is over: stop.
const (
	PathHello   = "/v1/hello"
	PathReport  = "/v1/report"
	PathLease   = "/v1/lease"
	PathOutput  = "/v1/output"
	PathCatalog = "/v1/catalog"
)

// HeaderBatch names the reporter's batch, beside its token.
const HeaderBatch = "X-Podtest-Batch"

// Names of the places in the pod, and of the reporter's environment.
const (
	BinDir       = "/podtest/bin"                  // the agent is here, in a volume that the test container sees read-only
	SocketPath   = "/podtest/sock/reporter"        // in a volume of its own
	TokenPath    = "/var/run/podtest/token"        // reporter only
	EnvCollector = "PODTEST_COLLECTOR"             // https://10.96.0.7:8443
	EnvServer    = "PODTEST_COLLECTOR_SERVER_NAME" // name in the collector's certificate
	EnvCA        = "PODTEST_COLLECTOR_CA"          // PEM bundle
	EnvBatch     = "PODTEST_BATCH"                 // TestBatch, or listing Job, that this pod belongs to
	EnvPod       = "PODTEST_POD"
	EnvNode      = "PODTEST_NODE"
	EnvArtifacts = "PODTEST_ARTIFACTS_ROOT" // where the container mounts the volume "artifacts"
)

// Suite is a suite of the run as the agent needs it.
type Suite struct {
	Name       string   `json:"name"`
	Harness    string   `json:"harness"` // go | libtest | nextest | exec
	Binaries   []string `json:"binaries,omitempty"`
	WorkingDir string   `json:"workingDir,omitempty"`
	List       []string `json:"list,omitempty"`
	ListFormat string   `json:"listFormat,omitempty"` // Lines | Libtest | JSON
	Run        []string `json:"run,omitempty"`

	Archive          string `json:"archive,omitempty"` // nextest
	BinariesMetadata string `json:"binariesMetadata,omitempty"`
	CargoMetadata    string `json:"cargoMetadata,omitempty"`
	WorkspaceRemap   string `json:"workspaceRemap,omitempty"`
	TargetDirRemap   string `json:"targetDirRemap,omitempty"`
}

// Binary is a test binary of the catalog. Its ID is unique in the run: "<suite>" for exec, else
// "<suite>::<path below the pattern's fixed part, without .test>".
type Binary struct {
	Suite string `json:"suite"`
	ID    string `json:"id"`
	Path  string `json:"path,omitempty"`
	Dir   string `json:"dir,omitempty"` // working directory of its tests

	Name     string `json:"name,omitempty"`     // what binary() asks for; empty: the last element of ID
	Kind     string `json:"kind,omitempty"`     // what kind() asks for; empty: test
	Package  string `json:"package,omitempty"`  // what package() asks for; empty: the suite knows none
	Platform string `json:"platform,omitempty"` // target | host; empty: target
	Pruned   bool   `json:"pruned,omitempty"`   // no filterset could match: it was not asked for its tests
}

// Listed is one test of the list phase.
type Listed struct {
	Binary  int    `json:"b"` // index into Catalog.Binaries
	Name    string `json:"n"`
	Ignored bool   `json:"i,omitempty"`
}

// Catalog is what a listing pod tells: all binaries, and their tests (a part of them: bodies hold at most 4 MiB).
type Catalog struct {
	Version  int      `json:"version"`
	Epoch    string   `json:"epoch"`
	Part     int      `json:"part"` // from 0
	Last     bool     `json:"last"`
	Binaries []Binary `json:"binaries,omitempty"`
	Tests    []Listed `json:"tests,omitempty"`
	Error    string   `json:"error,omitempty"` // the listing failed: where, what, what to do; nothing else counts then
}

// Config is what a pod is told at Hello.
type Config struct {
	Mode          string  `json:"mode"` // list | run
	RunName       string  `json:"runName"`
	RunUID        string  `json:"runUID"`
	Suites        []Suite `json:"suites"`
	Slots         int     `json:"slots"`
	RunIgnored    string  `json:"runIgnored"`
	ListTimeoutMS int64   `json:"listTimeoutMS"`
	GraceMS       int64   `json:"graceMS"`

	Profile       string   `json:"profile,omitempty"`
	Filter        string   `json:"filter,omitempty"`        // filtersets: binaries that cannot match are not asked
	DefaultFilter string   `json:"defaultFilter,omitempty"` // empty too if the run ignores it
	Groups        []string `json:"groups,omitempty"`        // what group() in Filter may name
	ListWrapper   []string `json:"listWrapper,omitempty"`
	StressTotal   int      `json:"stressTotal,omitempty"`  // rounds; -1: not known; 0: no stress run
	Threads       int      `json:"threads,omitempty"`      // tests at a time in all workers: parallelism x slots
	DeadlineUnix  int64    `json:"deadlineUnix,omitempty"` // when the run ends at the latest, in seconds
}

// TestSettings are what holds alike for many tests.
type TestSettings struct {
	TotalAttempts int      `json:"totalAttempts"`
	SlowPeriodMS  int64    `json:"slowPeriodMS"`
	TerminateMS   int64    `json:"terminateMS,omitempty"` // a test is ended after so long; 0: never
	GraceMS       int64    `json:"graceMS"`
	LeakMS        int64    `json:"leakMS"` // how long to wait for the streams of a test that has exited
	TimeoutPasses bool     `json:"timeoutPasses,omitempty"`
	LeakFails     bool     `json:"leakFails,omitempty"`
	Weight        int      `json:"weight,omitempty"` // slots; 0: 1
	Group         string   `json:"group,omitempty"`  // empty: none
	Env           []string `json:"env,omitempty"`    // KEY=value
	Wrapper       []string `json:"wrapper,omitempty"`
	Args          []string `json:"args,omitempty"`
	KeepOutput    bool     `json:"keepOutput,omitempty"` // of a passed attempt too
}

// Held is an attempt that a reporter holds: handed to it, result not yet acknowledged.
type Held struct {
	Ordinal uint32 `json:"o"`
	Attempt uint16 `json:"a"`
	Started bool   `json:"s,omitempty"`
	// Slot and GroupSlot as in Assignment.
	Slot      int32 `json:"l,omitempty"`
	GroupSlot int32 `json:"g,omitempty"`
}

// Hello is a reporter's first word to a collector, and its word to each new collector (409).
type Hello struct {
	Version int    `json:"version"`
	Agent   string `json:"agent"` // version of the agent
	Node    string `json:"node,omitempty"`
	Held    []Held `json:"held,omitempty"`
	// Ended: the runner is gone; only results may follow.
	Ended bool `json:"ended,omitempty"`
}

// HelloReply answers Hello.
type HelloReply struct {
	Epoch  string `json:"epoch"` // names this collector; every later request carries it
	Acked  int64  `json:"acked"` // last durable Seq of this batch
	Config Config `json:"config"`
}

// Kind of a numbered message.
const (
	KindStarted = "started" // Held tells which; told before exec
	KindResult  = "result"
	KindSeal    = "seal"
)

// Message is a numbered message of a reporter.
type Message struct {
	Seq     int64        `json:"seq"`
	Kind    string       `json:"kind"`
	Started []Held       `json:"started,omitempty"`
	Row     *outcome.Row `json:"row,omitempty"`
	// Excerpt of a failed attempt: why, in a sentence, and the end of what it printed; at most 1 KiB of valid UTF-8.
	Excerpt string `json:"excerpt,omitempty"`
	Seal    *Seal  `json:"seal,omitempty"`
}

// Seal closes a batch: nothing follows.
type Seal struct {
	Count  int    `json:"count"`  // results sent in all
	Digest string `json:"digest"` // outcome.Digest of their rows
	// Lost are attempts that were running when the runner died.
	Lost []Held `json:"lost,omitempty"`
	// Died says how the runner ended, if it did not end well; for people.
	Died string `json:"died,omitempty"`
}

// Report brings messages. The reply comes at once; Acked may be lower than what was sent, for only what is
// durable is acknowledged. Wait makes the collector write now and answer when that is done.
type Report struct {
	Version  int       `json:"version"`
	Epoch    string    `json:"epoch"`
	Wait     bool      `json:"wait,omitempty"`
	Messages []Message `json:"messages"`
}

// ReportReply answers Report.
type ReportReply struct {
	Acked int64 `json:"acked"`
}

// LeaseRequest asks for work. The collector answers when there is some, at the latest after 20 s.
type LeaseRequest struct {
	Version int    `json:"version"`
	Epoch   string `json:"epoch"`
	Queued  int    `json:"queued"` // attempts held that have not started
	Running int    `json:"running"`
	Load    int    `json:"load"` // slots that all of them take
}

// How a lease may end what runs.
const (
	StopTerminate = "terminate" // SIGTERM, and SIGKILL when the grace period is over
	StopKill      = "kill"
)

// Lease is work: attempts to start, in this order.
type Lease struct {
	Attempts []Assignment   `json:"attempts,omitempty"`
	Binaries []Binary       `json:"binaries,omitempty"` // that the assignments refer to
	Settings []TestSettings `json:"settings,omitempty"` // that the assignments refer to
	// Stop, with Drain, ends what runs too; what is ended so has no result.
	Stop string `json:"stop,omitempty"`
	// Drain: there will be no more work: finish what runs, drop what has not started, seal, exit.
	Drain bool `json:"drain,omitempty"`
}

// Assignment is one attempt to start.
type Assignment struct {
	Ordinal uint32 `json:"o"`
	Attempt uint16 `json:"a"`
	Binary  int    `json:"b"` // index into Lease.Binaries
	Name    string `json:"n"`
	Ignored bool   `json:"i,omitempty"`

	Settings  int   `json:"x"`           // index into Lease.Settings
	Slot      int32 `json:"l,omitempty"` // smallest number that no running test of the run has
	GroupSlot int32 `json:"g,omitempty"` // likewise of its group; -1: it has no group
	Round     int   `json:"r,omitempty"` // of a stress run, from 0
}

// Output is what a failed attempt printed, head and tail of each stream. Not numbered and not acknowledged: it
// may be dropped, a verdict may not.
type Output struct {
	Ordinal uint32 `json:"o"`
	Attempt uint16 `json:"a"`
	Stdout  Stream `json:"stdout"`
	Stderr  Stream `json:"stderr"`
}

// Stream is the kept part of what a process wrote: any bytes.
type Stream struct {
	Head    []byte `json:"head,omitempty"`
	Tail    []byte `json:"tail,omitempty"`    // set only if something between was cut
	Dropped int64  `json:"dropped,omitempty"` // bytes cut between head and tail
}

// OutputReport brings outputs.
type OutputReport struct {
	Version int      `json:"version"`
	Epoch   string   `json:"epoch"`
	Outputs []Output `json:"outputs"`
	Dropped int64    `json:"dropped,omitempty"` // outputs that the reporter had to drop so far
}

// ErrorReply is the body of any answer that is not 200.
type ErrorReply struct {
	Error string `json:"error"`
}

// ToReporter is a line from the runner. Exactly one field is set.
type ToReporter struct {
	Hello   *RunnerHello `json:"hello,omitempty"`
	Started *Held        `json:"started,omitempty"`
	Result  *Result      `json:"result,omitempty"`
	Want    *Want        `json:"want,omitempty"`
	Catalog *Catalog     `json:"catalog,omitempty"`
	Bye     *Bye         `json:"bye,omitempty"`
}

// RunnerHello is the runner's first line.
type RunnerHello struct {
	Version int `json:"version"`
}

// Result is an attempt that has ended.
type Result struct {
	Row     outcome.Row `json:"row"`
	Excerpt string      `json:"excerpt,omitempty"`
	Output  *Output     `json:"output,omitempty"`
}

// Want tells that the runner can take more: it holds so many that have not started.
type Want struct {
	Queued  int `json:"queued"`
	Running int `json:"running"`
}

// Bye is the runner's last line: it has nothing more to say.
type Bye struct {
	Reason string `json:"reason,omitempty"`
}

// ToRunner is a line from the reporter. Exactly one field is set.
type ToRunner struct {
	Config *Config `json:"config,omitempty"`
	Lease  *Lease  `json:"lease,omitempty"`
	Done   *Done   `json:"done,omitempty"` // the catalog is stored, or the batch is over: exit
}

// Done tells the runner to exit.
type Done struct{}

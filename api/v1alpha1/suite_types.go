package v1alpha1

// Suite is a set of test binaries that one harness can list and run.
//
// +kubebuilder:validation:XValidation:rule="[has(self.go), has(self.libtest), has(self.nextest), has(self.exec)].filter(x, x).size() == 1",message="set exactly one harness: go, libtest, nextest or exec"
type Suite struct {
	// name tells the suite from others; lower-case letters, digits and dashes, at most 63. It begins
	// the binary id of each of its tests.
	// +required
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name"`

	// go: binaries made by `go test -c`.
	// +optional
	Go *BinariesHarness `json:"go,omitempty"`

	// libtest: Rust test binaries made by `cargo test --no-run`, or any that speak libtest's protocol.
	// +optional
	Libtest *BinariesHarness `json:"libtest,omitempty"`

	// nextest: Rust test binaries with what cargo-nextest knows of them, from a nextest archive or from its metadata.
	// +optional
	Nextest *NextestHarness `json:"nextest,omitempty"`

	// exec: any program that can list its tests and run one of them.
	// +optional
	Exec *ExecHarness `json:"exec,omitempty"`
}

// BinariesHarness names test binaries whose protocol podtest knows.
type BinariesHarness struct {
	// binaries are absolute paths in the image, or patterns of such paths: * and ? stay within a folder,
	// ** crosses folders; at least one, at most 256, each at most 1024 characters. A pattern that matches no
	// executable file is an error.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MaxLength=1024
	// +kubebuilder:validation:items:Pattern=`^[^\x00\n]*$`
	// +kubebuilder:validation:XValidation:rule="self.all(b, b.startsWith('/'))",message="binaries must be absolute paths or patterns of such, like /tests/**/*.test"
	Binaries []string `json:"binaries"`

	// workingDir is the folder that tests run in, an absolute path. Unset: the folder of the binary, where `go test`
	// and cargo users put their test data.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:Pattern=`^[^\x00\n]*$`
	// +kubebuilder:validation:XValidation:rule="self.startsWith('/')",message="workingDir must be an absolute path"
	WorkingDir string `json:"workingDir,omitempty"`
}

// NextestHarness names the test binaries that cargo-nextest has built. Binary ids are nextest's own, without the name
// of the suite before them.
//
// +kubebuilder:validation:XValidation:rule="has(self.archive) != has(self.binariesMetadata)",message="set archive or binariesMetadata"
type NextestHarness struct {
	// archive is the absolute path of an archive in the image, made by `cargo nextest archive` (.tar.zst). It is unpacked
	// once in each worker, into a temporary folder.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:Pattern=`^/[^\x00\n]*$`
	Archive string `json:"archive,omitempty"`
	// binariesMetadata is the absolute path of a file in the image, made by
	// `cargo nextest list --list-type binaries-only --message-format json`.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:Pattern=`^/[^\x00\n]*$`
	BinariesMetadata string `json:"binariesMetadata,omitempty"`
	// cargoMetadata is the absolute path of a file made by `cargo metadata --format-version 1`. An archive has its own.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:Pattern=`^/[^\x00\n]*$`
	CargoMetadata string `json:"cargoMetadata,omitempty"`
	// workspaceRemap is the folder in the image that holds the workspace's sources, as nextest's --workspace-remap.
	// Unset: where it was when the tests were built.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:Pattern=`^/[^\x00\n]*$`
	WorkspaceRemap string `json:"workspaceRemap,omitempty"`
	// targetDirRemap is the folder in the image that holds the target directory, as nextest's --target-dir-remap; it goes
	// with binariesMetadata. Unset: where it was when the tests were built.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:Pattern=`^/[^\x00\n]*$`
	TargetDirRemap string `json:"targetDirRemap,omitempty"`
}

// ExecHarness is the generic protocol: one command that lists tests, one that runs a test.
type ExecHarness struct {
	// list prints the ids of all tests, one a line, to standard output.
	// +required
	List ExecList `json:"list"`
	// run runs one test: exit code 0 passed, 77 skipped, any other failed.
	// +required
	Run ExecRun `json:"run"`
	// workingDir is the folder that both commands run in, an absolute path. Unset: that of the container.
	// +optional
	// +kubebuilder:validation:MaxLength=1024
	// +kubebuilder:validation:Pattern=`^[^\x00\n]*$`
	// +kubebuilder:validation:XValidation:rule="self.startsWith('/')",message="workingDir must be an absolute path"
	WorkingDir string `json:"workingDir,omitempty"`
}

// ExecList is the command that lists tests.
type ExecList struct {
	// command is the program and its arguments; no shell. At most 256 elements, each at most 4096 characters.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MaxLength=4096
	// +kubebuilder:validation:items:Pattern=`^[^\x00]*$`
	// +kubebuilder:validation:XValidation:rule="size(self) == 0 || size(self[0]) > 0",message="command must begin with a program"
	Command []string `json:"command"`
	// format is what the command prints: Lines (default), an id a line; Libtest, lines `id: test`; JSON, an
	// object a line of which only "id" is required.
	// +optional
	// +default="Lines"
	// +kubebuilder:default=Lines
	Format ListFormat `json:"format,omitempty"`
}

// ExecRun is the command that runs one test.
//
// +kubebuilder:validation:XValidation:rule="self.command.exists(c, c == '{id}')",message="command must hold an element that is {id}: it stands for the test to run"
type ExecRun struct {
	// command is the program and its arguments; no shell. The element {id} stands for the test's id, {attempt} for
	// the number of the attempt. At most 256 elements, each at most 4096 characters.
	// +required
	// +listType=atomic
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MaxLength=4096
	// +kubebuilder:validation:items:Pattern=`^[^\x00]*$`
	// +kubebuilder:validation:XValidation:rule="size(self) == 0 || size(self[0]) > 0",message="command must begin with a program"
	Command []string `json:"command"`
}

// ListFormat is what a list command prints.
// +kubebuilder:validation:Enum=Lines;Libtest;JSON
type ListFormat string

// What a list command prints.
const (
	ListLines   ListFormat = "Lines"
	ListLibtest ListFormat = "Libtest"
	ListJSON    ListFormat = "JSON"
)

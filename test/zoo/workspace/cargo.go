package workspace

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"strings"
)

// An Executable is a program or a test binary that cargo has built.
type Executable struct {
	Path     string `json:"executable"`
	Package  string `json:"package_id"`
	Manifest string `json:"manifest_path"`
	Target   struct {
		Name string
		Kind []string
	}
	Profile struct{ Test bool }
}

// Compile builds the tests in dir and what they need, below the folder target. Binaries are static even with glibc, so
// they need no libraries where they run. A named platform keeps build scripts out of this.
func Compile(dir, target string, more ...string) ([]Executable, error) {
	host, err := platform()
	if err != nil {
		return nil, err
	}
	messages, err := output(dir, append([]string{
		"cargo", "test", "--no-run", "--quiet", "--message-format=json", "--target=" + host, "--target-dir=" + target,
		"--config=build.rustflags=['-Ctarget-feature=+crt-static']",
	}, more...)...)
	if err != nil {
		return nil, err
	}
	var built []Executable
	for line := range strings.Lines(messages) {
		var e Executable
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			return nil, fmt.Errorf("reading cargo's messages: %w", err)
		}
		if e.Path != "" {
			built = append(built, e)
		}
	}
	return built, nil
}

// platform is the one that the compiler runs on and builds for.
func platform() (string, error) { return output("", "rustc", "--print", "host-tuple") }

// output runs a command in dir and returns what it printed.
func output(dir string, argv ...string) (string, error) {
	cmd := exec.Command(argv[0], argv[1:]...)
	cmd.Dir, cmd.Stderr = dir, new(strings.Builder)
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%s: %w\n%s", strings.Join(argv, " "), err, cmd.Stderr)
	}
	return strings.TrimSpace(string(out)), err
}

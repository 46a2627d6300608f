// Package agent is what the commands of cmd/agent do: report beside the user's container, run or list inside it, and
// install itself where that container finds it. It knows no Kubernetes. Linux only.
package agent

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// Name of the agent's file in the folder it is installed to.
const Name = "agent"

// Install copies this very program to dir. Whoever looks sees all of it or nothing.
func Install(dir string) error {
	from, err := os.Open("/proc/self/exe")
	if err != nil {
		return fmt.Errorf("opening the agent: %w", err)
	}
	defer func() { _ = from.Close() }()
	to, err := os.CreateTemp(dir, "."+Name+"-")
	if err != nil {
		return fmt.Errorf("installing into %s: %w", dir, err)
	}
	_, err = io.Copy(to, from)
	err = errors.Join(err, to.Chmod(0o555), to.Close())
	if err == nil {
		err = os.Rename(to.Name(), filepath.Join(dir, Name))
	}
	if err != nil {
		return errors.Join(fmt.Errorf("installing into %s: %w", dir, err), os.Remove(to.Name()))
	}
	return nil
}

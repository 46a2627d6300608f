package main

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"
)

func (c *cli) versionVerb() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Show the version of this podtest",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			_, err := fmt.Fprintln(c.out, version())
			return err
		},
	}
}

// version is what the Go toolchain wrote into the binary.
func version() string {
	commit := "unknown"
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				commit = s.Value
			}
		}
	}
	return fmt.Sprintf("podtest %s, commit %s, %s %s/%s",
		number(), commit, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}

// number is the version alone.
func number() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		return info.Main.Version
	}
	return "(devel)"
}

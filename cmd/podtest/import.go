package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/podtest/podtest/internal/importer"
	"github.com/podtest/podtest/internal/report"
)

func (c *cli) importVerb() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "import",
		Short: "Make manifests of the configuration of another test runner",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(c.importNextestVerb())
	return cmd
}

// nextestConfig is where cargo-nextest looks for its configuration.
const nextestConfig = ".config/nextest.toml"

func (c *cli) importNextestVerb() *cobra.Command {
	var o importer.Options
	var dir string
	cmd := &cobra.Command{
		Use:   "nextest [FILE]",
		Short: "Make TestProfiles and a TestRun of .config/nextest.toml",
		Long: `Makes a TestProfile of each profile of cargo-nextest's configuration (.config/nextest.toml; -: standard
input), and a TestRun to start from, and prints them. Each key that cannot be carried is named on
standard error, with its line and what to do instead. No cluster is asked.`,
		Example: c.example(
			"podtest import nextest --image registry.example/tests:1 > podtest.yaml",
			"podtest import nextest --profile ci --output-dir deploy/",
			"podtest import nextest ../.config/nextest.toml | kubectl apply --dry-run=server -f -"),
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			file := nextestConfig
			if len(args) > 0 {
				file = args[0]
			}
			return c.importNextest(file, dir, o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.Name, "name", "tests", "name of the TestRun")
	f.StringVarP(&o.Profile, "profile", "P", "default", "nextest's name of the profile that the TestRun has")
	f.StringVar(&o.Image, "image", "registry.example/tests:1", "image that holds the tests")
	f.StringVar(&o.Archive, "archive", "/tests/nextest.tar.zst", "archive of cargo-nextest, in the image")
	f.StringVar(&o.Workspace, "workspace-remap", "/src", "folder of the sources, in the image")
	f.StringVar(&dir, "output-dir", "", "write a file for each object into this folder")
	return cmd
}

func (c *cli) importNextest(file, dir string, o importer.Options) error {
	data, err := c.fileOrStdin(file)
	if err != nil {
		return err
	}
	result, err := importer.Nextest(data, o)
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	files, err := result.Files()
	if err != nil {
		return err
	}
	for _, n := range result.Notes {
		fmt.Fprintln(c.err, report.Block(n.String()))
	}
	if dir == "" {
		_, err = c.out.Write(importer.YAML(files))
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(dir, f.Name)
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			return err
		}
		fmt.Fprintln(c.out, report.Line(path))
	}
	return nil
}

func (c *cli) fileOrStdin(file string) ([]byte, error) {
	if file != "-" {
		return os.ReadFile(file)
	}
	data, err := io.ReadAll(c.in)
	if err != nil {
		return nil, fmt.Errorf("reading standard input: %w", err)
	}
	return data, nil
}

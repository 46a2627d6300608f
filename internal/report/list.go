package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/settings"
)

// WriteNames writes a line for each test, "<binary id> <name>", or for people, like nextest, the binaries with their
// tests beneath them.
func WriteNames(w io.Writer, planned []Planned, oneline bool) error {
	var b strings.Builder
	last := ""
	for i, p := range planned {
		binary, name := Line(p.Binary).s, Line(p.Name).s
		switch {
		case oneline:
			fmt.Fprintf(&b, "%s %s\n", binary, name)
			continue
		case i == 0 || p.Binary != last:
			fmt.Fprintf(&b, "%s:\n", binary)
			last = p.Binary
		}
		fmt.Fprintf(&b, "    %s\n", name)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// testList is what `cargo nextest list --message-format json` prints, as far as it applies.
type testList struct {
	BuildMeta buildMeta            `json:"rust-build-meta"`
	TestCount int                  `json:"test-count"`
	Suites    map[string]testSuite `json:"rust-suites"`
}

// buildMeta is empty: readers of nextest's format want it to be there.
type buildMeta struct {
	TargetDirectory       string              `json:"target-directory"`
	BaseOutputDirectories []string            `json:"base-output-directories"`
	NonTestBinaries       map[string][]string `json:"non-test-binaries"`
	LinkedPaths           []string            `json:"linked-paths"`
}

type testSuite struct {
	PackageName   string              `json:"package-name"`
	BinaryID      string              `json:"binary-id"`
	BinaryName    string              `json:"binary-name"`
	PackageID     string              `json:"package-id"`
	Kind          string              `json:"kind"`
	BinaryPath    string              `json:"binary-path"`
	BuildPlatform string              `json:"build-platform"`
	Dir           string              `json:"cwd"`
	Status        string              `json:"status"`
	Tests         map[string]testCase `json:"testcases"`
}

type testCase struct {
	Kind    string      `json:"kind"`
	Ignored bool        `json:"ignored"`
	Match   filterMatch `json:"filter-match"`
}

type filterMatch struct {
	Status string `json:"status"`
	Reason string `json:"reason,omitempty"`
}

// mismatches are nextest's words for why a test is not selected.
var mismatches = map[settings.Reason]string{
	settings.Ignored: "ignored", settings.Filter: "expression", settings.DefaultFilter: "default-filter",
	settings.Partition: "partition",
}

// WriteListJSON writes all tests, selected or not, in the shape of nextest's list.
func WriteListJSON(w io.Writer, cat *catalog.Catalog, set *settings.Resolved) error {
	list := testList{
		BuildMeta: buildMeta{
			BaseOutputDirectories: []string{}, NonTestBinaries: map[string][]string{}, LinkedPaths: []string{},
		},
		TestCount: cat.Len(), Suites: map[string]testSuite{},
	}
	for _, b := range cat.Binaries {
		b = b.Named()
		suite := testSuite{
			PackageName: b.Package, BinaryID: b.ID, BinaryName: b.Name, PackageID: b.Package, Kind: b.Kind,
			BinaryPath: b.Path, BuildPlatform: b.Platform, Dir: b.Dir, Status: "listed", Tests: map[string]testCase{},
		}
		if b.Pruned {
			suite.Status = "skipped"
		}
		list.Suites[b.ID] = suite
	}
	for i, t := range cat.Tests {
		c := testCase{Kind: "test", Ignored: t.Ignored, Match: filterMatch{Status: "matches"}}
		if why, out := mismatches[set.Reasons[i]]; out {
			c.Match = filterMatch{Status: "mismatch", Reason: why}
		}
		list.Suites[cat.Binaries[t.Binary].ID].Tests[t.Name] = c
	}
	text, err := JSON(list, "  ")
	if err == nil {
		_, err = w.Write(text)
	}
	if err != nil {
		return fmt.Errorf("writing the list: %w", err)
	}
	return nil
}

package agent_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/internal/agent"
	"github.com/podtest/podtest/internal/agent/collectortest"
	"github.com/podtest/podtest/internal/harness/nextest"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
	"github.com/podtest/podtest/test/zoo/workspace"
)

// The test binary is the agent when the harness starts it to unpack.
func init() {
	if len(os.Args) > 1 && os.Args[1] == nextest.Verb {
		os.Exit(agent.Unpack(os.Args[2:]))
	}
}

const nextestSources = "../../test/zoo/nextest"

// nextestVerdicts are those of first attempts.
var nextestVerdicts = map[string]verdict{
	"anvil tests::fails":                    {Outcome: outcome.Failed, Reason: outcome.ExitCode, Code: 101},
	"anvil tests::is_ignored":               {Outcome: outcome.Failed, Reason: outcome.ExitCode, Code: 101},
	"anvil tests::is_slow":                  {Outcome: outcome.Passed},
	"anvil tests::panics":                   {Outcome: outcome.Passed},
	"anvil tests::passes":                   {Outcome: outcome.Passed},
	"anvil tests::passes_the_second_time":   {Outcome: outcome.Failed, Reason: outcome.ExitCode, Code: 101},
	"anvil::bin/my-tool greets":             {Outcome: outcome.Passed},
	"anvil::it dies":                        {Outcome: outcome.Crashed, Reason: outcome.Signal, Code: 6},
	"anvil::it is_ignored":                  {Outcome: outcome.Passed},
	"anvil::it knows_its_package":           {Outcome: outcome.Passed},
	"anvil::it knows_itself":                {Outcome: outcome.Passed},
	"anvil::it reads_a_file_of_its_package": {Outcome: outcome.Passed},
	"anvil::it runs_the_tool":               {Outcome: outcome.Passed},
	"bell is_ignored":                       {Outcome: outcome.Passed},
	"bell is_slow_too":                      {Outcome: outcome.Passed},
	"bell knows_its_package":                {Outcome: outcome.Passed},
	"bell passes":                           {Outcome: outcome.Passed},
}

func TestANextestArchiveIsListedAndRun(t *testing.T) {
	dir, elsewhere := filepath.Join(t.TempDir(), "w"), t.TempDir()
	w, err := workspace.Build(nextestSources, dir)
	must(t, err)
	archive, sources := filepath.Join(elsewhere, "tests.tar.zst"), filepath.Join(elsewhere, "src")
	must(t, w.Pack(archive))
	must(t, os.CopyFS(sources, os.DirFS(nextestSources)))
	must(t, os.RemoveAll(dir)) // nothing of the build is left
	runNextest(t, wire.Suite{Name: "rs", Harness: "nextest", Archive: archive, WorkspaceRemap: sources})
}

func TestNextestMetadataAreListedAndRunWhereTheTargetDirectoryWasMovedTo(t *testing.T) {
	moved := t.TempDir()
	w, err := workspace.Build(nextestSources, filepath.Join(t.TempDir(), "w"))
	must(t, err)
	target := filepath.Join(moved, "target")
	must(t, os.Rename(w.Target(), target))
	runNextest(t, wire.Suite{
		Name: "rs", Harness: "nextest", TargetDirRemap: target,
		BinariesMetadata: filepath.Join(moved, workspace.BinariesMetadata),
		CargoMetadata:    filepath.Join(moved, workspace.CargoMetadata),
	})
}

// runNextest lists the suite in one pod and runs it in another.
func runNextest(t *testing.T, suite wire.Suite) {
	t.Helper()
	t.Setenv("TMPDIR", t.TempDir())
	listing := &collectortest.Collector{Config: wire.Config{Mode: "list", ListTimeoutMS: 60_000, Suites: []wire.Suite{suite}}}
	startPod(t, listing).end(t)
	catalog := listing.Parts()[0]
	if catalog.Error != "" {
		t.Fatal(catalog.Error)
	}
	var ids []string
	for _, b := range catalog.Binaries {
		ids = append(ids, strings.Join([]string{b.ID, b.Kind, b.Name, b.Package, b.Platform}, " "))
	}
	if diff := cmp.Diff([]string{
		"anvil lib anvil anvil target", "anvil::it test it anvil target", "anvil::bin/my-tool bin my-tool anvil target",
		"bell lib bell bell target",
	}, ids); diff != "" {
		t.Error(diff)
	}

	t.Setenv("TMPDIR", t.TempDir())
	settings := patient
	settings.TotalAttempts = 2
	lease := wire.Lease{Binaries: catalog.Binaries, Settings: []wire.TestSettings{settings}}
	var names []string
	for i, test := range catalog.Tests {
		names = append(names, catalog.Binaries[test.Binary].ID+" "+test.Name)
		lease.Attempts = append(lease.Attempts, wire.Assignment{
			Ordinal: uint32(i), Attempt: 1, Binary: test.Binary, Name: test.Name, Ignored: test.Ignored,
		})
	}
	running := &collectortest.Collector{
		Config: wire.Config{Mode: "run", Slots: 2, GraceMS: 60_000, Suites: []wire.Suite{suite}},
		Leases: []wire.Lease{lease},
	}
	startPod(t, running).end(t)
	got := map[string]verdict{}
	for i, v := range verdicts(running.Rows()) {
		got[names[i]] = v
	}
	if diff := cmp.Diff(nextestVerdicts, got); diff != "" {
		t.Errorf("%s\n%v", diff, running.Excerpts())
	}
}

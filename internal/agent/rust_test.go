package agent_test

import (
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/internal/agent/collectortest"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/wire"
)

func TestARealRustBinaryIsListedAndRun(t *testing.T) {
	binary := filepath.Join(t.TempDir(), "ends")
	if out, err := exec.Command("rustc", "--test", "-o", binary, "testdata/rust/ends.rs").CombinedOutput(); err != nil {
		t.Fatalf("compiling testdata/rust/ends.rs: %v\n%s", err, out)
	}
	listing := &collectortest.Collector{Config: wire.Config{
		Mode: "list", ListTimeoutMS: 60_000, Suites: []wire.Suite{{Name: "rs", Harness: "libtest", Binaries: []string{binary}}},
	}}
	startPod(t, listing).end(t)
	catalog := listing.Parts()[0]
	want := map[string]verdict{
		"aborts":        {Outcome: outcome.Crashed, Reason: outcome.Signal, Code: 6},
		"exits":         {Outcome: outcome.Failed, Reason: outcome.NoEvidence},
		"fails":         {Outcome: outcome.Failed, Reason: outcome.ExitCode, Code: 101},
		"inner::passes": {Outcome: outcome.Passed},
		"is_ignored":    {Outcome: outcome.Passed},
		"passes":        {Outcome: outcome.Passed},
		"should_panic":  {Outcome: outcome.Passed},
	}
	lease := wire.Lease{Binaries: catalog.Binaries, Settings: []wire.TestSettings{patient}}
	for i, test := range catalog.Tests {
		if test.Ignored != (test.Name == "is_ignored") {
			t.Errorf("%s: ignored %v", test.Name, test.Ignored)
		}
		lease.Attempts = append(lease.Attempts, wire.Assignment{
			Ordinal: uint32(i), Attempt: 1, Name: test.Name, Ignored: test.Ignored,
		})
	}
	running := &collectortest.Collector{
		Config: wire.Config{
			Mode: "run", Slots: 2, GraceMS: 60_000, Suites: []wire.Suite{{Name: "rs", Harness: "libtest"}},
		},
		Leases: []wire.Lease{lease},
	}
	startPod(t, running).end(t)
	got := map[string]verdict{}
	for i, v := range verdicts(running.Rows()) {
		got[catalog.Tests[i].Name] = v
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

//go:build e2e

package e2e

import (
	"maps"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/api/v1alpha1"
)

// nextestSays is what `cargo nextest run --retries 1 --no-fail-fast` (0.9.151) says of the tests that a filterset
// selects in test/zoo/nextest, by binary id and name.
var nextestSays = map[string]verdictOfTry{
	"anvil tests::fails":                    {"failed", 2},
	"anvil tests::panics":                   {"passed", 1},
	"anvil tests::passes":                   {"passed", 1},
	"anvil tests::passes_the_second_time":   {"passed", 2},
	"anvil::it dies":                        {"crashed", 2},
	"anvil::it knows_its_package":           {"passed", 1},
	"anvil::it knows_itself":                {"passed", 1},
	"anvil::it reads_a_file_of_its_package": {"passed", 1},
	"anvil::it runs_the_tool":               {"passed", 1},
	"anvil::bin/my-tool greets":             {"passed", 1},
}

type verdictOfTry struct {
	Outcome  string
	Attempts int
}

func TestNextestSuitesEndAsWithNextest(t *testing.T) {
	const dir, ofAnvil = "/tests/nextest", "package(anvil) and not test(slow)"
	passing := maps.Clone(nextestSays)
	delete(passing, "anvil tests::fails")
	delete(passing, "anvil::it dies")
	archive := v1alpha1.NextestHarness{Archive: dir + "/tests.tar.zst", WorkspaceRemap: dir + "/src"}
	metadata := v1alpha1.NextestHarness{
		BinariesMetadata: dir + "/target/nextest/binaries-metadata.json",
		CargoMetadata:    dir + "/target/nextest/cargo-metadata.json",
		WorkspaceRemap:   dir + "/src", TargetDirRemap: dir + "/target",
	}
	cases := map[string]struct {
		harness v1alpha1.NextestHarness
		filter  string
		want    map[string]verdictOfTry
		result  v1alpha1.Result
		exit    int32
	}{
		"an archive with tests that fail": {archive, ofAnvil, nextestSays, v1alpha1.ResultFailed, 100},
		"metadata with tests that fail":   {metadata, ofAnvil, nextestSays, v1alpha1.ResultFailed, 100},
		"an archive without tests that fail": {
			archive, ofAnvil + " and not test(/::fails$/) and not test(=dies)", passing, v1alpha1.ResultPassed, 0,
		},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			suites := []v1alpha1.Suite{{Name: "rust", Nextest: &c.harness}}
			run := testRun(t, "nextest", "nextest", suites, retries(1), func(r *v1alpha1.TestRun) { r.Spec.Filter = c.filter })
			done := ends(t, create(t, run))
			got := map[string]verdictOfTry{}
			for key, r := range results(t, run) {
				if r.Attempts > 0 {
					got[key] = verdictOfTry{r.Outcome, r.Attempts}
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("-nextest +podtest:\n%s", diff)
			}
			if done.Status.Result != c.result || *done.Status.ExitCode != c.exit || done.Status.Tests.Flaky != 1 {
				t.Errorf("%s, exit %d, %+v: %s", done.Status.Result, *done.Status.ExitCode, done.Status.Tests,
					condition(done, v1alpha1.ConditionComplete).Message)
			}
		})
	}
}

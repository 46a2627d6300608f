package runner

import (
	"slices"
	"strconv"
	"strings"

	"github.com/podtest/podtest/internal/wire"
)

// dropped are variables that tests are not given: ours, and those that steer a harness, which would change what a test
// binary lists or runs behind our back. A name that ends in * is a prefix.
var dropped = []string{
	"PODTEST_*", "NEXTEST", "NEXTEST_*", "TMPDIR",
	"GTEST_*", "TEST_TOTAL_SHARDS", "TEST_SHARD_INDEX", "TESTBRIDGE_TEST_ONLY", "XML_OUTPUT_FILE",
	"PYTEST_ADDOPTS", "PYTEST_XDIST_*", "RUST_TEST_THREADS", "RUST_TEST_NOCAPTURE", "RUST_TEST_SHUFFLE*",
	"SPEC_OPTS", "BATS_*", "CTEST_*", "NODE_TEST_CONTEXT", "JEST_WORKER_ID", "VITEST*", "PWTEST_*",
}

func isDropped(name string) bool {
	return slices.ContainsFunc(dropped, func(d string) bool {
		if prefix, many := strings.CutSuffix(d, "*"); many {
			return strings.HasPrefix(name, prefix)
		}
		return name == d
	})
}

// environ is what all tests of the run are given.
type environ struct {
	base   []string
	tmpdir string // of the container, for when a test cannot have its own
}

func newEnviron(container []string, c wire.Config) environ {
	var e environ
	for _, entry := range container {
		name, value, _ := strings.Cut(entry, "=")
		if name == "TMPDIR" {
			e.tmpdir = value
		}
		if name == wire.EnvPod {
			e.base = append(e.base, entry)
		}
		if !isDropped(name) {
			e.base = append(e.base, entry)
		}
	}
	e.base = append(e.base, "NEXTEST=1", "NEXTEST_RUN_ID="+c.RunUID, "NEXTEST_EXECUTION_MODE=process-per-test",
		"NEXTEST_TOTAL_ATTEMPTS="+strconv.Itoa(max(1, c.TotalAttempts)), "PODTEST_RUN="+c.RunName)
	return e
}

// of is the environment of one attempt.
func (e environ) of(w work, temp string, more []string) []string {
	if temp == "" {
		temp = e.tmpdir
	}
	attempt := strconv.Itoa(int(w.Attempt))
	env := make([]string, 0, len(e.base)+len(more)+5)
	env = append(env, e.base...)
	env = append(env, "NEXTEST_BINARY_ID="+w.binary.ID, "NEXTEST_TEST_NAME="+w.Name,
		"NEXTEST_ATTEMPT="+attempt, "PODTEST_ATTEMPT="+attempt)
	if temp != "" {
		env = append(env, "TMPDIR="+temp)
	}
	return append(env, more...)
}

// forLists is the environment of processes that list.
func (e environ) forLists() []string {
	if e.tmpdir == "" {
		return e.base
	}
	return append(slices.Clone(e.base), "TMPDIR="+e.tmpdir)
}

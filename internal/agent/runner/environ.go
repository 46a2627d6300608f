package runner

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/podtest/podtest/internal/wire"
)

// What a test is given beside the environment of its container (less what is dropped, see below) and what its harness
// adds. Those of nextest mean what they mean there; each is always set, unless it says otherwise.
//
//	NEXTEST                      1
//	NEXTEST_RUN_ID               the run's UID
//	NEXTEST_RUN_MODE             test
//	NEXTEST_TEST_PHASE           run; list for a binary that is asked for its tests
//	NEXTEST_EXECUTION_MODE       process-per-test
//	NEXTEST_PROFILE              the run's profile, or default
//	NEXTEST_VERSION              podtest's version, or none
//	NEXTEST_REQUIRED_VERSION     none
//	NEXTEST_RECOMMENDED_VERSION  none
//	NEXTEST_TEST_THREADS         how many tests run at a time in all pods
//	NEXTEST_BINARY_ID            also when listing
//
// From here on not when listing:
//
//	NEXTEST_TEST_NAME
//	NEXTEST_ATTEMPT              from 1
//	NEXTEST_TOTAL_ATTEMPTS       retries and one
//	NEXTEST_ATTEMPT_ID           <run id>:<binary id>[@stress-<i>]$<test name>[#<attempt>, from the second on]
//	NEXTEST_STRESS_CURRENT       the round, from 0, or none
//	NEXTEST_STRESS_TOTAL         how many rounds, or unknown, or none
//	NEXTEST_TEST_GROUP           or @global
//	NEXTEST_TEST_GLOBAL_SLOT     a number from 0 that no other running test of the run has
//	NEXTEST_TEST_GROUP_SLOT      likewise in the test's group, or none
//	PODTEST_ATTEMPT              as NEXTEST_ATTEMPT
//	PODTEST_TMPDIR, TMPDIR       an empty folder of this attempt alone, removed after it; PODTEST_TMPDIR is unset, and
//	                             TMPDIR the container's, if the image has no writable /tmp
//	PODTEST_ARTIFACTS            a folder of this attempt alone in the volume "artifacts"; it stays unless it is
//	                             empty, and is unset if the container mounts no volume of that name
//	PODTEST_DEADLINE             when the attempt will be ended: by slowTimeout or with the run, whichever comes first,
//	                             as RFC 3339 in UTC; unset if neither will
//
// And always:
//
//	PODTEST_RUN                  the TestRun's name
//	PODTEST_POD, PODTEST_NODE    as far as the container has them
//	PODTEST_SERVICE_<NAME>_HOST  and _PORT: the address of a fixture's service

// dropped are variables of the container that tests are not given: ours, and those that steer a harness, which would
// change what a test binary lists or runs behind our back. A name that ends in * is a prefix.
var dropped = []string{
	"PODTEST_*", "NEXTEST", "NEXTEST_*", "TMPDIR",
	"GTEST_*", "TEST_TOTAL_SHARDS", "TEST_SHARD_INDEX", "TESTBRIDGE_TEST_ONLY", "XML_OUTPUT_FILE",
	"PYTEST_ADDOPTS", "PYTEST_XDIST_*", "RUST_TEST_THREADS", "RUST_TEST_NOCAPTURE", "RUST_TEST_SHUFFLE*",
	"SPEC_OPTS", "BATS_*", "CTEST_*", "NODE_TEST_CONTEXT", "JEST_WORKER_ID", "VITEST*", "PWTEST_*",
}

// passed are variables of the container that tests are given although they are ours.
var passed = []string{wire.EnvPod, wire.EnvNode}

// services begins the names of what fixtures export.
const services = "PODTEST_SERVICE_"

// reserved are variables that the settings of a test cannot change.
var reserved = []string{"PODTEST*", "NEXTEST*"}

func isOneOf(names []string, name string) bool {
	return slices.ContainsFunc(names, func(n string) bool {
		if prefix, many := strings.CutSuffix(n, "*"); many {
			return strings.HasPrefix(name, prefix)
		}
		return name == n
	})
}

const none = "none"

// environ is what all processes of the run are given.
type environ struct {
	base   []string
	tmpdir string // of the container, for when a test cannot have its own
	config wire.Config

	artifacts artifacts
}

func (o Options) environ(c wire.Config) environ {
	e := environ{config: c}
	for _, entry := range o.Environ {
		name, value, _ := strings.Cut(entry, "=")
		switch name {
		case "TMPDIR":
			e.tmpdir = value
		case wire.EnvArtifacts:
			e.artifacts = artifacts(value)
		}
		if isOneOf(passed, name) || !isOneOf(dropped, name) {
			e.base = append(e.base, entry)
		}
	}
	e.base = append(e.base,
		"NEXTEST=1", "NEXTEST_RUN_ID="+c.RunUID, "NEXTEST_RUN_MODE=test", "NEXTEST_EXECUTION_MODE=process-per-test",
		"NEXTEST_PROFILE="+cmp.Or(c.Profile, "default"), "NEXTEST_VERSION="+semver(o.Version),
		"NEXTEST_REQUIRED_VERSION="+none, "NEXTEST_RECOMMENDED_VERSION="+none,
		"NEXTEST_TEST_THREADS="+strconv.Itoa(max(1, c.Threads)), "PODTEST_RUN="+c.RunName)
	return e
}

var isSemver = regexp.MustCompile(`^\d+\.\d+\.\d+([-+][0-9A-Za-z.+-]+)?$`)

func semver(version string) string {
	if v := strings.TrimPrefix(version, "v"); isSemver.MatchString(v) {
		return v
	}
	return none
}

// forLists is the environment of processes that list.
func (e environ) forLists(more []string) []string {
	env := append(slices.Clone(e.base), "NEXTEST_TEST_PHASE=list")
	if e.tmpdir != "" {
		env = append(env, "TMPDIR="+e.tmpdir)
	}
	return with(env, more)
}

// of is the environment of one attempt that is about to start; more is its harness's.
func (e environ) of(w work, temp string, more []string) []string {
	attempt := strconv.Itoa(int(w.Attempt))
	env := make([]string, 0, len(e.base)+len(more)+len(w.settings.Env)+16)
	env = append(env, e.base...)
	env = append(env, "NEXTEST_TEST_PHASE=run", "NEXTEST_BINARY_ID="+w.binary.ID, "NEXTEST_TEST_NAME="+w.Name,
		"NEXTEST_ATTEMPT="+attempt, "NEXTEST_TOTAL_ATTEMPTS="+strconv.Itoa(max(1, w.settings.TotalAttempts)),
		e.attemptID(w), "NEXTEST_STRESS_CURRENT="+e.round(w), "NEXTEST_STRESS_TOTAL="+e.rounds(),
		"NEXTEST_TEST_GROUP="+cmp.Or(w.settings.Group, "@global"),
		"NEXTEST_TEST_GLOBAL_SLOT="+strconv.Itoa(int(w.Slot)), "NEXTEST_TEST_GROUP_SLOT="+groupSlot(w),
		"PODTEST_ATTEMPT="+attempt)
	if at := e.deadline(w, time.Now()); !at.IsZero() {
		env = append(env, "PODTEST_DEADLINE="+at.UTC().Format(time.RFC3339))
	}
	if w.artifacts != "" {
		env = append(env, "PODTEST_ARTIFACTS="+w.artifacts)
	}
	switch {
	case temp != "":
		env = append(env, "PODTEST_TMPDIR="+temp, "TMPDIR="+temp)
	case e.tmpdir != "":
		env = append(env, "TMPDIR="+e.tmpdir)
	}
	return with(with(env, more), allowed(w.settings.Env))
}

// mark is an entry of the environment that only this attempt has.
func (e environ) mark(w work, temp string) string {
	if temp != "" {
		return "PODTEST_TMPDIR=" + temp
	}
	return e.attemptID(w)
}

func (e environ) attemptID(w work) string {
	id := fmt.Sprintf("NEXTEST_ATTEMPT_ID=%s:%s", e.config.RunUID, w.binary.ID)
	if e.config.StressTotal != 0 {
		id += fmt.Sprintf("@stress-%d", w.Round)
	}
	id += "$" + w.Name
	if w.Attempt > 1 {
		id += fmt.Sprintf("#%d", w.Attempt)
	}
	return id
}

func (e environ) round(w work) string {
	if e.config.StressTotal == 0 {
		return none
	}
	return strconv.Itoa(w.Round)
}

func (e environ) rounds() string {
	switch n := e.config.StressTotal; {
	case n < 0:
		return "unknown"
	case n == 0:
		return none
	default:
		return strconv.Itoa(n)
	}
}

func groupSlot(w work) string {
	if w.settings.Group == "" || w.GroupSlot < 0 {
		return none
	}
	return strconv.Itoa(int(w.GroupSlot))
}

// deadline is when the attempt is ended at the latest; zero: never.
func (e environ) deadline(w work, now time.Time) time.Time {
	var at time.Time
	if limit := w.settings.TerminateMS; limit > 0 {
		at = now.Add(ms(limit))
	}
	if e.config.DeadlineUnix > 0 {
		if run := time.Unix(e.config.DeadlineUnix, 0); at.IsZero() || run.Before(at) {
			at = run
		}
	}
	return at
}

func allowed(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(entry string) bool {
		name, _, _ := strings.Cut(entry, "=")
		return isOneOf(reserved, name) && !strings.HasPrefix(name, services)
	})
}

// with is env with entries added, each in the place of one of its name: of two entries, some programs see the first.
func with(env, more []string) []string {
	for _, entry := range more {
		name, _, _ := strings.Cut(entry, "=")
		env = slices.DeleteFunc(env, func(e string) bool { return strings.HasPrefix(e, name+"=") })
		env = append(env, entry)
	}
	return env
}

package runner

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/internal/wire"
)

func TestTheEnvironmentOfAnAttempt(t *testing.T) {
	o := Options{Version: "v1.2.3", Environ: []string{
		"PATH=/bin", "PODTEST_COLLECTOR=x", "PODTEST_POD=p", "PODTEST_NODE=n", "GTEST_FILTER=x", "RUST_TEST_THREADS=9",
		"RUST_LOG=debug", "PYTEST_ADDOPTS=-v", "NEXTEST_PROFILE=x", "TMPDIR=/big", "VITEST=1", "EMPTY=",
	}}
	container := []string{"PATH=/bin", "PODTEST_POD=p", "PODTEST_NODE=n", "RUST_LOG=debug", "EMPTY="}
	run := []string{
		"NEXTEST=1", "NEXTEST_RUN_ID=uid", "NEXTEST_RUN_MODE=test", "NEXTEST_EXECUTION_MODE=process-per-test",
		"NEXTEST_PROFILE=default", "NEXTEST_VERSION=1.2.3", "NEXTEST_REQUIRED_VERSION=none",
		"NEXTEST_RECOMMENDED_VERSION=none", "NEXTEST_TEST_THREADS=8", "PODTEST_RUN=checkout",
	}
	config := wire.Config{RunName: "checkout", RunUID: "uid", Threads: 8}
	plain := work{
		Assignment: wire.Assignment{Attempt: 1, Name: "a b", Slot: 5, GroupSlot: -1},
		binary:     wire.Binary{ID: "s::x"}, settings: &wire.TestSettings{TotalAttempts: 3},
	}
	attempt := []string{
		"NEXTEST_TEST_PHASE=run", "NEXTEST_BINARY_ID=s::x", "NEXTEST_TEST_NAME=a b", "NEXTEST_ATTEMPT=1",
		"NEXTEST_TOTAL_ATTEMPTS=3", "NEXTEST_ATTEMPT_ID=uid:s::x$a b", "NEXTEST_STRESS_CURRENT=none",
		"NEXTEST_STRESS_TOTAL=none", "NEXTEST_TEST_GROUP=@global", "NEXTEST_TEST_GLOBAL_SLOT=5",
		"NEXTEST_TEST_GROUP_SLOT=none", "PODTEST_ATTEMPT=1",
	}
	all := slices.Concat(container, run, attempt)

	if diff := cmp.Diff(append(slices.Clip(all), "PODTEST_TMPDIR=/t", "TMPDIR=/t"), o.environ(config).of(plain, "/t", nil)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(append(slices.Clip(all), "TMPDIR=/big", "MORE=1"), o.environ(config).of(plain, "", []string{"MORE=1"})); diff != "" {
		t.Errorf("without a folder: %s", diff)
	}
	listing := append(slices.Concat(container, run), "NEXTEST_TEST_PHASE=list", "TMPDIR=/big", "NEXTEST_BINARY_ID=s::x")
	if diff := cmp.Diff(listing, o.environ(config).forLists([]string{"NEXTEST_BINARY_ID=s::x"})); diff != "" {
		t.Errorf("listing: %s", diff)
	}
}

func TestVariablesOfAnAttempt(t *testing.T) {
	one := wire.Assignment{Attempt: 1, Name: "t"}
	far := int64(4_000_000_000)
	cases := map[string]struct {
		config     wire.Config
		assignment wire.Assignment
		settings   wire.TestSettings
		want       string
	}{
		"a retry has its number":           {wire.Config{RunUID: "u"}, wire.Assignment{Attempt: 2, Name: "t"}, wire.TestSettings{}, "NEXTEST_ATTEMPT_ID=u:b$t#2"},
		"a round has its number":           {wire.Config{RunUID: "u", StressTotal: 3}, wire.Assignment{Attempt: 2, Name: "t", Round: 1}, wire.TestSettings{}, "NEXTEST_ATTEMPT_ID=u:b@stress-1$t#2"},
		"rounds":                           {wire.Config{StressTotal: 3}, one, wire.TestSettings{}, "NEXTEST_STRESS_TOTAL=3"},
		"rounds without number":            {wire.Config{StressTotal: -1}, one, wire.TestSettings{}, "NEXTEST_STRESS_TOTAL=unknown"},
		"the first round":                  {wire.Config{StressTotal: -1}, one, wire.TestSettings{}, "NEXTEST_STRESS_CURRENT=0"},
		"a group":                          {wire.Config{}, one, wire.TestSettings{Group: "db"}, "NEXTEST_TEST_GROUP=db"},
		"a group's slot":                   {wire.Config{}, one, wire.TestSettings{Group: "db"}, "NEXTEST_TEST_GROUP_SLOT=0"},
		"a profile":                        {wire.Config{Profile: "ci"}, one, wire.TestSettings{}, "NEXTEST_PROFILE=ci"},
		"a version of a developer is none": {wire.Config{}, one, wire.TestSettings{}, "NEXTEST_VERSION=none"},
		"the run's deadline":               {wire.Config{DeadlineUnix: far}, one, wire.TestSettings{}, "PODTEST_DEADLINE=2096-10-02T07:06:40Z"},
		"a later timeout":                  {wire.Config{DeadlineUnix: 10}, one, wire.TestSettings{TerminateMS: 1000}, "PODTEST_DEADLINE=1970-01-01T00:00:10Z"},
		"settings add":                     {wire.Config{}, one, wire.TestSettings{Env: []string{"A=1"}}, "A=1"},
		"settings replace":                 {wire.Config{}, one, wire.TestSettings{Env: []string{"PATH=/mine"}}, "PATH=/mine"},
		"settings do not replace ours":     {wire.Config{}, one, wire.TestSettings{Env: []string{"NEXTEST=2", "PODTEST_RUN=x"}}, "NEXTEST=1"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			o := Options{Version: "dev", Environ: []string{"PATH=/bin"}}
			w := work{Assignment: c.assignment, binary: wire.Binary{ID: "b"}, settings: &c.settings}
			env := o.environ(c.config).of(w, "", nil)
			if !slices.Contains(env, c.want) || slices.Contains(env, "PODTEST_RUN=x") {
				t.Errorf("%q is not in %q", c.want, env)
			}
			if c.want == "PATH=/mine" && slices.Contains(env, "PATH=/bin") {
				t.Error("both are there: which one counts?")
			}
		})
	}
	at := environ{}.deadline(work{settings: &wire.TestSettings{TerminateMS: 1500}}, time.Unix(100, 0))
	if !at.Equal(time.Unix(101, 500_000_000)) {
		t.Errorf("the attempt's own end is %s", at)
	}
}

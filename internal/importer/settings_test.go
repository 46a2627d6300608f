package importer

import (
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/settings"
	"github.com/podtest/podtest/internal/wire"
)

// resolve is what holds for the test `t` of `crate`, in words, when a run has the TestProfile that was made of a profile.
func resolve(t *testing.T, config, profile string) string {
	t.Helper()
	o := options
	o.Profile = profile
	r, err := Nextest([]byte(config), o)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]*v1alpha1.TestProfile{}
	for n := range r.Profiles {
		known[r.Profiles[n].Name] = &r.Profiles[n]
	}
	var chain []*v1alpha1.TestProfile
	for name := r.Run.Spec.ProfileRef.Name; name != ""; name = chain[len(chain)-1].Spec.Inherits {
		if known[name] == nil {
			t.Fatalf("TestProfile %s is not there", name)
		}
		chain = append(chain, known[name])
	}
	spec := r.Run.Spec
	spec.Worker.Slots = 256 // so that no weight is clamped
	var from settings.Provenance
	spec.TestSettings, from = settings.Merge(spec.TestSettings, chain)
	cat, err := catalog.New(wire.Catalog{
		Binaries: []wire.Binary{{Suite: "workspace", ID: "crate", Name: "crate", Kind: "lib", Package: "crate"}},
		Tests:    []wire.Listed{{Name: "t"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	all, err := settings.Resolve(&spec, from, cat)
	if err != nil {
		t.Fatal(err)
	}
	test, policy := all.Test(0), all.Policy(0)
	maxFail := int32(0)
	if f := spec.FailFast; f != nil {
		maxFail = f.MaxFail
	}
	return fmt.Sprintf("selected=%t attempts=%d delay=%s slow=%s terminate=%s leak=%s group=%s weight=%d priority=%d maxFail=%d "+
		"wrapper=%v args=%v fixtures=%v", all.Selected(0), policy.MaxAttempts, policy.Backoff.Delay, test.SlowPeriod,
		test.Terminate, test.Leak, test.Group, policy.Weight, policy.Priority, maxFail, test.Wrapper, test.Args, test.Fixtures)
}

// What nextest's documentation says of each configuration, with all that it does not say as nextest has it.
func TestImportedProfilesResolveAsInNextest(t *testing.T) {
	type fields map[string]any
	for name, c := range map[string]struct {
		config, profile string
		want            fields
	}{
		"nothing is said": {"", "", nil},
		"plain settings of the default profile": {
			"[profile.default]\nretries = 2\nslow-timeout = { period = '5s', terminate-after = 3 }\nleak-timeout = '1s'", "",
			fields{"attempts": 3, "slow": 5 * time.Second, "terminate": 15 * time.Second, "leak": time.Second},
		},
		"a profile comes before the default one": {
			"[profile.default]\nretries = 2\nleak-timeout = '1s'\n[profile.ci]\nretries = { backoff = 'fixed', count = 1, delay = '3s' }", "ci",
			fields{"attempts": 2, "delay": 3 * time.Second, "leak": time.Second},
		},
		"an override of the default profile comes before a plain setting of the chosen one": {
			"[[profile.default.overrides]]\nfilter = 'test(t)'\nretries = 5\n[profile.ci]\nretries = 1", "ci", fields{"attempts": 6},
		},
		"each setting is that of the first override that says something of it": {
			"[[profile.default.overrides]]\nfilter = 'all()'\npriority = 7\n[[profile.default.overrides]]\nfilter = 'test(t)'\npriority = 1\nretries = 4", "",
			fields{"priority": 7, "attempts": 5},
		},
		"settings are inherited, and overrides of what is inherited are not": {
			"[profile.a]\nretries = 3\n[[profile.a.overrides]]\nfilter = 'all()'\nslow-timeout = '1s'\n[profile.b]\ninherits = 'a'", "b",
			fields{"attempts": 4},
		},
		"overrides of the chosen profile hold though others inherit it": {
			"[profile.a]\nretries = 3\n[[profile.a.overrides]]\nfilter = 'all()'\nslow-timeout = '1s'\n[profile.b]\ninherits = 'a'", "a",
			fields{"attempts": 4, "slow": time.Second},
		},
		"a default filter is not inherited but from the default profile": {
			"[profile.default]\ndefault-filter = 'test(t)'\n[profile.a]\ndefault-filter = 'none()'\n[profile.b]\ninherits = 'a'", "b", nil,
		},
		"the default filter of the chosen profile": {
			"[profile.default]\ndefault-filter = 'test(t)'\n[profile.a]\ndefault-filter = 'none()'", "a", fields{"selected": false},
		},
		"a default filter for Linux comes before all others": {
			"[[profile.default.overrides]]\nplatform = 'cfg(unix)'\ndefault-filter = 'none()'\n[profile.a]\ndefault-filter = 'all()'", "a",
			fields{"selected": false},
		},
		"threads-required of an override comes before that of a profile": {
			"[[profile.default.overrides]]\nfilter = 'test(t)'\nthreads-required = 4\n[profile.a]\nthreads-required = 2", "a", fields{"weight": 4},
		},
		"threads-required of a profile": {
			"[profile.default]\nthreads-required = 3\n[profile.a]\nthreads-required = 2\n[profile.b]\ninherits = 'a'", "b", fields{"weight": 2},
		},
		"threads-required of as many as there are": {"[profile.default]\nthreads-required = 'num-cpus'", "", fields{"weight": 256}},
		"no fail-fast": {"[profile.default]\nfail-fast = false", "", fields{"maxFail": 0}},
		"fail-fast that is taken back": {
			"[profile.default]\nfail-fast = { max-fail = 3 }\n[profile.a]\nfail-fast = { max-fail = 'all' }", "a", fields{"maxFail": 1_000_000},
		},
		"a group": {
			"[test-groups]\ndb = { max-threads = 2 }\n[[profile.default.overrides]]\nfilter = 'test(t)'\ntest-group = 'db'", "", fields{"group": "db"},
		},
		"a wrapper and arguments": {
			"[scripts.wrapper.w]\ncommand = 'a \"b c\"'\n[[profile.default.scripts]]\nfilter = 'test(t)'\nrun-wrapper = 'w'\n[profile.default]\nrun-extra-args = ['x']", "",
			fields{"wrapper": []string{"a", "b c"}, "args": []string{"x"}},
		},
		"the first wrapper counts": {
			"[scripts.wrapper]\nw = { command = 'a' }\nv = { command = 'b' }\n[[profile.default.scripts]]\nfilter = 'all()'\nrun-wrapper = 'w'\n" +
				"[[profile.a.scripts]]\nfilter = 'test(t)'\nrun-wrapper = 'v'", "a", fields{"wrapper": []string{"b"}},
		},
		"a setup script for these tests, and one for others": {
			"[scripts.setup]\none = { command = 'a' }\ntwo = { command = 'b' }\n[[profile.default.scripts]]\nfilter = 'test(t)'\nsetup = 'two'\n" +
				"[[profile.default.scripts]]\nfilter = 'test(x)'\nsetup = 'one'", "", fields{"fixtures": []int{1}},
		},
		"a setup script that the chosen profile and the default one name": {
			"[scripts.setup.one]\ncommand = 'a'\n[[profile.default.scripts]]\nfilter = 'test(t)'\nsetup = 'one'\n" +
				"[[profile.a.scripts]]\nfilter = 'test(x)'\nsetup = 'one'", "a", fields{"fixtures": []int{0}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			said := fields{
				"selected": true, "attempts": 1, "delay": time.Duration(0), "slow": time.Minute, "terminate": time.Duration(0),
				"leak": 200 * time.Millisecond, "group": "", "weight": 1, "priority": 0, "maxFail": 1,
				"wrapper": []string{}, "args": []string{}, "fixtures": []int{},
			}
			maps.Copy(said, c.want)
			want := ""
			for _, key := range []string{
				"selected", "attempts", "delay", "slow", "terminate", "leak", "group", "weight", "priority", "maxFail", "wrapper", "args", "fixtures",
			} {
				if want != "" {
					want += " "
				}
				want += fmt.Sprintf("%s=%v", key, said[key])
			}
			if diff := cmp.Diff(want, resolve(t, c.config, c.profile)); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

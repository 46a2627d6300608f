package compose

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

const manifest = `apiVersion: podtest.dev/v1alpha1
kind: TestRun
metadata: {name: shop}
`

func document(t *testing.T, text string) Document {
	t.Helper()
	documents, err := Read("run.yaml", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	if len(documents) != 1 {
		t.Fatalf("%d documents", len(documents))
	}
	return documents[0]
}

func TestFlagsWinOverTheManifest(t *testing.T) {
	const image = `template: {spec: {containers: [{name: db, image: d}, {name: test, image: i, env: [{name: A, value: a}]}]}}`
	for name, c := range map[string]struct {
		changes    Changes
		spec, want string
	}{
		"nothing said, nothing changed": {Changes{}, `{filter: test(a)}`, `{filter: test(a)}`},
		"a filterset takes the place of the manifest's": {
			Changes{Filters: []string{"test(b)"}}, `{filter: test(a)}`, `{filter: test(b)}`,
		},
		"names choose among what the manifest's filter selects": {
			Changes{Names: Names{Contain: []string{"b"}}}, `{filter: test(a)}`, `{filter: (test(a)) and test(~b)}`,
		},
		"settings are set": {
			Changes{
				RunIgnored: "Only", Partition: "hash:1/2", NoTests: "Pass", IgnoreDefault: true, Profile: "ci", TTL: new(int64(60)),
				GlobalTimeout: "1h0m0s", SlowTimeout: &SlowTimeout{Period: "30s", TerminateAfter: 2}, Stress: &Stress{Count: 3},
			},
			`{runIgnored: All, stress: {duration: 1h}, slowTimeout: {period: 1s, onTimeout: Pass}}`,
			`{runIgnored: Only, partition: "hash:1/2", noTests: Pass, ignoreDefaultFilter: true, profileRef: {name: ci},
				ttlSecondsAfterFinished: 60, globalTimeout: 1h0m0s, slowTimeout: {period: 30s, terminateAfter: 2}, stress: {count: 3}}`,
		},
		"retries are all of the setting": {
			Changes{Retries: new(int32(2))}, `{retries: {count: 5, delay: 1s}}`, `{retries: {count: 2}}`,
		},
		"retries hold for tests that overrides are about": {
			Changes{Retries: new(int32(0)), FlakyResult: "Fail"},
			`{overrides: [{filter: test(a), retries: {count: 3}}]}`,
			`{retries: {count: 0}, flakyResult: Fail, overrides: [
				{name: command-line, filter: all(), retries: {count: 0}, flakyResult: Fail}, {filter: test(a), retries: {count: 3}}]}`,
		},
		"retries hold whatever a profile says": {
			Changes{Retries: new(int32(2)), Profile: "ci"},
			`{}`,
			`{profileRef: {name: ci}, retries: {count: 2}, overrides: [{name: command-line, filter: all(), retries: {count: 2}}]}`,
		},
		"what passed tests print is kept, whatever overrides say": {
			Changes{SuccessOutput: "Final"},
			`{overrides: [{filter: test(a), successOutput: Never}]}`,
			`{successOutput: Final, overrides: [
				{name: command-line, filter: all(), successOutput: Final}, {filter: test(a), successOutput: Never}]}`,
		},
		"a run ends early": {
			Changes{FailFast: &FailFast{MaxFail: 2, Terminate: "Immediate"}},
			`{failFast: {maxFail: 9}}`,
			`{failFast: {maxFail: 2, terminate: Immediate}}`,
		},
		"a run never ends early": {Changes{FailFast: &FailFast{}}, `{failFast: {maxFail: 9}}`, `{}`},
		"a run never ends early, whatever a profile says": {
			Changes{FailFast: &FailFast{}}, `{profileRef: {name: ci}}`, `{profileRef: {name: ci}, failFast: {maxFail: 1000000}}`,
		},
		"tests at a time are pods of one slot": {Changes{Load: Load{Threads: 8}}, `{}`, `{worker: {slots: 1}, parallelism: 8}`},
		"tests at a time fill the manifest's slots, rounded up": {
			Changes{Load: Load{Threads: 7}}, `{worker: {slots: 3, maxTests: 5}}`, `{worker: {slots: 3, maxTests: 5}, parallelism: 3}`,
		},
		"fewer tests at a time than slots are one pod": {
			Changes{Load: Load{Threads: 2}}, `{worker: {slots: 4}, parallelism: 9}`, `{worker: {slots: 2}, parallelism: 1}`,
		},
		"slots by flag count": {Changes{Load: Load{Threads: 8, Slots: 4}}, `{worker: {slots: 2}}`, `{worker: {slots: 4}, parallelism: 2}`},
		"pods alone":          {Changes{Load: Load{Parallelism: 4}}, `{}`, `{parallelism: 4}`},
		"the pod's container with the tests": {
			Changes{Pod: Pod{
				Image: "j", Memory: "1Gi", CPU: "500m", Env: []string{"A=b=c", "B="}, ServiceAccount: "bot", PullSecrets: []string{"s"},
			}},
			`{` + image + `}`,
			`{template: {spec: {serviceAccountName: bot, imagePullSecrets: [{name: s}], containers: [{name: db, image: d},
				{name: test, image: j, env: [{name: A, value: b=c}, {name: B, value: ""}],
				resources: {requests: {cpu: 500m, memory: 1Gi}, limits: {cpu: 500m, memory: 1Gi}}}]}}}`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			d := document(t, manifest+"spec: "+c.spec)
			if err := c.changes.Apply(d); err != nil {
				t.Fatal(err)
			}
			want, err := yaml.YAMLToJSON([]byte(c.want))
			if err != nil {
				t.Fatal(err)
			}
			got, err := yaml.Marshal(d.Object.Object["spec"])
			if err != nil {
				t.Fatal(err)
			}
			wantText, err := yaml.JSONToYAML(want)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(wantText), string(got)); diff != "" {
				t.Errorf("spec (-want +got):\n%s", diff)
			}
		})
	}
}

func TestChangesThatCannotBe(t *testing.T) {
	for name, c := range map[string]struct {
		changes    Changes
		spec, want string
	}{
		"a filterset that means nothing": {
			Changes{Filters: []string{"test(a", "tets(b)"}}, `{}`, "invalid filterset: this ( is never closed\n  test(a\n      ^",
		},
		"a filter of the manifest that means nothing": {
			Changes{Names: Names{Contain: []string{"a"}}},
			`{filter: all}`,
			"run.yaml, document 1: spec.filter: invalid filterset: expected ( after all\n  all\n     ^\n  hint: write all(…)",
		},
		"a name that is no text": {
			Changes{Names: Names{Contain: []string{"\xff"}}}, `{}`, `the name "\xff" is not UTF-8: no test can be called so`,
		},
		"an amount that is none": {
			Changes{Pod: Pod{Memory: "much"}},
			`{template: {spec: {containers: [{name: test}]}}}`,
			"run.yaml, document 1: --memory much: want an amount such as 512Mi of memory, or 500m or 2 of cpu",
		},
		"a variable without a value": {
			Changes{Pod: Pod{Env: []string{"A"}}},
			`{template: {spec: {containers: [{name: test}]}}}`,
			"run.yaml, document 1: --env A: want NAME=VALUE",
		},
		"no container for the image": {
			Changes{Pod: Pod{Image: "i"}},
			`{template: {spec: {containers: [{name: a}, {name: b}]}}}`,
			`run.yaml, document 1: spec.template.spec.containers has no container with the tests: name one "test"`,
		},
		"a spec that is none": {Changes{}, `[]`, "run.yaml, document 1: spec must be an object"},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(c.want, said(c.changes.Apply(document(t, manifest+"spec: "+c.spec)))); diff != "" {
				t.Errorf("error (-want +got):\n%s", diff)
			}
		})
	}
}

func TestNamesOfRuns(t *testing.T) {
	for name, c := range map[string]struct {
		changes   Changes
		metadata  string
		wantName  string
		wantBegin string
	}{
		"a name by flag":                        {Changes{Name: "a"}, `{generateName: x-}`, "a", ""},
		"a name that the cluster makes":         {Changes{GenerateName: true}, `{name: x}`, "", "x-"},
		"one of a name by flag":                 {Changes{Name: "a", GenerateName: true}, `{name: x}`, "", "a-"},
		"a generated name is left as it is":     {Changes{GenerateName: true}, `{generateName: x.}`, "", "x."},
		"nothing said leaves the name as it is": {Changes{}, `{name: x}`, "x", ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := document(t, "{apiVersion: podtest.dev/v1alpha1, kind: TestRun, metadata: "+c.metadata+"}")
			if err := c.changes.Apply(d); err != nil {
				t.Fatal(err)
			}
			if d.Object.GetName() != c.wantName || d.Object.GetGenerateName() != c.wantBegin {
				t.Errorf("name %q, generateName %q", d.Object.GetName(), d.Object.GetGenerateName())
			}
		})
	}
}

func TestWhatFlagsTake(t *testing.T) {
	maxFail := func(s string) error { _, err := ParseMaxFail(s); return err }
	threads := func(s string) error { _, err := ParseThreads(s); return err }
	stress := func(s string) error { _, err := ParseStress(s); return err }
	slow := func(s string) error { _, err := ParseSlow(s); return err }
	for name, c := range map[string]struct {
		parse     func(string) error
		good, bad []string
	}{
		"max-fail":     {maxFail, []string{"1", "all", "ALL", "3:wait", "3:immediate"}, []string{"0", "-1", "x", "3:", "3:now", "all:wait", ""}},
		"test-threads": {threads, []string{"1", "64"}, []string{"0", "-2", "num-cpus", "x", ""}},
		"partition":    {CheckPartition, []string{"hash:1/4", "slice:4/4", "count:1/1"}, []string{"hash:5/4", "hash:0/4", "hash:1", "even:1/2", "hash:1/99999999999999999999"}},
		"stress-count": {stress, []string{"1", "100"}, []string{"0", "infinite", "x"}},
		"slow-timeout": {slow, []string{"60s", "1m 30s", "100ms:3"}, []string{"60", "0s", "60s:0", "60s:", "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			for _, text := range c.good {
				if err := c.parse(text); err != nil {
					t.Errorf("%q: %v", text, err)
				}
			}
			for _, text := range c.bad {
				if err := c.parse(text); err == nil {
					t.Errorf("%q is taken", text)
				}
			}
		})
	}
}

package v1alpha1_test

import (
	"reflect"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
)

func TestFieldsThatNeverChange(t *testing.T) {
	for name, test := range map[string]struct{ created, change, want string }{
		"another suite is added":        {`{}`, suites(`{name: unit, go: {binaries: ["/tests/*.test"]}}`, `{name: more, go: {binaries: [/m]}}`), "suites"},
		"a suite is taken away":         {suites(`{name: a, go: {binaries: [/a]}}`, `{name: b, go: {binaries: [/b]}}`), suites(`{name: a, go: {binaries: [/a]}}`), "suites"},
		"a suite is of another harness": {`{}`, suites(`{name: unit, libtest: {binaries: ["/tests/*.test"]}}`), "suites"},
		"a list format is set":          {suites(exec(listLines, runID)), suites(exec(`{command: [/suite, list], format: JSON}`, runID)), "suites"},

		"another image":             {`{}`, pod(`containers: [{name: tests, image: "registry.example/tests:2"}]`), "template"},
		"another label of the pod":  {`{}`, `{spec: {template: {metadata: {labels: {team: b}}}}}`, "template"},
		"another memory limit":      {`{}`, pod(`containers: [{name: tests, image: "registry.example/tests:1", resources: {limits: {memory: 1Gi}}}]`), "template"},
		"isolation changes":         {`{}`, `{spec: {isolation: Pod}}`, "isolation"},
		"isolation is taken away":   {`{spec: {isolation: Pod}}`, `{spec: {isolation: null}}`, "isolation"},
		"other slots":               {`{}`, `{spec: {worker: {slots: 2}}}`, "worker"},
		"worker is taken away":      {`{spec: {worker: {maxTests: 2}}}`, `{spec: {worker: null}}`, "worker"},
		"retries come":              {`{}`, `{spec: {retries: {count: 1}}}`, "retries"},
		"retries change":            {`{spec: {retries: {count: 1}}}`, `{spec: {retries: {count: 2}}}`, "retries"},
		"retries go":                {`{spec: {retries: {count: 1}}}`, `{spec: {retries: null}}`, "retries"},
		"infraRetries change":       {`{}`, `{spec: {infraRetries: 0}}`, "infraRetries"},
		"infraRetries go":           {`{spec: {infraRetries: 0}}`, `{spec: {infraRetries: null}}`, "infraRetries"},
		"the slow period changes":   {`{}`, `{spec: {slowTimeout: {period: 61s}}}`, "slowTimeout"},
		"the grace period changes":  {`{}`, `{spec: {slowTimeout: {gracePeriod: 11s}}}`, "slowTimeout"},
		"terminateAfter comes":      {`{}`, `{spec: {slowTimeout: {terminateAfter: 2}}}`, "slowTimeout"},
		"terminateAfter changes":    {`{spec: {slowTimeout: {terminateAfter: 2}}}`, `{spec: {slowTimeout: {terminateAfter: 3}}}`, "slowTimeout"},
		"slowTimeout is taken away": {`{spec: {slowTimeout: {terminateAfter: 2}}}`, `{spec: {slowTimeout: null}}`, "slowTimeout"},
		"listTimeout changes":       {`{}`, `{spec: {listTimeout: 6m}}`, "listTimeout"},
		"listTimeout is taken away": {`{spec: {listTimeout: 6m}}`, `{spec: {listTimeout: null}}`, "listTimeout"},
		"startTimeout changes":      {`{}`, `{spec: {startTimeout: 6m}}`, "startTimeout"},
		"runIgnored changes":        {`{}`, `{spec: {runIgnored: All}}`, "runIgnored"},
		"noTests changes":           {`{}`, `{spec: {noTests: Pass}}`, "noTests"},
		"a deadline comes":          {`{}`, `{spec: {activeDeadlineSeconds: 9}}`, "activeDeadlineSeconds"},
		"a deadline changes":        {`{spec: {activeDeadlineSeconds: 9}}`, `{spec: {activeDeadlineSeconds: 8}}`, "activeDeadlineSeconds"},
		"a deadline goes":           {`{spec: {activeDeadlineSeconds: 9}}`, `{spec: {activeDeadlineSeconds: null}}`, "activeDeadlineSeconds"},
	} {
		t.Run(name, func(t *testing.T) {
			refusedWith(t, change(t, test.created, test.change), test.want+" cannot change once the run exists: create a new TestRun")
		})
	}
}

func TestSettingsNeverComeChangeOrGo(t *testing.T) {
	for field, values := range map[string][2]string{
		"defaultFilter":       {`test(a)`, `test(b)`},
		"isolation":           {`Process`, `Pod`},
		"flakyResult":         {`Pass`, `Fail`},
		"leakTimeout":         {`{period: 1s}`, `{result: Fail}`},
		"globalTimeout":       {`1h`, `2h`},
		"failFast":            {`{maxFail: 1}`, `{maxFail: 1, terminate: Immediate}`},
		"junit":               {`{storeSuccessOutput: true}`, `{storeSuccessOutput: false}`},
		"groups":              {`[{name: db, maxParallel: 1}]`, `[{name: db, maxParallel: 1, exclusive: true}]`},
		"overrides":           {`[{filter: test(a), weight: 2}]`, `[{filter: test(a), weight: 3}]`},
		"listWrapper":         {`[/usr/bin/nice]`, `[/usr/bin/time]`},
		"runWrapper":          {`[/usr/bin/nice]`, `[/usr/bin/nice, "-n1"]`},
		"runExtraArgs":        {`[a]`, `[b]`},
		"successOutput":       {`Final`, `Never`},
		"failureOutput":       {`Final`, `Never`},
		"fixtures":            {`[{name: db, setup: {command: [/up]}}]`, `[{name: db, setup: {command: [/up]}, teardown: {command: [/down]}}]`},
		"filter":              {`test(a)`, `test(b)`},
		"ignoreDefaultFilter": {`true`, `false`},
		"partition":           {`'hash:1/2'`, `'hash:2/2'`},
		"profileRef":          {`{name: a}`, `{name: b}`},
		"stress":              {`{count: 2}`, `{count: 3}`},
	} {
		with := func(value string) string { return `{spec: {` + field + `: ` + value + `}}` }
		for name, test := range map[string]struct{ created, change string }{
			"comes":   {`{}`, with(values[0])},
			"changes": {with(values[0]), with(values[1])},
			"goes":    {with(values[0]), with(`null`)},
		} {
			t.Run(field+" "+name, func(t *testing.T) {
				err := change(t, test.created, test.change)
				refusedWith(t, err, "spec."+field+": Invalid value")
				refusedWith(t, err, field+" cannot change once the run exists: create a new TestRun")
			})
		}
		t.Run(field+" stays while others change", func(t *testing.T) {
			if err := change(t, with(values[0]), `{spec: {parallelism: 3, suspend: true, cancel: true, force: true}}`); err != nil {
				t.Errorf("refused: %v", err)
			}
		})
	}
}

func TestForceIsNotTakenBack(t *testing.T) {
	refusedWith(t, change(t, `{spec: {cancel: true, force: true}}`, `{spec: {force: null}}`), "force cannot be taken back: create a new TestRun")
}

func TestCancelIsNotTakenBack(t *testing.T) {
	for name, patch := range map[string]string{
		"by saying false": `{spec: {cancel: false}}`,
		"by leaving out":  `{spec: {cancel: null}}`,
	} {
		t.Run(name, func(t *testing.T) {
			refusedWith(t, change(t, `{spec: {cancel: true}}`, patch), "cancel cannot be taken back: create a new TestRun")
		})
	}
}

func TestFieldsThatMayChange(t *testing.T) {
	for name, test := range map[string]struct{ created, change string }{
		"parallelism goes up":         {`{}`, `{spec: {parallelism: 20}}`},
		"parallelism goes down":       {`{spec: {parallelism: 20}}`, `{spec: {parallelism: 1}}`},
		"parallelism is the default":  {`{spec: {parallelism: 20}}`, `{spec: {parallelism: null}}`},
		"a run is suspended":          {`{}`, `{spec: {suspend: true}}`},
		"a run is resumed":            {`{spec: {suspend: true}}`, `{spec: {suspend: false}}`},
		"a run is cancelled":          {`{}`, `{spec: {cancel: true}}`},
		"a cancelled run is forced":   {`{spec: {cancel: true}}`, `{spec: {force: true}}`},
		"it is to be kept for a day":  {`{}`, `{spec: {ttlSecondsAfterFinished: 86400}}`},
		"it is to be kept after all":  {`{spec: {ttlSecondsAfterFinished: 0}}`, `{spec: {ttlSecondsAfterFinished: null}}`},
		"a label is added":            {`{}`, `{metadata: {labels: {a: b}}}`},
		"a duration is written anew":  {`{spec: {listTimeout: 60s, globalTimeout: 90s}}`, `{spec: {listTimeout: 1m0s, globalTimeout: 1m30s}}`},
		"suites are in another order": {suites(`{name: a, go: {binaries: [/a]}}`, `{name: b, go: {binaries: [/b]}}`), suites(`{name: b, go: {binaries: [/b]}}`, `{name: a, go: {binaries: [/a]}}`)},
		"a default is written down":   {`{}`, `{spec: {mode: Run, worker: {slots: 1}, infraRetries: 3, runIgnored: Default}}`},
	} {
		t.Run(name, func(t *testing.T) {
			if err := change(t, test.created, test.change); err != nil {
				t.Errorf("refused: %v", err)
			}
		})
	}
}

// A field that is new in the spec is either in the list below or has a rule that keeps it as it is.
func TestEveryFieldOfTheSpecIsFixedUnlessListed(t *testing.T) {
	mayChange := map[string]bool{"parallelism": true, "suspend": true, "cancel": true, "force": true, "ttlSecondsAfterFinished": true}
	rules := readCRD(t, "testruns").rulesBelow("spec")
	for _, field := range reflect.VisibleFields(reflect.TypeFor[v1alpha1.TestRunSpec]()) {
		if field.Anonymous {
			continue
		}
		name := jsonName(field)
		want := !mayChange[name]
		if got := strings.Contains(rules, name+" cannot change once the run exists"); got != want {
			t.Errorf("spec.%s: fixed = %v; want %v", name, got, want)
		}
	}
}

func TestBatchesAndRecordsNeverChange(t *testing.T) {
	for name, test := range map[string]struct{ object, change, want string }{
		"what a batch was made for": {
			`{kind: TestBatch, spec: {run: {name: r, uid: u}, index: 0, class: default}}`,
			`{spec: {class: alone}}`, "the spec of a TestBatch never changes",
		},
		"what a record holds": {
			`{kind: TestRecord, spec: {run: {name: r, uid: u}, kind: Output, index: 0, digest: d, data: YQ==}}`,
			`{spec: {data: Yg==}}`, "a TestRecord never changes",
		},
	} {
		t.Run(name, func(t *testing.T) {
			obj := parse(t, toJSON(t, test.object))
			obj.SetAPIVersion(v1alpha1.GroupVersion.String())
			obj.SetGenerateName("never-")
			obj.SetNamespace("default")
			create(t, obj)
			refusedWith(t, mergePatch(t, obj, test.change), test.want)
		})
	}
}

// change makes a run of the smallest one and the first patch, and applies the second one to it.
func change(t *testing.T, created, patch string) error {
	t.Helper()
	run := smallestWith(t, created)
	create(t, run)
	return mergePatch(t, run, patch)
}

func mergePatch(t *testing.T, obj client.Object, patch string) error {
	t.Helper()
	return apiServer(t).Patch(t.Context(), obj, client.RawPatch(types.MergePatchType, toJSON(t, patch)))
}

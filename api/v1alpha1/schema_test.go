package v1alpha1_test

import (
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

func TestValidTestRuns(t *testing.T) {
	c := apiServer(t)
	for name, patch := range map[string]string{
		"a run may be forced to its end at once": `{spec: {cancel: true, force: true}}`,
		"every setting has a value": `{spec: {filter: test(a), ignoreDefaultFilter: true, partition: "slice:1/3", profileRef: {name: p}, mode: List,
			stress: {duration: 1h}, defaultFilter: all(), flakyResult: Fail, leakTimeout: {period: 0s, result: Fail}, globalTimeout: 720h,
			failFast: {maxFail: 3, terminate: Immediate}, groups: [{name: db, maxParallel: 1, exclusive: true}],
			retries: {count: 100, backoff: Exponential, delay: 1s, maxDelay: 1m, jitter: true, in: NewPod}, listWrapper: [a], runWrapper: [b],
			runExtraArgs: [c], successOutput: Final, failureOutput: ImmediateFinal,
			junit: {storeSuccessOutput: true, storeFailureOutput: false, reportSkipped: All, flakyFailStatus: Success}}}`,
		"a suite may be of what nextest has built":        suites(`{name: rust, nextest: {archive: /t.tar.zst, workspaceRemap: /src}}`),
		"two required fields are enough":                  `{}`,
		"a name may have 200 characters":                  `{metadata: {name: ` + strings.Repeat("n", 200) + `}}`,
		"a suite may be of Rust test binaries":            suites(`{name: rust, libtest: {binaries: [/tests/*], workingDir: /src}}`),
		"a suite may be any program":                      suites(exec(`{command: [/suite, list], format: JSON}`, `{command: [/suite, run, "{id}"]}`)),
		"the id may stand for the program itself":         suites(exec(`{command: [/suite, list]}`, `{command: ["{id}"]}`)),
		"suites may be many, each with a name of its own": suites(`{name: a, go: {binaries: [/a]}}`, `{name: b, go: {binaries: [/b]}}`),
		"everything has a value that is not its default": `{spec: {runIgnored: All, parallelism: 7, worker: {slots: 2, maxTests: 9}, isolation: Pod, retries: {count: 2},
			infraRetries: 0, slowTimeout: {period: 1.5s, terminateAfter: 3, gracePeriod: 0s}, listTimeout: 1m30s, startTimeout: 24h,
			activeDeadlineSeconds: 60, noTests: Pass, suspend: true, cancel: true, ttlSecondsAfterFinished: 0}}`,
		"durations may be as Go prints them":                       `{spec: {listTimeout: 24h0m0s, slowTimeout: {period: 1.000000001s}}}`,
		"one container may have any name":                          pod(`containers: [{name: whatever, image: i}]`),
		"of several containers one is named test":                  pod(`containers: [{name: db, image: d}, {name: test, image: i}]`),
		"other containers keep their commands":                     pod(`containers: [{name: db, image: d, command: [/db], args: [-v]}, {name: test, image: i, command: []}]`),
		"init containers do not count among the containers":        pod(`initContainers: [{name: seed, image: s}]`),
		"volumes may have any name that is not podtest's":          pod(`volumes: [{name: data, emptyDir: {}}, {name: my-podtest-data, emptyDir: {}}]`),
		"restartPolicy may say what is the case anyway":            pod(`restartPolicy: Never`),
		"the template may carry labels and annotations":            `{spec: {template: {metadata: {labels: {team: a}, annotations: {note: b}}}}}`,
		"the template is checked and kept as a pod's would be":     pod(`{nodeSelector: {disk: ssd}, securityContext: {runAsNonRoot: true}, tolerations: [{operator: Exists}]}`),
		"a status in what is applied is of no account":             `{status: {result: Passed}}`,
		"requests and limits may be in any notation of Kubernetes": pod(`containers: [{name: t, image: i, resources: {requests: {cpu: 1}, limits: {memory: 1Gi, cpu: 1500m}}}]`),
	} {
		t.Run(name, func(t *testing.T) {
			if err := c.Create(t.Context(), smallestWith(t, patch), client.DryRunAll); err != nil {
				t.Errorf("refused: %v", err)
			}
		})
	}
}

func TestInvalidTestRuns(t *testing.T) {
	c := apiServer(t)
	for name, test := range map[string]struct{ patch, want string }{
		"a name over 200 characters leaves no room for pod names": {
			`{metadata: {name: ` + strings.Repeat("n", 201) + `}}`,
			"metadata.name must have at most 200 characters, so that the names of its pods fit",
		},
		"a run needs suites":              {`{spec: {suites: null}}`, "spec.suites: Required value"},
		"a run needs at least one suite":  {`{spec: {suites: []}}`, "spec.suites in body should have at least 1 items"},
		"a run needs a template":          {`{spec: {template: null}}`, "spec.template: Required value"},
		"a field that does not exist":     {`{spec: {paralelism: 3}}`, `unknown field "spec.paralelism"`},
		"a pod field that does not exist": {pod(`containers: [{name: t, imagge: i}]`), `unknown field "spec.template.spec.containers[0].imagge"`},

		"two suites of one name": {
			suites(`{name: a, go: {binaries: [/a]}}`, `{name: a, go: {binaries: [/b]}}`),
			`spec.suites[1]: Duplicate value: {"name":"a"}`,
		},
		"a suite without a name":                {suites(`{go: {binaries: [/a]}}`), "spec.suites[0].name: Required value"},
		"a suite's name in capitals":            {suites(`{name: Unit, go: {binaries: [/a]}}`), "spec.suites[0].name in body should match"},
		"a suite's name over 63 characters":     {suites(`{name: ` + strings.Repeat("a", 64) + `, go: {binaries: [/a]}}`), "Too long: may not be more than 63"},
		"a suite without a harness":             {suites(`{name: a}`), "set exactly one harness: go, libtest, nextest or exec"},
		"a suite with two harnesses":            {suites(`{name: a, go: {binaries: [/a]}, libtest: {binaries: [/a]}}`), "set exactly one harness: go, libtest, nextest or exec"},
		"a harness without binaries":            {suites(`{name: a, go: {}}`), "go.binaries: Required value"},
		"a harness with an empty list":          {suites(`{name: a, libtest: {binaries: []}}`), "binaries in body should have at least 1 items"},
		"a binary by a relative path":           {suites(`{name: a, go: {binaries: [/a, tests/b]}}`), "binaries must be absolute paths"},
		"a binary with a NUL byte":              {suites(`{name: a, go: {binaries: ["/a\0"]}}`), `go.binaries[0] in body should match '^[^\x00\n]*$'`},
		"a binary with a line break":            {suites(`{name: a, go: {binaries: ["/a\nb"]}}`), `go.binaries[0] in body should match '^[^\x00\n]*$'`},
		"a relative working folder of binaries": {suites(`{name: a, go: {binaries: [/a], workingDir: src}}`), "workingDir must be an absolute path"},

		"a list command that is empty":     {suites(exec(`{command: []}`, runID)), "list.command in body should have at least 1 items"},
		"a list command without a program": {suites(exec(`{command: ["", list]}`, runID)), "command must begin with a program"},
		"a list command with a NUL byte":   {suites(exec(`{command: [/suite, "a\0b"]}`, runID)), `list.command[1] in body should match '^[^\x00]*$'`},
		"a list format that is not known":  {suites(exec(`{command: [/suite], format: XML}`, runID)), `Unsupported value: "XML"`},
		"a run command without a program":  {suites(exec(listLines, `{command: ["", "{id}"]}`)), "command must begin with a program"},
		"a run command with a NUL byte":    {suites(exec(listLines, `{command: [/suite, "{id}", "\0"]}`)), `run.command[2] in body should match '^[^\x00]*$'`},
		"a run command that does not say where the id goes": {
			suites(exec(listLines, `{command: [/suite, run]}`)),
			"command must hold an element that is {id}: it stands for the test to run",
		},
		"an id inside of another argument is not replaced": {
			suites(exec(listLines, `{command: [/suite, "--test={id}"]}`)),
			"command must hold an element that is {id}: it stands for the test to run",
		},
		"a relative working folder of a program": {
			suites(`{name: a, exec: {list: {command: [/s]}, run: {command: ["{id}"]}, workingDir: ./src}}`),
			"workingDir must be an absolute path",
		},

		"a template without a pod": {`{spec: {template: {spec: null}}}`, "template.spec.containers must hold the container with the tests"},
		"a pod without containers": {pod(`containers: []`), "template.spec.containers must hold the container with the tests"},
		"several containers, none of them named test": {
			pod(`containers: [{name: a, image: i}, {name: b, image: i}]`),
			`template has several containers: name the one with the tests "test"`,
		},
		"two containers of one name":                {pod(`containers: [{name: test, image: i}, {name: test, image: j}]`), "Duplicate value"},
		"a container named like the reporter":       {pod(`containers: [{name: podtest-reporter, image: i}]`), `container names that begin with "podtest-" are podtest's own`},
		"an init container named like the reporter": {pod(`initContainers: [{name: podtest-reporter, image: i}]`), `container names that begin with "podtest-" are podtest's own`},
		"a command of the only container":           {pod(`containers: [{name: t, image: i, command: [/tests/a]}]`), "podtest replaces the command of the container with the tests"},
		"arguments of the container named test":     {pod(`containers: [{name: db, image: d, args: [-v]}, {name: test, image: i, args: [-v]}]`), "podtest replaces the command of the container with the tests"},
		"a volume named like podtest's own":         {pod(`volumes: [{name: podtest-bin, emptyDir: {}}]`), `volume names that begin with "podtest-" are podtest's own`},
		"a pod that is to be restarted":             {pod(`restartPolicy: OnFailure`), "template.spec.restartPolicy must be Never or left out"},

		"no parallelism":               {`{spec: {parallelism: 0}}`, "parallelism in body should be greater than or equal to 1"},
		"too much parallelism":         {`{spec: {parallelism: 10001}}`, "parallelism in body should be less than or equal to 10000"},
		"a worker without slots":       {`{spec: {worker: {slots: 0}}}`, "slots in body should be greater than or equal to 1"},
		"a worker with too many slots": {`{spec: {worker: {slots: 257}}}`, "slots in body should be less than or equal to 256"},
		"a worker for no test":         {`{spec: {worker: {maxTests: 0}}}`, "maxTests in body should be greater than or equal to 1"},
		"a worker for too many tests":  {`{spec: {worker: {maxTests: 10001}}}`, "maxTests in body should be less than or equal to 10000"},
		"retries without a count":      {`{spec: {retries: {}}}`, "retries.count: Required value"},
		"fewer retries than none":      {`{spec: {retries: {count: -1}}}`, "count in body should be greater than or equal to 0"},
		"too many retries":             {`{spec: {retries: {count: 101}}}`, "count in body should be less than or equal to 100"},
		"too many infraRetries":        {`{spec: {infraRetries: 101}}`, "infraRetries in body should be less than or equal to 100"},
		"an isolation that is unknown": {`{spec: {isolation: Node}}`, `Unsupported value: "Node"`},
		"a runIgnored that is unknown": {`{spec: {runIgnored: Some}}`, `Unsupported value: "Some"`},
		"a noTests that is unknown":    {`{spec: {noTests: Warn}}`, `Unsupported value: "Warn"`},
		"a deadline of no time":        {`{spec: {activeDeadlineSeconds: 0}}`, "activeDeadlineSeconds in body should be greater than or equal to 1"},
		"a deadline over 30 days":      {`{spec: {activeDeadlineSeconds: 2592001}}`, "should be less than or equal to 2592000"},
		"a time to live in the past":   {`{spec: {ttlSecondsAfterFinished: -1}}`, "ttlSecondsAfterFinished in body should be greater than or equal to 0"},
		"a time to live over a year":   {`{spec: {ttlSecondsAfterFinished: 31536001}}`, "should be less than or equal to 31536000"},

		"a run forced and not cancelled":      {`{spec: {force: true}}`, "force goes with cancel only: set cancel too"},
		"a partition of no kind":              {`{spec: {partition: "1/2"}}`, "spec.partition in body should match"},
		"a mode that is unknown":              {`{spec: {mode: Dry}}`, `Unsupported value: "Dry"`},
		"stress by nothing":                   {`{spec: {stress: {}}}`, "set count or duration"},
		"stress by both":                      {`{spec: {stress: {count: 2, duration: 1h}}}`, "set count or duration"},
		"jitter of no delay":                  {`{spec: {retries: {count: 1, jitter: true}}}`, "jitter needs a delay above 0s"},
		"a back-off of no delay":              {`{spec: {retries: {count: 1, backoff: Exponential}}}`, "backoff Exponential needs a count above 0 and a delay above 0s"},
		"a back-off of no retry":              {`{spec: {retries: {count: 0, backoff: Exponential, delay: 1s}}}`, "backoff Exponential needs a count above 0"},
		"a bound of a fixed delay":            {`{spec: {retries: {count: 1, delay: 1s, maxDelay: 2s}}}`, "maxDelay goes with backoff Exponential only"},
		"a bound below the delay":             {`{spec: {retries: {count: 1, backoff: Exponential, delay: 3s, maxDelay: 2s}}}`, "maxDelay must not be below delay"},
		"a run that fails after no failure":   {`{spec: {failFast: {maxFail: 0}}}`, "maxFail in body should be greater than or equal to 1"},
		"a group of none":                     {`{spec: {groups: [{name: db, maxParallel: 0}]}}`, "maxParallel in body should be greater than or equal to 1"},
		"two groups of one name":              {`{spec: {groups: [{name: db, maxParallel: 1}, {name: db, maxParallel: 2}]}}`, "Duplicate value"},
		"an override without a filter":        {`{spec: {overrides: [{weight: 2}]}}`, "overrides[0].filter: Required value"},
		"an override of too great a priority": {`{spec: {overrides: [{filter: all(), priority: 101}]}}`, "priority in body should be less than or equal to 100"},
		"an override of podtest's variable":   {`{spec: {overrides: [{filter: all(), env: [{name: NEXTEST_PROFILE}]}]}}`, "names that begin with NEXTEST or PODTEST_ are set by podtest"},
		"a fixture of nothing":                {`{spec: {fixtures: [{name: db}]}}`, "a fixture needs setup, teardown or service"},
		"a fixture of service and setup":      {`{spec: {fixtures: [{name: db, service: {image: i}, setup: {command: [/up]}}]}}`, "a service is a fixture of its own"},
		"a nextest suite of nothing":          {suites(`{name: rust, nextest: {}}`), "set archive or binariesMetadata"},
		"a nextest suite by a relative path":  {suites(`{name: rust, nextest: {archive: t.tar.zst}}`), "nextest.archive in body should match"},
		"a duration as a number":              {`{spec: {listTimeout: 90}}`, "listTimeout in body must be of type string"},
		"a duration without a unit":           {`{spec: {listTimeout: "90"}}`, `listTimeout: Invalid value: "90": must be a duration from 1s to 24h`},
		"a duration in words":                 {`{spec: {startTimeout: 5 minutes}}`, `startTimeout: Invalid value: "5 minutes": must be a duration from 1s to 24h`},
		"a duration in days":                  {`{spec: {startTimeout: 1d}}`, `startTimeout: Invalid value: "1d": must be a duration from 1s to 24h`},
		"a listTimeout under a second":        {`{spec: {listTimeout: 999ms}}`, "must be a duration from 1s to 24h"},
		"a listTimeout over a day":            {`{spec: {listTimeout: 24h1ms}}`, "must be a duration from 1s to 24h"},
		"a startTimeout under a second":       {`{spec: {startTimeout: 0s}}`, "must be a duration from 1s to 24h"},
		"a startTimeout over a day":           {`{spec: {startTimeout: 25h}}`, "must be a duration from 1s to 24h"},
		"a slow period of no time":            {`{spec: {slowTimeout: {period: 0s}}}`, `slowTimeout.period: Invalid value: "0s": must be a duration from 1ms to 24h`},
		"a slow period over a day":            {`{spec: {slowTimeout: {period: 99999h99999h99999h99999h}}}`, "must be a duration from 1ms to 24h"},
		"a negative grace period":             {`{spec: {slowTimeout: {gracePeriod: -1s}}}`, `slowTimeout.gracePeriod: Invalid value: "-1s": must be a duration from 0s to 10m`},
		"a grace period over ten minutes":     {`{spec: {slowTimeout: {gracePeriod: 11m}}}`, "must be a duration from 0s to 10m"},
		"a test ended before it is slow":      {`{spec: {slowTimeout: {terminateAfter: 0}}}`, "terminateAfter in body should be greater than or equal to 1"},
		"a test ended after 1001 periods":     {`{spec: {slowTimeout: {terminateAfter: 1001}}}`, "terminateAfter in body should be less than or equal to 1000"},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.Create(t.Context(), smallestWith(t, test.patch), client.DryRunAll)
			refusedWith(t, err, test.want)
		})
	}
}

// refusedWith checks that the API server found the object wrong, said so as wanted, and could check every rule.
func refusedWith(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case err == nil:
		t.Errorf("accepted; want %q", want)
	case !apierrors.IsInvalid(err) && !apierrors.IsBadRequest(err):
		t.Errorf("got %v; want it refused as invalid", err)
	case !strings.Contains(err.Error(), want):
		t.Errorf("got  %v\nwant %q", err, want)
	case strings.Contains(err.Error(), "rule evaluation error"):
		t.Errorf("a rule stumbled over the object: %v", err)
	}
}

const (
	listLines = `{command: [/suite, list]}`
	runID     = `{command: [/suite, run, "{id}"]}`
)

func exec(list, run string) string {
	return `{name: own, exec: {list: ` + list + `, run: ` + run + `}}`
}

func suites(list ...string) string {
	return `{spec: {suites: [` + strings.Join(list, ", ") + `]}}`
}

func pod(fields string) string {
	return `{spec: {template: {spec: {` + strings.TrimSuffix(strings.TrimPrefix(fields, "{"), "}") + `}}}}`
}

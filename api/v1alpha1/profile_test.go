package v1alpha1_test

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/api/v1alpha1"
)

const fullProfile = `{spec: {inherits: base, defaultFilter: "not test(slow)", isolation: Pod, retries: {count: 2}, flakyResult: Fail,
	slowTimeout: {period: 90s}, leakTimeout: {period: 1s}, globalTimeout: 1h, failFast: {maxFail: 1}, groups: [{name: db, maxParallel: 1}],
	overrides: [{filter: test(a), weight: 2}], listWrapper: [nice], runWrapper: [nice], runExtraArgs: [a], successOutput: Final,
	failureOutput: Final, junit: {reportSkipped: Ignored}, fixtures: [{name: db, setup: {command: [/up]}}]}}`

// The settings of a run are fixed, and those of a profile are the same types.
func TestAProfileMayBeEdited(t *testing.T) {
	for name, test := range map[string]struct{ created, change string }{
		"settings come": {`{}`, fullProfile},
		"settings change": {fullProfile, `{spec: {inherits: other, defaultFilter: all(), isolation: Process, retries: {count: 3}, flakyResult: Pass,
			slowTimeout: {period: 91s}, leakTimeout: {period: 2s}, globalTimeout: 2h, failFast: {maxFail: 2}, groups: [{name: db, maxParallel: 2}],
			overrides: [{filter: test(b), weight: 3}], listWrapper: [time], runWrapper: [time], runExtraArgs: [b], successOutput: Never,
			failureOutput: Never, junit: {reportSkipped: All}, fixtures: [{name: db, setup: {command: [/down]}}]}}`},
		"settings go": {fullProfile, `{spec: null}`},
	} {
		t.Run(name, func(t *testing.T) {
			made := profile(t, test.created)
			create(t, made)
			if err := mergePatch(t, made, test.change); err != nil {
				t.Errorf("refused: %v", err)
			}
		})
	}
}

func TestInvalidProfiles(t *testing.T) {
	for name, test := range map[string]struct{ patch, want string }{
		"what only a run can say":            {`{spec: {parallelism: 3}}`, `unknown field "spec.parallelism"`},
		"a value that is refused in a run":   {`{spec: {retries: {count: 101}}}`, "count in body should be less than or equal to 100"},
		"a word that is none":                {`{spec: {junit: {reportSkipped: Some}}}`, `supported values: "None", "Ignored", "All"`},
		"values that do not go together":     {`{spec: {retries: {count: 1, jitter: true}}}`, "jitter needs a delay above 0s"},
		"a duration that a run may not have": {`{spec: {globalTimeout: 721h}}`, "must be a duration from 1s to 720h"},
	} {
		t.Run(name, func(t *testing.T) {
			refusedWith(t, apiServer(t).Create(t.Context(), profile(t, test.patch), client.DryRunAll), test.want)
		})
	}
}

func profile(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	obj := &unstructured.Unstructured{}
	obj.Object = parse(t, toJSON(t, `{kind: TestProfile, `+text[1:])).Object
	obj.SetAPIVersion(v1alpha1.GroupVersion.String())
	obj.SetGenerateName("profile-")
	obj.SetNamespace("default")
	return obj
}

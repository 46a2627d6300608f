package health_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/podtest/podtest/test/health"
)

// read is a TestRun as a cluster gave it out; testdata has one of each state.
func read(t *testing.T, state string) *unstructured.Unstructured {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", state+".yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if text, err = yaml.YAMLToJSON(text); err != nil {
		t.Fatal(err)
	}
	run := &unstructured.Unstructured{}
	if err := run.UnmarshalJSON(text); err != nil {
		t.Fatal(err)
	}
	return run
}

// verdict is what each tool makes of a run.
type verdict struct{ Kstatus, Flux, ArgoCD, Message, ArgoWorkflows string }

func TestEachToolReadsEachStateOfARun(t *testing.T) {
	script, err := health.ArgoCDScript("../..")
	if err != nil {
		t.Fatal(err)
	}
	flux, err := health.FluxHealth("../..")
	if err != nil {
		t.Fatal(err)
	}
	success, failure, err := health.ArgoConditions("../..")
	if err != nil {
		t.Fatal(err)
	}
	for state, want := range map[string]verdict{
		"new":     {"InProgress", "InProgress", "Progressing", "waiting for podtest to look at it", "Running"},
		"listing": {"InProgress", "InProgress", "Progressing", "the test binaries are asked for their tests", "Running"},
		"running": {"InProgress", "InProgress", "Progressing", "1/19 tests done, tests are running", "Running"},
		"blocked": {
			"InProgress", "InProgress", "Progressing",
			`waiting: container "test": cannot pull image "podtest.local/missing:1"`, "Running",
		},
		"suspended": {
			"InProgress", "InProgress", "Suspended", "suspended: no pod is started; set spec.suspend to false to go on", "Running",
		},
		"passed":    {"Current", "Current", "Healthy", "Passed: 20 tests passed, 1 skipped", "Succeeded"},
		"failed":    {"Failed", "Failed", "Degraded", "Failed: 6 of 19 tests failed", "Failed"},
		"error":     {"Failed", "Failed", "Degraded", "Error: listing own", "Failed"},
		"invalid":   {"Failed", "Failed", "Degraded", "Error: spec.filter", "Failed"},
		"cancelled": {"Failed", "Failed", "Degraded", "Cancelled: cancelled", "Failed"},
	} {
		t.Run(state, func(t *testing.T) {
			run := read(t, state)
			var got verdict
			k, err := health.Kstatus(run)
			if err != nil {
				t.Error(err)
			}
			f, err := health.Flux(flux, run)
			if err != nil {
				t.Error(err)
			}
			got.Kstatus, got.Flux = k.String(), f.String()
			if got.ArgoCD, got.Message, err = health.ArgoCD(script, run); err != nil {
				t.Error(err)
			}
			if got.ArgoWorkflows, err = health.ArgoWorkflows(success, failure, run); err != nil {
				t.Error(err)
			}
			if strings.HasPrefix(got.Message, want.Message) {
				want.Message = got.Message
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A status that was written for an older spec, and one that holds nothing yet, are no verdict.
func TestAStatusThatIsBehindIsNoVerdict(t *testing.T) {
	script, err := health.ArgoCDScript("../..")
	if err != nil {
		t.Fatal(err)
	}
	flux, err := health.FluxHealth("../..")
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(*unstructured.Unstructured){
		"of an older spec": func(run *unstructured.Unstructured) { run.SetGeneration(2) },
		"without conditions": func(run *unstructured.Unstructured) {
			unstructured.RemoveNestedField(run.Object, "status", "conditions")
		},
	} {
		t.Run(name, func(t *testing.T) {
			run := read(t, "passed")
			change(run)
			if got, _, err := health.ArgoCD(script, run); got != "Progressing" || err != nil {
				t.Errorf("Argo CD reads %s, %v", got, err)
			}
			if got, err := health.Flux(flux, run); got != "InProgress" || err != nil {
				t.Errorf("Flux reads %s, %v", got, err)
			}
		})
	}
}

// A run with fixtures has its verdict before they are torn down, and ends after.
func TestAVerdictIsNotTheEndWhileFixturesAreTornDown(t *testing.T) {
	script, err := health.ArgoCDScript("../..")
	if err != nil {
		t.Fatal(err)
	}
	flux, err := health.FluxHealth("../..")
	if err != nil {
		t.Fatal(err)
	}
	for _, state := range []string{"passed", "failed"} {
		run := read(t, state)
		conditions, _, _ := unstructured.NestedSlice(run.Object, "status", "conditions")
		var now []any
		for _, c := range conditions {
			switch condition := c.(map[string]any); condition["type"] {
			case "Stalled":
			case "Complete":
				condition["status"] = "False"
				now = append(now, condition, map[string]any{
					"type": "Reconciling", "status": "True", "reason": "Ending", "message": "ended, and fixtures are torn down",
				})
			default:
				now = append(now, condition)
			}
		}
		if err := unstructured.SetNestedSlice(run.Object, now, "status", "conditions"); err != nil {
			t.Fatal(err)
		}
		if got, err := health.Kstatus(run); got != "InProgress" || err != nil {
			t.Errorf("%s: kstatus reads %s, %v", state, got, err)
		}
		if got, err := health.Flux(flux, run); got != "InProgress" || err != nil {
			t.Errorf("%s: Flux reads %s, %v", state, got, err)
		}
		if got, _, err := health.ArgoCD(script, run); got != "Progressing" || err != nil {
			t.Errorf("%s: Argo CD reads %s, %v", state, got, err)
		}
	}
}

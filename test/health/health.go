// Package health reads a TestRun as other tools do, by their rules and with their libraries: Argo CD's Lua, Flux's CEL,
// kstatus, the conditions of Argo Workflows.
package health

import (
	"encoding/json"
	"fmt"

	"cel.dev/cel-go/cel"
	"github.com/tidwall/gjson"
	lua "github.com/yuin/gopher-lua"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"sigs.k8s.io/cli-utils/pkg/kstatus/status"
)

// ArgoCD is the health and the message that a health script gives an object. As in Argo CD it has but the base
// functions and tables: not even strings.
func ArgoCD(script string, object *unstructured.Unstructured) (health, message string, err error) {
	state := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer state.Close()
	for name, open := range map[string]lua.LGFunction{lua.BaseLibName: lua.OpenBase, lua.TabLibName: lua.OpenTable} {
		open := lua.P{Fn: state.NewFunction(open), Protect: true}
		if err := state.CallByParam(open, lua.LString(name)); err != nil {
			return "", "", fmt.Errorf("opening Lua's %s: %w", name, err)
		}
	}
	state.SetGlobal("obj", luaOf(state, object.Object))
	if err := state.DoString(script); err != nil {
		return "", "", fmt.Errorf("running the script: %w", err)
	}
	table, ok := state.Get(-1).(*lua.LTable)
	if !ok {
		return "", "", fmt.Errorf("the script returned %s, not a table", state.Get(-1).Type())
	}
	return lua.LVAsString(table.RawGetString("status")), lua.LVAsString(table.RawGetString("message")), nil
}

func luaOf(state *lua.LState, value any) lua.LValue {
	switch v := value.(type) {
	case bool:
		return lua.LBool(v)
	case string:
		return lua.LString(v)
	case int64:
		return lua.LNumber(v)
	case float64:
		return lua.LNumber(v)
	case []any:
		table := state.NewTable()
		for _, item := range v {
			table.Append(luaOf(state, item))
		}
		return table
	case map[string]any:
		table := state.NewTable()
		for key, item := range v {
			table.RawSetString(key, luaOf(state, item))
		}
		return table
	}
	return lua.LNil
}

// FluxExpressions are spec.healthCheckExprs of a Flux Kustomization.
type FluxExpressions struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	InProgress string `json:"inProgress"`
	Failed     string `json:"failed"`
	Current    string `json:"current"`
}

// Flux is what Flux reads: a status of an older generation is in progress, then the expressions are asked in this
// order. An expression that cannot be evaluated is an error, and Flux waits until its timeout.
func Flux(e FluxExpressions, object *unstructured.Unstructured) (status.Status, error) {
	observed, found, err := unstructured.NestedInt64(object.Object, "status", "observedGeneration")
	if err != nil {
		return "", err
	}
	if found && observed != object.GetGeneration() {
		return status.InProgressStatus, nil
	}
	for _, ask := range []struct {
		expression string
		means      status.Status
	}{{e.InProgress, status.InProgressStatus}, {e.Failed, status.FailedStatus}, {e.Current, status.CurrentStatus}} {
		yes, err := evaluate(ask.expression, object.Object)
		if err != nil {
			return "", fmt.Errorf("%s: %w", ask.means, err)
		}
		if yes {
			return ask.means, nil
		}
	}
	return status.InProgressStatus, nil
}

func evaluate(expression string, variables map[string]any) (bool, error) {
	if expression == "" {
		return false, nil
	}
	env, err := cel.NewEnv()
	if err != nil {
		return false, err
	}
	parsed, issues := env.Parse(expression)
	if issues.Err() != nil {
		return false, issues.Err()
	}
	program, err := env.Program(parsed)
	if err != nil {
		return false, err
	}
	value, _, err := program.Eval(variables)
	if err != nil {
		return false, err
	}
	yes, ok := value.Value().(bool)
	if !ok {
		return false, fmt.Errorf("the expression is %v, not true or false", value.Value())
	}
	return yes, nil
}

// Kstatus is what kstatus reads, and with it Flux, cli-utils and kpt.
func Kstatus(object *unstructured.Unstructured) (status.Status, error) {
	result, err := status.Compute(object)
	if err != nil {
		return "", err
	}
	return result.Status, nil
}

// ArgoWorkflows is what a resource template makes of an object: Succeeded, Failed, or Running while neither condition
// holds. The conditions are label selectors over paths into the object: one requirement of the failure condition is
// enough, of the success condition all are needed.
func ArgoWorkflows(successCondition, failureCondition string, object *unstructured.Unstructured) (string, error) {
	text, err := json.Marshal(object.Object)
	if err != nil {
		return "", err
	}
	success, err := labels.ParseToRequirements(successCondition)
	if err != nil {
		return "", fmt.Errorf("successCondition: %w", err)
	}
	failure, err := labels.ParseToRequirements(failureCondition)
	if err != nil {
		return "", fmt.Errorf("failureCondition: %w", err)
	}
	for _, r := range failure {
		if r.Matches(paths(text)) {
			return "Failed", nil
		}
	}
	for _, r := range success {
		if !r.Matches(paths(text)) {
			return "Running", nil
		}
	}
	return "Succeeded", nil
}

// paths are the labels of an object as Argo Workflows sees them: gjson paths.
type paths []byte

// Has says whether there is such a path.
func (p paths) Has(path string) bool { return gjson.GetBytes(p, path).Exists() }

// Get is the value at a path.
func (p paths) Get(path string) string { return gjson.GetBytes(p, path).String() }

// Lookup is both.
func (p paths) Lookup(path string) (string, bool) { return p.Get(path), p.Has(path) }

package health

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"
)

// ArgoCDScript is the health script of config/health in a source tree.
func ArgoCDScript(tree string) (string, error) {
	var file struct {
		Data map[string]string `json:"data"`
	}
	err := read(filepath.Join(tree, "config/health/argocd.yaml"), &file)
	script := file.Data["resource.customizations.health.podtest.dev_TestRun"]
	if err == nil && script == "" {
		err = errors.New("config/health/argocd.yaml has no script for TestRuns")
	}
	return script, err
}

// FluxHealth are the expressions of config/health in a source tree.
func FluxHealth(tree string) (FluxExpressions, error) {
	var file struct {
		Spec struct {
			HealthCheckExprs []FluxExpressions `json:"healthCheckExprs"`
		} `json:"spec"`
	}
	err := read(filepath.Join(tree, "config/health/flux.yaml"), &file)
	if err == nil && len(file.Spec.HealthCheckExprs) != 1 {
		err = errors.New("config/health/flux.yaml has not just the expressions for TestRuns")
	}
	if err != nil {
		return FluxExpressions{}, err
	}
	return file.Spec.HealthCheckExprs[0], nil
}

// WorkflowTemplate is what is read of one of Argo Workflows.
type WorkflowTemplate struct {
	Spec struct {
		Arguments struct {
			Parameters []struct{ Name, Value string } `json:"parameters"`
		} `json:"arguments"`
		Templates []struct {
			Resource *struct {
				Action           string `json:"action"`
				Manifest         string `json:"manifest"`
				SuccessCondition string `json:"successCondition"`
				FailureCondition string `json:"failureCondition"`
			} `json:"resource"`
			Outputs struct {
				Parameters []struct {
					Name      string                    `json:"name"`
					ValueFrom struct{ JSONPath string } `json:"valueFrom"`
				} `json:"parameters"`
			} `json:"outputs"`
		} `json:"templates"`
	} `json:"spec"`
}

// ArgoWorkflow is the example of a source tree.
func ArgoWorkflow(tree string) (WorkflowTemplate, error) {
	var w WorkflowTemplate
	err := read(filepath.Join(tree, "examples/ci/argo-workflow.yaml"), &w)
	if err == nil && (len(w.Spec.Templates) == 0 || w.Spec.Templates[0].Resource == nil) {
		err = errors.New("the first template of examples/ci/argo-workflow.yaml is not one of a resource")
	}
	return w, err
}

// ArgoConditions are the conditions of that example.
func ArgoConditions(tree string) (success, failure string, err error) {
	w, err := ArgoWorkflow(tree)
	if err != nil {
		return "", "", err
	}
	r := w.Spec.Templates[0].Resource
	return r.SuccessCondition, r.FailureCondition, nil
}

func read(file string, into any) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	if err := yaml.Unmarshal(text, into); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	return nil
}

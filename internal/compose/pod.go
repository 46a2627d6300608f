package compose

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/resource"
)

// Pod is what flags say of the pod that tests run in.
type Pod struct {
	Image          string
	Memory         string // request and limit
	CPU            string
	Env            []string // NAME=VALUE
	ServiceAccount string
	PullSecrets    []string
}

func (p Pod) empty() bool {
	return p.Image+p.Memory+p.CPU+p.ServiceAccount == "" && len(p.Env)+len(p.PullSecrets) == 0
}

func (p Pod) apply(spec map[string]any) error {
	if p.empty() {
		return nil
	}
	template, err := mapAt(spec, "template")
	if err != nil {
		return fmt.Errorf("spec.%w", err)
	}
	pod, err := mapAt(template, "spec")
	if err != nil {
		return fmt.Errorf("spec.template.%w", err)
	}
	if p.ServiceAccount != "" {
		pod["serviceAccountName"] = p.ServiceAccount
	}
	if len(p.PullSecrets) > 0 {
		var secrets []any
		for _, name := range p.PullSecrets {
			secrets = append(secrets, map[string]any{"name": name})
		}
		pod["imagePullSecrets"] = secrets
	}
	if p.Image+p.Memory+p.CPU == "" && len(p.Env) == 0 {
		return nil
	}
	container, err := testContainer(pod)
	if err != nil {
		return err
	}
	if p.Image != "" {
		container["image"] = p.Image
	}
	if err := p.env(container); err != nil {
		return err
	}
	return p.resources(container)
}

// testContainer is the one that holds the tests: called test, or the only one.
func testContainer(pod map[string]any) (map[string]any, error) {
	containers, _ := pod["containers"].([]any)
	for _, c := range containers {
		container, ok := c.(map[string]any)
		if ok && (len(containers) == 1 || container["name"] == "test") {
			return container, nil
		}
	}
	return nil, errors.New(`spec.template.spec.containers has no container with the tests: name one "test"`)
}

func (p Pod) env(container map[string]any) error {
	env, _ := container["env"].([]any)
	for _, pair := range p.Env {
		name, value, found := strings.Cut(pair, "=")
		if !found || name == "" {
			return fmt.Errorf("--env %s: want NAME=VALUE", pair)
		}
		variable := map[string]any{"name": name, "value": value}
		is := func(e any) bool { v, ok := e.(map[string]any); return ok && v["name"] == name }
		if i := slices.IndexFunc(env, is); i >= 0 {
			env[i] = variable
			continue
		}
		env = append(env, variable)
	}
	if len(env) > 0 {
		container["env"] = env
	}
	return nil
}

// resources sets requests and limits alike: what a test is promised is what it may use, so no neighbour takes it away.
func (p Pod) resources(container map[string]any) error {
	for name, amount := range map[string]string{"memory": p.Memory, "cpu": p.CPU} {
		if amount == "" {
			continue
		}
		if q, err := resource.ParseQuantity(amount); err != nil || q.Sign() <= 0 {
			return fmt.Errorf("--%s %s: want an amount such as 512Mi of memory, or 500m or 2 of cpu", name, amount)
		}
		resources, err := mapAt(container, "resources")
		if err != nil {
			return fmt.Errorf("of the container with the tests, %w", err)
		}
		for _, kind := range []string{"requests", "limits"} {
			amounts, err := mapAt(resources, kind)
			if err != nil {
				return fmt.Errorf("of the container with the tests, resources.%w", err)
			}
			amounts[name] = amount
		}
	}
	return nil
}

package install

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation"
	"sigs.k8s.io/kustomize/api/types"
	"sigs.k8s.io/yaml"
)

// AnnotationSettings holds, on the manager's Deployment, the settings it was installed with: an upgrade keeps them.
const AnnotationSettings = "podtest.dev/install-settings"

// EnvWatch is the variable that tells the manager which namespaces to look after.
const EnvWatch = "PODTEST_WATCH_NAMESPACES"

// Settings are what an installation may have of its own. Zero values leave config/default as it is.
type Settings struct {
	Image        string              `json:"image,omitempty"` // of the manager, and so of the reporters
	PullPolicy   string              `json:"pullPolicy,omitempty"`
	PullSecrets  []string            `json:"pullSecrets,omitempty"`
	Replicas     *int64              `json:"replicas,omitempty"`
	Requests     map[string]string   `json:"requests,omitempty"` // of the manager's container
	Limits       map[string]string   `json:"limits,omitempty"`
	NodeSelector map[string]string   `json:"nodeSelector,omitempty"`
	Tolerations  []corev1.Toleration `json:"tolerations,omitempty"`
	Watch        []string            `json:"watch,omitempty"` // namespaces; empty: all
	// SkipCRDs leaves what all installations share to another one: the kinds, and the roles for users.
	SkipCRDs bool `json:"skipCRDs,omitempty"`
}

// IsZero reports whether nothing is set.
func (s Settings) IsZero() bool { return reflect.ValueOf(s).IsZero() }

// Check tells what is wrong with the settings.
func (s Settings) Check() error {
	if s.Replicas != nil && *s.Replicas < 1 {
		return fmt.Errorf("replicas %d: want at least 1", *s.Replicas)
	}
	if p := corev1.PullPolicy(s.PullPolicy); p != "" &&
		!slices.Contains([]corev1.PullPolicy{corev1.PullAlways, corev1.PullIfNotPresent, corev1.PullNever}, p) {
		return fmt.Errorf("image pull policy %q: want Always, IfNotPresent or Never", s.PullPolicy)
	}
	for _, list := range []map[string]string{s.Requests, s.Limits} {
		for name, amount := range list {
			if _, err := resource.ParseQuantity(amount); err != nil {
				return fmt.Errorf("%s=%s: %q is no quantity: want such as 500m or 256Mi", name, amount, amount)
			}
		}
	}
	for _, name := range s.Watch {
		if wrong := validation.IsDNS1123Label(name); len(wrong) > 0 {
			return fmt.Errorf("namespace %q to watch: %s", name, strings.Join(wrong, "; "))
		}
	}
	return nil
}

// Set is what the settings say, setting by setting, in words.
func (s Settings) Set() []string {
	var said []string
	add := func(name, value string) {
		if value != "" {
			said = append(said, name+" "+value)
		}
	}
	add("image", s.Image)
	add("image pull policy", s.PullPolicy)
	add("image pull secrets", strings.Join(s.PullSecrets, ", "))
	if s.Replicas != nil {
		add("replicas", fmt.Sprint(*s.Replicas))
	}
	add("requests", pairs(s.Requests))
	add("limits", pairs(s.Limits))
	add("node selector", pairs(s.NodeSelector))
	for _, t := range s.Tolerations {
		add("toleration", fmt.Sprintf("%s=%s:%s", t.Key, t.Value, t.Effect))
	}
	add("watched namespaces", strings.Join(s.Watch, ", "))
	if s.SkipCRDs {
		said = append(said, "CRDs left to another installation")
	}
	return said
}

func pairs(m map[string]string) string {
	var all []string
	for key, value := range m {
		all = append(all, key+"="+value)
	}
	slices.Sort(all)
	return strings.Join(all, ",")
}

// patch is a strategic merge patch of the Deployment; empty if there is nothing to say.
func (s Settings) patch() (string, error) {
	if s.IsZero() {
		return "", nil
	}
	record, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("writing the settings: %w", err)
	}
	container := map[string]any{"name": "manager"}
	set(container, "imagePullPolicy", s.PullPolicy)
	resources := map[string]any{}
	set(resources, "requests", s.Requests)
	set(resources, "limits", s.Limits)
	set(container, "resources", resources)
	if len(s.Watch) > 0 {
		container["env"] = []map[string]string{{"name": EnvWatch, "value": strings.Join(s.Watch, ",")}}
	}
	pod := map[string]any{"containers": []any{container}}
	var secrets []map[string]string
	for _, name := range s.PullSecrets {
		secrets = append(secrets, map[string]string{"name": name})
	}
	set(pod, "imagePullSecrets", secrets)
	set(pod, "nodeSelector", s.NodeSelector)
	set(pod, "tolerations", s.Tolerations)
	text, err := yaml.Marshal(map[string]any{
		"apiVersion": "apps/v1", "kind": kindDeployment,
		"metadata": map[string]any{
			"name": deploymentName, "annotations": map[string]string{AnnotationSettings: string(record)},
		},
		"spec": map[string]any{"template": map[string]any{"spec": pod}},
	})
	return string(text), err
}

// set leaves out what is empty.
func set(in map[string]any, key string, value any) {
	if reflect.ValueOf(value).Len() > 0 {
		in[key] = value
	}
}

// into edits a kustomization as `kustomize edit` does. An overlay would not do: the replacement that carries the image
// to the reporters belongs to the kustomization that sets the image.
func (s Settings) into(k *types.Kustomization) error {
	if s.Image != "" {
		image, err := parseImage(s.Image)
		if err != nil {
			return err
		}
		k.Images = []types.Image{image}
	}
	if s.Replicas != nil {
		k.Replicas = []types.Replica{{Name: deploymentName, Count: *s.Replicas}}
	}
	patch, err := s.patch()
	if patch != "" {
		k.Patches = append(k.Patches, types.Patch{Patch: patch})
	}
	return err
}

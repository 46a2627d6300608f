package main

import (
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"

	"github.com/podtest/podtest/internal/install"
)

// settingsFlags are what an installation may have of its own.
type settingsFlags struct {
	said        install.Settings
	replicas    int64
	tolerations []string
	flags       []*pflag.Flag
}

func addSettingsFlags(cmd *cobra.Command) *settingsFlags {
	s := &settingsFlags{}
	f := pflag.NewFlagSet("settings", pflag.ContinueOnError)
	f.StringVar(&s.said.Image, "image", "", "image of podtest, for the manager and for the reporter in each worker")
	f.StringVar(&s.said.PullPolicy, "image-pull-policy", "", "Always, IfNotPresent or Never")
	f.StringSliceVar(&s.said.PullSecrets, "image-pull-secret", nil, "secret with which the manager's image is pulled")
	f.Int64Var(&s.replicas, "replicas", 2, "how many managers: one leads, others stand by")
	f.StringToStringVar(&s.said.Requests, "requests", nil, "what the manager requests, such as cpu=100m,memory=128Mi")
	f.StringToStringVar(&s.said.Limits, "limits", nil, "what limits the manager, such as memory=1Gi")
	f.StringToStringVar(&s.said.NodeSelector, "node-selector", nil, "labels of the nodes for the manager, such as pool=ci")
	f.StringSliceVar(&s.tolerations, "toleration", nil, "taint that the manager tolerates: KEY[=VALUE][:EFFECT]")
	f.StringSliceVar(&s.said.Watch, "watch-namespace", nil,
		"the namespaces to look after, with rights there only; '': all (default)")
	f.BoolVar(&s.said.SkipCRDs, "skip-crds", false,
		"leave the kinds and the roles for users alone: another installation has them")
	f.VisitAll(func(flag *pflag.Flag) { s.flags = append(s.flags, flag) })
	cmd.Flags().AddFlagSet(f)
	return s
}

func (s *settingsFlags) any() bool {
	for _, f := range s.flags {
		if f.Changed {
			return true
		}
	}
	return false
}

// into sets what flags say, and leaves the rest.
func (s *settingsFlags) into(to *install.Settings) error {
	take := map[string]func(){
		"image":             func() { to.Image = s.said.Image },
		"image-pull-policy": func() { to.PullPolicy = s.said.PullPolicy },
		"image-pull-secret": func() { to.PullSecrets = s.said.PullSecrets },
		"replicas":          func() { to.Replicas = &s.replicas },
		"requests":          func() { to.Requests = s.said.Requests },
		"limits":            func() { to.Limits = s.said.Limits },
		"node-selector":     func() { to.NodeSelector = s.said.NodeSelector },
		"watch-namespace":   func() { to.Watch = s.said.Watch },
		"skip-crds":         func() { to.SkipCRDs = s.said.SkipCRDs },
	}
	for _, f := range s.flags {
		switch {
		case !f.Changed:
		case f.Name == "toleration":
			to.Tolerations = nil
			for _, text := range s.tolerations {
				t, err := toleration(text)
				if err != nil {
					return err
				}
				to.Tolerations = append(to.Tolerations, t)
			}
		default:
			take[f.Name]()
		}
	}
	return to.Check()
}

func toleration(text string) (corev1.Toleration, error) {
	pair, effect, _ := strings.Cut(text, ":")
	key, value, hasValue := strings.Cut(pair, "=")
	t := corev1.Toleration{Key: key, Operator: corev1.TolerationOpExists, Effect: corev1.TaintEffect(effect)}
	if hasValue {
		t.Operator, t.Value = corev1.TolerationOpEqual, value
	}
	switch t.Effect {
	case "", corev1.TaintEffectNoSchedule, corev1.TaintEffectPreferNoSchedule, corev1.TaintEffectNoExecute:
	default:
		return t, fmt.Errorf("--toleration %s: effect %q: want NoSchedule, PreferNoSchedule or NoExecute", text, effect)
	}
	if key == "" {
		return t, fmt.Errorf("--toleration %s: want KEY[=VALUE][:EFFECT]", text)
	}
	return t, nil
}

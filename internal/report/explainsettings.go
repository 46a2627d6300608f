package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/settings"
)

// explainSettings are what holds for a test, in the order of the API. Those that are nothing unless somebody sets them
// are there only if somebody did.
func (b *Book) explainSettings(run *v1alpha1.TestRun, ordinal uint32) []ExplainedSetting {
	t, p := b.Settings(ordinal), b.set.Policy(ordinal)
	shape := b.set.Classes[p.Class].Shape
	if shape == nil {
		shape = &v1alpha1.PodShape{}
	}
	var all []ExplainedSetting
	always := func(name, value string) {
		all = append(all, ExplainedSetting{Name: name, Value: value, Source: cmp.Or(t.Sources[name], "default")})
	}
	ifSet := func(name string, value any) {
		if t.Sources[name] == "" {
			return
		}
		text, isText := value.(string)
		if !isText {
			data, err := json.Marshal(value)
			text = string(data)
			if err != nil {
				text = err.Error()
			}
		}
		always(name, text)
	}
	always("isolation", isolation(p.Alone))
	always("retries", retries(p))
	always("flakyResult", passOrFail(!p.FlakyFails))
	always("slowTimeout", slowTimeout(t))
	always("leakTimeout", fmt.Sprintf("leaky after %s: %s", t.Leak, passOrFail(!t.LeakFails)))
	ifSet("group", t.Group)
	always("weight", fmt.Sprint(max(1, p.Weight)))
	always("priority", fmt.Sprint(p.Priority))
	ifSet("env", environment(t.Env))
	ifSet("runWrapper", t.Wrapper)
	ifSet("runExtraArgs", t.Args)
	ifSet("resources", shape.Resources)
	ifSet("nodeSelector", shape.NodeSelector)
	ifSet("tolerations", shape.Tolerations)
	ifSet("runtimeClassName", shape.RuntimeClassName)
	always("successOutput", string(t.SuccessOutput))
	always("failureOutput", string(t.FailureOutput))
	ifSet("junit.storeSuccessOutput", t.JUnit.StoreSuccess)
	ifSet("junit.storeFailureOutput", t.JUnit.StoreFailure)
	ifSet("junit.reportSkipped", string(t.JUnit.ReportSkipped))
	ifSet("junit.flakyFailStatus", string(t.JUnit.FlakyFail))
	var fixtures []string
	for _, f := range t.Fixtures {
		if f < len(run.Spec.Fixtures) {
			fixtures = append(fixtures, run.Spec.Fixtures[f].Name)
		}
	}
	if len(fixtures) > 0 {
		all = append(all, ExplainedSetting{Name: "fixtures", Value: strings.Join(fixtures, ", "), Source: "their filters"})
	}
	return all
}

func isolation(alone bool) string {
	if alone {
		return string(v1alpha1.IsolationPod)
	}
	return string(v1alpha1.IsolationProcess)
}

func passOrFail(passes bool) string {
	if passes {
		return string(v1alpha1.Pass)
	}
	return string(v1alpha1.Fail)
}

func retries(p *plan.Policy) string {
	text := fmt.Sprint(max(1, p.MaxAttempts) - 1)
	if p.Backoff.Delay > 0 {
		text += ", delay " + p.Backoff.Delay.String()
	}
	if p.Backoff.Exponential {
		text += " and doubling"
	}
	if p.Backoff.MaxDelay > 0 {
		text += " up to " + p.Backoff.MaxDelay.String()
	}
	if p.RetryAlone {
		text += ", each in a new pod"
	}
	return text
}

func slowTimeout(t *settings.Test) string {
	text := "slow after " + short(t.SlowPeriod)
	if t.Terminate == 0 {
		return text + ", never ended"
	}
	text += ", ended after " + short(t.Terminate) + ", grace " + short(t.Grace)
	if t.TimeoutPasses {
		text += ", and passes"
	}
	return text
}

// short is "1m" for "1m0s".
func short(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func environment(env []v1alpha1.EnvVar) string {
	var all []string
	for _, e := range env {
		all = append(all, e.Name+"="+Quote(e.Value))
	}
	return strings.Join(all, " ")
}

package importer

import (
	"math"
	"strings"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/filter"
)

// What podtest's API takes at most.
const (
	maxRetries     = 100
	maxTerminate   = 1000
	maxWeight      = 256
	maxParallel    = 10_000
	maxFailures    = 1_000_000
	maxGroups      = 64
	maxOverrides   = 128
	maxFixtures    = 16
	maxWords       = 64
	maxCommand     = 256
	maxWord        = 4096
	maxSlots       = 256
	maxFilterset   = 16_384
	maxFixtureName = 30
)

var (
	passOrFail = map[string]v1alpha1.PassOrFail{"pass": v1alpha1.Pass, "fail": v1alpha1.Fail}
	outputs    = map[string]v1alpha1.OutputPolicy{
		"never": v1alpha1.OutputNever, "immediate": v1alpha1.OutputImmediate, "final": v1alpha1.OutputFinal,
		"immediate-final": v1alpha1.OutputImmediateFinal,
	}
	terminates = map[string]v1alpha1.Terminate{"wait": v1alpha1.TerminateWait, "immediate": v1alpha1.TerminateImmediate}
	backoffs   = map[string]v1alpha1.Backoff{"fixed": v1alpha1.BackoffFixed, "exponential": v1alpha1.BackoffExponential}
	skipped    = map[string]v1alpha1.JUnitSkipped{
		"none": v1alpha1.JUnitSkippedNone, "ignored": v1alpha1.JUnitSkippedIgnored, "all": v1alpha1.JUnitSkippedAll,
	}
	flakyFails = map[string]v1alpha1.JUnitFlakyFail{
		"failure": v1alpha1.JUnitFlakyFailure, "success": v1alpha1.JUnitFlakySuccess,
	}
)

// shared are the settings that profiles and overrides have alike.
func (t *table) shared() v1alpha1.Override {
	o := v1alpha1.Override{
		Retries: t.retries(), FlakyResult: word(t, "flaky-result", passOrFail),
		SlowTimeout: t.slowTimeout(), LeakTimeout: t.leakTimeout(),
		SuccessOutput: word(t, "success-output", outputs), FailureOutput: word(t, "failure-output", outputs),
		JUnit: t.junit(), Weight: t.weight(),
	}
	if args, ok := t.words("run-extra-args"); ok {
		o.RunExtraArgs = t.bounded("run-extra-args", args, maxWords)
	}
	if _, ok := t.get("bench"); ok {
		t.note(t.at("bench"), "not carried: podtest runs no benchmarks, for pods beside them would be measured too")
	}
	return o
}

// bounded refuses a list of words that the API would not take.
func (t *table) bounded(key string, list []string, most int) []string {
	if len(list) > most {
		t.fault(t.at(key), "%d elements, and podtest takes at most %d", len(list), most)
		return nil
	}
	for _, w := range list {
		if len(w) > maxWord || strings.ContainsRune(w, 0) {
			t.fault(t.at(key), "an element is longer than %d characters or holds a zero byte", maxWord)
			return nil
		}
	}
	return list
}

// number reads a whole number that is at least least, and keeps it to most.
func (t *table) number(key string, least, most int64) (int32, bool) {
	n, ok := t.integer(key)
	switch {
	case !ok:
		return 0, false
	case n < least:
		t.fault(t.at(key), "%d: want at least %d", n, least)
		return 0, false
	case n > most:
		t.note(t.at(key), "%d is above podtest's limit: %d is written instead", n, most)
		n = most
	}
	return int32(min(n, most, math.MaxInt32)), true
}

func (t *table) retries() *v1alpha1.Retries {
	if _, table := t.values["retries"].(map[string]any); !table {
		count, ok := t.number("retries", 0, maxRetries)
		if !ok {
			return nil
		}
		return &v1alpha1.Retries{Count: count}
	}
	in, ok := t.object("retries")
	if !ok {
		return nil
	}
	r := &v1alpha1.Retries{Backoff: word(in, "backoff", backoffs), Delay: in.duration("delay", boundsDelay)}
	if r.Backoff == "" && !in.has("backoff") {
		in.fault(in.path, "no backoff: want \"fixed\" or \"exponential\"")
	}
	if r.Count, ok = in.number("count", 0, maxRetries); !ok && !in.has("count") {
		in.fault(in.path, "no count")
	}
	r.Jitter, _ = in.boolean("jitter")
	if r.Backoff == v1alpha1.BackoffExponential {
		r.MaxDelay = in.duration("max-delay", boundsPeriod)
	}
	in.checkRetries(r)
	return r
}

// checkRetries holds the rules that nextest and podtest have alike.
func (t *table) checkRetries(r *v1alpha1.Retries) {
	noDelay := r.Delay == nil || r.Delay.Duration == 0
	switch {
	case r.Jitter && noDelay:
		t.fault(t.path, "jitter needs a delay above 0s")
	case r.Backoff == v1alpha1.BackoffExponential && (r.Count == 0 || noDelay):
		t.fault(t.path, "backoff exponential needs a count and a delay above 0")
	case r.MaxDelay != nil && r.MaxDelay.Duration < r.Delay.Duration:
		t.fault(t.at("max-delay"), "max-delay is below delay")
	}
}

func (t *table) slowTimeout() *v1alpha1.SlowTimeout {
	if _, table := t.values["slow-timeout"].(map[string]any); !table {
		if d := t.duration("slow-timeout", boundsPeriod); d != nil {
			return &v1alpha1.SlowTimeout{Period: d}
		}
		return nil
	}
	in, ok := t.object("slow-timeout")
	if !ok {
		return nil
	}
	s := &v1alpha1.SlowTimeout{
		Period: in.duration("period", boundsPeriod), GracePeriod: in.duration("grace-period", boundsGrace),
		OnTimeout: word(in, "on-timeout", passOrFail),
	}
	if !in.has("period") {
		in.fault(in.path, "no period")
	}
	s.TerminateAfter, _ = in.number("terminate-after", 1, maxTerminate)
	return s
}

func (t *table) leakTimeout() *v1alpha1.LeakTimeout {
	if _, table := t.values["leak-timeout"].(map[string]any); !table {
		if d := t.duration("leak-timeout", boundsGrace); d != nil {
			return &v1alpha1.LeakTimeout{Period: d}
		}
		return nil
	}
	in, ok := t.object("leak-timeout")
	if !ok {
		return nil
	}
	if !in.has("period") {
		in.fault(in.path, "no period")
	}
	return &v1alpha1.LeakTimeout{Period: in.duration("period", boundsGrace), Result: word(in, "result", passOrFail)}
}

// junit is what a report holds; where it is written is not for the cluster to know.
func (t *table) junit() *v1alpha1.JUnitPolicy {
	in, ok := t.object("junit")
	if !t.has("junit") || !ok {
		return nil
	}
	p := &v1alpha1.JUnitPolicy{
		ReportSkipped: word(in, "report-skipped", skipped), FlakyFailStatus: word(in, "flaky-fail-status", flakyFails),
	}
	if store, ok := in.boolean("store-success-output"); ok {
		p.StoreSuccessOutput = &store
	}
	if store, ok := in.boolean("store-failure-output"); ok {
		p.StoreFailureOutput = &store
	}
	if file, ok := in.text("path"); ok {
		in.note(in.at("path"), "not carried: write the report with `podtest junit NAME --output-file %s`", file)
	}
	if name, ok := in.text("report-name"); ok && name != "nextest-run" {
		in.note(in.at("report-name"), "not carried: podtest's reports are always named nextest-run")
	}
	if *p == (v1alpha1.JUnitPolicy{}) {
		return nil
	}
	return p
}

// weight is threads-required. What is more than a worker has is clamped to what it has, as in nextest.
func (t *table) weight() int32 {
	switch v, _ := t.get("threads-required"); v := v.(type) {
	case nil:
		return 0
	case string:
		if v != "num-cpus" && v != "num-test-threads" {
			t.fault(t.at("threads-required"), "%q: want a number, num-cpus or num-test-threads", v)
		}
		return maxWeight
	case int64:
		if v < 1 {
			t.fault(t.at("threads-required"), "%d: want at least 1", v)
		}
		return int32(min(max(v, 1), maxWeight))
	default:
		t.fault(t.at("threads-required"), "want a number, num-cpus or num-test-threads")
		return 0
	}
}

func (t *table) failFast() (f *v1alpha1.FailFast, all bool) {
	switch v := t.values["fail-fast"].(type) {
	case nil:
		return nil, false
	case bool:
		t.used["fail-fast"] = true
		if !v {
			return nil, true
		}
		return &v1alpha1.FailFast{MaxFail: 1}, false
	}
	in, ok := t.object("fail-fast")
	if !ok {
		return nil, false
	}
	f = &v1alpha1.FailFast{Terminate: word(in, "terminate", terminates)}
	if text, isText := in.values["max-fail"].(string); isText && strings.EqualFold(text, "all") {
		in.used["max-fail"] = true
		return nil, true
	}
	if f.MaxFail, ok = in.number("max-fail", 1, maxFailures); !ok && !in.has("max-fail") {
		in.fault(in.path, "no max-fail")
	}
	return f, false
}

// filterset reads a filterset that podtest understands.
func (t *table) filterset(key string, without string) (string, bool) {
	text, ok := t.text(key)
	if !ok {
		return "", false
	}
	if text = strings.TrimSpace(text); len(text) > maxFilterset {
		t.note(t.at(key), "%s: podtest takes at most %d characters", without, maxFilterset)
		return "", false
	}
	o := filter.Options{Default: filter.All()}
	if key == "default-filter" {
		o.Default = nil
	}
	if _, err := filter.Parse(text, o); err != nil {
		t.note(t.at(key), "%s: podtest cannot read this filterset\n%s", without, err)
		return "", false
	}
	return text, true
}

// applies reads platform: whether what it stands beside holds in a pod. what is the thing that is left out if not.
func (t *table) applies(what string) bool {
	v, there := t.get("platform")
	if !there {
		return true
	}
	var all []string
	switch v := v.(type) {
	case string:
		all = append(all, v)
	case map[string]any:
		in, _ := t.object("platform")
		for _, key := range []string{"host", "target"} {
			if text, ok := in.text(key); ok {
				all = append(all, text)
			}
		}
	default:
		t.fault(t.at("platform"), "want a string or a table with host and target")
	}
	result := always
	for _, text := range all {
		a, err := onLinux(text)
		if err != nil {
			t.fault(t.at("platform"), "%s", err)
		}
		result = min(result, a)
	}
	switch result {
	case always:
		t.note(t.at("platform"), "left out: it holds in every pod, for they run Linux")
	case never:
		t.note(t.at("platform"), "%s is left out: it never holds in a pod, for they run Linux", what)
	default:
		t.note(t.at("platform"), "%s is left out: which platform the pods are is not known here; "+
			"write it into the profile of those runs if it holds for them", what)
	}
	return result == always
}

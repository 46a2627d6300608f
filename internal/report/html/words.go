package html

import (
	"html/template"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podtest/podtest/internal/report"
	"github.com/podtest/podtest/internal/report/facts"
)

// functions are those that the page calls.
var functions = template.FuncMap{
	"took":   facts.Took,
	"memory": facts.Memory,
	"number": facts.Number[int],
	"moment": moment,
	"word":   word,
	"bytes":  func(n int64) string { return facts.Count(n, "byte") },
	"since":  since,
	"split":  split,
}

// word is an outcome in plain words.
func word(outcome string) string {
	words := map[string]string{
		"timedOut": "timed out", "oomKilled": "out of memory", "notRun": "not run", report.Pending: "to come",
	}
	if w, ok := words[outcome]; ok {
		return w
	}
	return outcome
}

// since is how long after another moment something was; nothing if that is not known.
func since(from, t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return "+" + facts.Took(max(0, t.Sub(from)))
}

// name is a test's name in two: what it is part of, and itself.
type name struct{ Path, Self string }

// split takes the modules or parent tests from a name.
func split(text report.Text) name {
	s := text.String()
	i := max(strings.LastIndex(s, "::")+2, strings.LastIndex(s, "/")+1)
	if i < 2 || i >= len(s) {
		return name{Self: s}
	}
	return name{s[:i], s[i:]}
}

// resources are what the container of a class asks for, such as ", cpu 2, memory 4Gi".
func resources(r *corev1.ResourceRequirements) string {
	if r == nil {
		return ""
	}
	var all []string
	for resource, quantity := range r.Requests {
		all = append(all, string(resource)+" "+quantity.String())
	}
	for resource, quantity := range r.Limits {
		all = append(all, string(resource)+" at most "+quantity.String())
	}
	slices.Sort(all)
	return strings.Join(append([]string{""}, all...), ", ")
}

// Package doctor looks at a cluster, podtest in it and a namespace with runs, and says what is wrong and what to do. It
// changes nothing but for one short pod, which it takes away again.
package doctor

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/podtest/podtest/internal/install"
)

// Level is how bad a finding is.
type Level string

// Levels.
const (
	OK      Level = "ok"
	Warning Level = "warning"
	Failed  Level = "failed"
)

// Finding is what one check has found.
type Finding struct {
	Check   string `json:"check"`
	Level   Level  `json:"level"`
	Message string `json:"message"`
	Todo    string `json:"todo,omitempty"` // what to do about it
}

// Server is what an API server says of itself.
type Server struct {
	Version string    // such as v1.34.1
	Time    time.Time // its clock; zero: not told
	Asked   time.Time // ours, when it answered
}

// Options say what is looked at.
type Options struct {
	Client    client.WithWatch
	Server    func(context.Context) (Server, error)
	Namespace string // with runs
	Home      string // of podtest; empty: wherever it is that looks after the namespace
	CRDs      []*unstructured.Unstructured
	Version   string // of the manifests that this podtest would install
	NoPod     bool
	Patience  time.Duration // with the pod
	Now       func() time.Time
	Say       func(Finding) // told of each finding
}

// examination is what checks have found out so far.
type examination struct {
	Options
	is    *install.Installation
	worst Level
}

// checks in their order: what is asked first is what all else needs.
var checks = []struct {
	name   string
	look   func(*examination, context.Context) []Finding
	always bool // though there is no podtest
}{
	{"cluster", (*examination).cluster, true},
	{"clock", (*examination).clock, true},
	{"kinds", (*examination).kinds, true},
	{"manager", (*examination).manager, true},
	{"scope", (*examination).scope, false},
	{"leader", (*examination).leads, false},
	{"rights", (*examination).rights, true},
	{"pod security", (*examination).podSecurity, false},
	{"admission", (*examination).admission, false},
	{"quota", (*examination).quota, true},
	{"network policies", (*examination).networkPolicies, false},
	{"collector", (*examination).collector, false},
	{"runs", (*examination).runs, true},
}

// Examine makes all checks and returns the worst level.
func Examine(ctx context.Context, o Options) Level {
	e := &examination{Options: o, worst: OK}
	for _, c := range checks {
		if !c.always && e.is == nil {
			continue
		}
		for _, f := range c.look(e, ctx) {
			f.Check = c.name
			e.worst = worse(e.worst, f.Level)
			e.Say(f)
		}
		if c.name == "cluster" && e.worst == Failed {
			break // nobody answers: all else would fail for the same reason
		}
	}
	return e.worst
}

func worse(a, b Level) Level {
	rank := map[Level]int{OK: 0, Warning: 1, Failed: 2}
	if rank[b] > rank[a] {
		return b
	}
	return a
}

func ok(format string, args ...any) []Finding {
	return []Finding{{Level: OK, Message: fmt.Sprintf(format, args...)}}
}

func warning(todo, format string, args ...any) Finding {
	return Finding{Level: Warning, Message: fmt.Sprintf(format, args...), Todo: todo}
}

func failed(todo, format string, args ...any) Finding {
	return Finding{Level: Failed, Message: fmt.Sprintf(format, args...), Todo: todo}
}

// unknown is for a check that could not be made.
func unknown(err error) []Finding {
	return []Finding{warning("ask somebody with the right to look", "not looked at: %s", err)}
}

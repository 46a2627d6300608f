package report

import (
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/podtest/podtest/internal/catalog"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/settings"
)

// Planned is a test of a run and what holds for it. Times are in milliseconds, 0: none. Sources say who set a setting;
// one that is not there has its default.
type Planned struct {
	Binary        string            `json:"binary"`
	Name          string            `json:"name"`
	NotSelected   string            `json:"notSelected,omitempty"` // rerun, ignored, filter, defaultFilter, partition
	Class         string            `json:"class"`
	OwnPod        bool              `json:"ownPod,omitempty"` // isolation: Pod
	Group         string            `json:"group,omitempty"`
	Weight        int               `json:"weight"`
	Priority      int               `json:"priority"`
	Attempts      int               `json:"attempts"`
	SlowMS        int64             `json:"slowMs"`
	TerminateMS   int64             `json:"terminateMs,omitempty"`
	GraceMS       int64             `json:"graceMs"`
	LeakMS        int64             `json:"leakMs"`
	FlakyFails    bool              `json:"flakyFails,omitempty"`
	TimeoutPasses bool              `json:"timeoutPasses,omitempty"`
	LeakFails     bool              `json:"leakFails,omitempty"`
	Env           []string          `json:"env,omitempty"`
	Wrapper       []string          `json:"runWrapper,omitempty"`
	ExtraArgs     []string          `json:"runExtraArgs,omitempty"`
	Sources       map[string]string `json:"sources,omitempty"`
}

var notSelected = map[settings.Reason]string{
	settings.Selected: "", settings.Ignored: "ignored", settings.Filter: "filter",
	settings.Rerun: "rerun", settings.DefaultFilter: "defaultFilter", settings.Partition: "partition",
}

// Plan is what holds for the selected tests of a run, or for all, in the order of the catalog.
func Plan(cat *catalog.Catalog, set *settings.Resolved, all bool) []Planned {
	var planned []Planned
	for o := range uint32(cat.Len()) {
		if why := set.Reasons[o]; all || why == settings.Selected {
			p := plannedOf(set, set.Of[o])
			binary, test := cat.Test(o)
			p.Binary, p.Name, p.NotSelected = binary.ID, test.Name, notSelected[why]
			planned = append(planned, p)
		}
	}
	return planned
}

func plannedOf(set *settings.Resolved, of int32) Planned {
	t := &set.Table[of]
	p := set.Policies[t.Policy]
	planned := Planned{
		Class: set.Classes[p.Class].Name, OwnPod: p.Alone, Group: t.Group, Weight: max(p.Weight, 1), Priority: p.Priority,
		Attempts: p.MaxAttempts, SlowMS: t.SlowPeriod.Milliseconds(), TerminateMS: t.Terminate.Milliseconds(),
		GraceMS: t.Grace.Milliseconds(), LeakMS: t.Leak.Milliseconds(),
		FlakyFails: p.FlakyFails, TimeoutPasses: t.TimeoutPasses, LeakFails: t.LeakFails,
		Wrapper: t.Wrapper, ExtraArgs: t.Args, Sources: t.Sources,
	}
	for _, e := range t.Env {
		planned.Env = append(planned.Env, e.Name+"="+e.Value)
	}
	return planned
}

// WritePlan writes a line a test, for people.
func WritePlan(w io.Writer, planned []Planned) error {
	rows := [][]string{{"CLASS", "GROUP", "WEIGHT", "PRIORITY", "ATTEMPTS", "TIMEOUT", "BINARY", "TEST"}}
	if slices.ContainsFunc(planned, func(p Planned) bool { return p.NotSelected != "" }) {
		rows[0] = append(rows[0], "LEFT OUT BY")
	}
	for _, p := range planned {
		class, timeout, group := p.Class, "-", p.Group
		if class == "" {
			class = plan.ClassDefault
		}
		if p.OwnPod {
			class += " (own pod)"
		}
		if group == "" {
			group = "-"
		}
		if p.TerminateMS > 0 {
			timeout = (time.Duration(p.TerminateMS) * time.Millisecond).String()
		}
		rows = append(rows, []string{
			class, group, fmt.Sprint(p.Weight), fmt.Sprint(p.Priority), fmt.Sprint(p.Attempts), timeout,
			Line(p.Binary).s, Line(p.Name).s, p.NotSelected,
		})
	}
	_, err := io.WriteString(w, aligned(rows))
	return err
}

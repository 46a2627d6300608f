package outcome_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/podtest/podtest/internal/outcome"
)

func TestOutcomes(t *testing.T) {
	type facts struct {
		Name       string
		Good, Told bool
	}
	want := map[outcome.Outcome]facts{
		outcome.None:      {"none", false, false},
		outcome.Passed:    {"passed", true, true},
		outcome.Failed:    {"failed", false, true},
		outcome.TimedOut:  {"timedOut", false, true},
		outcome.Crashed:   {"crashed", false, true},
		outcome.OOMKilled: {"oomKilled", false, true},
		outcome.Skipped:   {"skipped", true, true},
		outcome.NotRun:    {"notRun", false, false},
		8:                 {"unknown", false, false},
	}
	got := map[outcome.Outcome]facts{}
	for o := range want {
		got[o] = facts{o.String(), o.Good(), o.Told()}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestATallyCountsEveryOutcomeOnce(t *testing.T) {
	var got outcome.Tally
	for o := outcome.None; o <= outcome.NotRun; o++ {
		got.Add(outcome.Row{Outcome: o}, o == outcome.Passed)
	}
	want := outcome.Tally{Passed: 1, Failed: 1, TimedOut: 1, Crashed: 1, OOMKilled: 1, Skipped: 1, Flaky: 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if got.Decided() != 6 || got.Bad() != 4 {
		t.Errorf("%d decided, %d bad; want 6 and 4", got.Decided(), got.Bad())
	}
}

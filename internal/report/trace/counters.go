package trace

import (
	"cmp"
	"slices"
)

// change is what happens to the counters at a moment.
type change struct {
	at                      int64
	running, passed, failed int
}

// counters are how many attempts run, and how many tests have passed and failed so far. The time of a verdict is the
// end of the attempt that decided.
func (t *trace) counters() {
	var changes []change
	for i := range t.run.Tests {
		test := &t.run.Tests[i]
		for j := range test.Attempts {
			a := &test.Attempts[j]
			if a.Start.IsZero() {
				continue
			}
			end := change{at: t.at(a.End()), running: -1}
			if j == test.Deciding && test.Bad() {
				end.failed = 1
			} else if j == test.Deciding && test.Outcome == "passed" {
				end.passed = 1
			}
			changes = append(changes, change{at: t.at(a.Start), running: 1}, end)
		}
	}
	slices.SortStableFunc(changes, func(a, b change) int { return cmp.Compare(a.at, b.at) })
	var now change
	for i, c := range changes {
		now.running, now.passed, now.failed = now.running+c.running, now.passed+c.passed, now.failed+c.failed
		if i+1 < len(changes) && changes[i+1].at == c.at {
			continue
		}
		t.counter(c.at, "running", map[string]any{"running": now.running})
		if c.passed+c.failed > 0 {
			t.counter(c.at, "verdicts", map[string]any{"passed": now.passed, "failed": now.failed})
		}
	}
}

func (t *trace) counter(at int64, name string, args map[string]any) {
	t.add(event{Name: name, Phase: "C", Time: at, Process: runProcess, Args: args})
}

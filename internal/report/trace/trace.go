// Package trace writes a run in Chrome's trace event format, for Perfetto and chrome://tracing: a process is a pod, a
// thread one of its slots, an event an attempt of a test. It is pure: no clock, no cluster.
package trace

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/podtest/podtest/internal/report/facts"
)

// event is an event of the format. Times are in microseconds.
type event struct {
	Name     string         `json:"name"`
	Category string         `json:"cat,omitempty"`
	Phase    string         `json:"ph"` // X: it lasts; M: metadata; C: counters
	Time     int64          `json:"ts"`
	Length   *int64         `json:"dur,omitempty"`
	Process  int            `json:"pid"`
	Thread   int            `json:"tid"`
	Args     map[string]any `json:"args,omitempty"`
	Color    string         `json:"cname,omitempty"`
}

type trace struct {
	Events  []event        `json:"traceEvents"`
	Unit    string         `json:"displayTimeUnit"`
	Of      map[string]any `json:"otherData"`
	run     *facts.Run
	threads int     // made so far: their numbers are one process's only
	slots   [][]int // threads, by pod and slot
}

// Process 1 is the run itself, process 2 its first pod.
const (
	runProcess = 1
	firstPod   = 2
)

// Write writes the trace of a run.
func Write(w io.Writer, run *facts.Run) error {
	t := &trace{Unit: "ms", run: run, slots: make([][]int, len(run.Pods)), Of: map[string]any{
		"run": run.Namespace.String() + "/" + run.Name.String(), "uid": run.UID.String(), "verdict": run.Verdict,
		"start": run.Start.UTC().Format(time.RFC3339),
	}}
	t.process(runProcess, "run "+run.Name.String())
	t.path()
	t.counters()
	for i := range run.Pods {
		t.pod(i)
	}
	t.attempts()
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(t); err != nil {
		return fmt.Errorf("writing the trace: %w", err)
	}
	return nil
}

func (t *trace) add(e event) { t.Events = append(t.Events, e) }

// at is a moment on the trace's clock, which begins with the run; the clock of a node may be before ours.
func (t *trace) at(moment time.Time) int64 { return max(0, moment.Sub(t.run.Start).Microseconds()) }

// lasting adds an event that lasts.
func (t *trace) lasting(e event, from, to time.Time) {
	e.Phase, e.Time = "X", t.at(from)
	e.Length = new(max(0, t.at(to)-e.Time))
	t.add(e)
}

func (t *trace) process(number int, name string) {
	t.add(event{Name: "process_name", Phase: "M", Process: number, Args: map[string]any{"name": name}})
	t.add(event{Name: "process_sort_index", Phase: "M", Process: number, Args: map[string]any{"sort_index": number}})
}

func (t *trace) thread(process int, name string) int {
	t.threads++
	n := t.threads
	t.add(event{Name: "thread_name", Phase: "M", Process: process, Thread: n, Args: map[string]any{"name": name}})
	t.add(event{
		Name: "thread_sort_index", Phase: "M", Process: process, Thread: n, Args: map[string]any{"sort_index": n},
	})
	return n
}

// path is a row of what determined the run's length.
func (t *trace) path() {
	row := t.thread(runProcess, "critical path")
	for _, s := range t.run.Path {
		name := string(s.Kind)
		if s.Kind == facts.Testing {
			name = t.run.Tests[s.Test].String()
		}
		t.lasting(event{Name: name, Category: string(s.Kind), Process: runProcess, Thread: row}, s.From, s.To)
	}
}

// pod is a pod: a row of its phases, and one for each slot.
func (t *trace) pod(i int) {
	p, number := &t.run.Pods[i], firstPod+i
	t.process(number, p.Name.String())
	row := t.thread(number, "pod")
	args := map[string]any{"node": p.Node.String(), "class": p.Class.String()}
	if p.Lost() {
		args["end"], args["message"] = p.Cause.String(), p.Message.String()
	}
	for _, phase := range p.Phases(t.run.End) {
		t.lasting(event{
			Name: phase.Name, Category: "pod", Process: number, Thread: row, Args: args,
		}, phase.From, phase.To)
	}
	for s := range p.Slots {
		t.slots[i] = append(t.slots[i], t.thread(number, fmt.Sprintf("slot %d", s+1)))
	}
}

// attempts are all that are known to have run in a slot.
func (t *trace) attempts() {
	for i := range t.run.Tests {
		test := &t.run.Tests[i]
		for j := range test.Attempts {
			a := &test.Attempts[j]
			if a.Slot < 0 {
				continue
			}
			t.lasting(event{
				Name: test.String(), Category: a.Outcome, Process: firstPod + a.Pod, Thread: t.slots[a.Pod][a.Slot],
				Color: colors[a.Outcome], Args: arguments(a),
			}, a.Start, a.End())
		}
	}
}

// colors are names that the viewers know.
var colors = map[string]string{
	"passed": "good", "skipped": "grey", "failed": "terrible", "crashed": "terrible", "timedOut": "bad",
	"oomKilled": "black",
}

func arguments(a *facts.Attempt) map[string]any {
	args := map[string]any{"outcome": a.Outcome, "attempt": a.Number}
	if a.Outcome == facts.Running {
		return args
	}
	args["peakRssKiB"], args["cpuUs"] = a.Row.PeakRSS, a.Row.CPU
	if a.Why != "" {
		args["why"] = a.Why
	}
	return args
}

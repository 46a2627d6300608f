package html

import (
	"encoding/json"
	"fmt"
	"html/template"
	"time"

	"github.com/podtest/podtest/internal/report/facts"
)

// data is what the script reads: all tests, in few bytes. Times are microseconds since the run's start.
type data struct {
	Start    int64    `json:"start"` // milliseconds since 1970
	Length   int64    `json:"length"`
	Over     bool     `json:"over"`
	Command  string   `json:"command"` // with VERB where the verb is
	Binaries []string `json:"binaries"`
	Outcomes []string `json:"outcomes"`
	Whys     []string `json:"whys"`
	Pods     []pod    `json:"pods"`
	Path     [][5]any `json:"path"` // kind, from, to, pod, place in Tests
	Tests    []row    `json:"tests"`
	// Outputs are those of attempts that the page does not show itself, by ordinal and attempt.
	Outputs map[uint32]map[int]kept `json:"outputs"`
}

// pod is name, node, class, slots, created, scheduled, started, finished, cause, message, whether it was lost.
type pod [11]any

// row is a test: how much its ordinal is above that of the test before, binary, name, outcome, flags, why, deciding
// attempt, and of each attempt number, outcome, why, pod, slot, start, length, CPU, KiB of memory.
type row [8]any

// Flags of a row.
const (
	flaky = 1 << iota
	slow
	leaky
)

// kept is what an attempt printed: of each stream its name, head, bytes cut, tail.
type kept struct {
	Excerpt string   `json:"excerpt,omitempty"`
	Streams [][4]any `json:"streams,omitempty"`
}

// encoder numbers what is said often.
type encoder struct {
	data
	run   *facts.Run
	known [3]map[string]int // binaries, outcomes, whys
}

// encode makes the script's data; of the failures that the page does not show, and of flaky tests, with outputs.
func encode(run *facts.Run, rest []*facts.Test, limit int) (template.JS, error) {
	e := encoder{run: run, known: [3]map[string]int{{}, {}, {}}, data: data{
		Start: run.Start.UnixMilli(), Length: run.Length().Microseconds(), Over: run.Over,
		Command: run.Commands.About("VERB"), Outputs: map[uint32]map[int]kept{},
	}}
	for i := range run.Pods {
		p := &run.Pods[i]
		e.Pods = append(e.Pods, pod{
			p.Name.String(), p.Node.String(), p.Class.String(), p.Slots, e.at(p.Created), e.at(p.Scheduled), e.at(p.Started),
			e.at(p.Finished), p.Cause.String(), p.Message.String(), p.Lost(),
		})
	}
	for _, s := range run.Path {
		place := -1
		if s.Kind == facts.Testing {
			place = s.Test
		}
		e.Path = append(e.Path, [5]any{s.Kind, e.at(s.From), e.at(s.To), s.Pod, place})
	}
	last := uint32(0)
	for i := range run.Tests {
		t := &run.Tests[i]
		e.Tests = append(e.Tests, e.row(t, t.Ordinal-last))
		last = t.Ordinal
	}
	e.outputs(append(rest, run.Flaky()...), limit)
	text, err := json.Marshal(e.data) // escapes what could end the element
	if err != nil {
		return "", fmt.Errorf("encoding the tests: %w", err)
	}
	return template.JS(text), nil
}

// at is nil for a moment that is not known.
func (e *encoder) at(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return t.Sub(e.run.Start).Microseconds()
}

const (
	binaries = iota
	outcomes
	whys
)

func (e *encoder) number(list int, text string) int {
	n, ok := e.known[list][text]
	if ok {
		return n
	}
	to := [3]*[]string{&e.Binaries, &e.Outcomes, &e.Whys}[list]
	n = len(*to)
	*to = append(*to, text)
	e.known[list][text] = n
	return n
}

func (e *encoder) row(t *facts.Test, delta uint32) row {
	flags := 0
	for flag, set := range map[int]bool{flaky: t.Flaky && !t.Bad(), slow: t.Slow, leaky: t.Leaky} {
		if set {
			flags |= flag
		}
	}
	attempts := make([]any, 0, 9*len(t.Attempts))
	for i := range t.Attempts {
		a := &t.Attempts[i]
		attempts = append(attempts, a.Number, e.number(outcomes, a.Outcome), e.number(whys, a.Why), a.Pod, a.Slot,
			e.at(a.Start), a.Length.Microseconds(), a.Row.CPU, a.Row.PeakRSS)
	}
	return row{
		delta, e.number(binaries, t.Binary.String()), t.Name.String(), e.number(outcomes, t.Outcome), flags,
		e.number(whys, t.Why), t.Deciding, attempts,
	}
}

// outputs puts in what attempts of these tests printed, while there is room.
func (e *encoder) outputs(tests []*facts.Test, limit int) {
	room := outputOfAll
	for _, t := range tests {
		share := t.Share(limit)
		for i := range t.Attempts {
			a := &t.Attempts[i]
			k := kept{Excerpt: a.Excerpt.String()}
			for _, s := range a.Streams {
				cut := s.Within(share)
				k.Streams = append(k.Streams, [4]any{s.Name, cut.Head.String(), cut.Dropped, cut.Tail.String()})
				room -= len(cut.Head.String()) + len(cut.Tail.String())
			}
			if room < 0 {
				return
			}
			if k.Excerpt == "" && k.Streams == nil {
				continue
			}
			if e.Outputs[t.Ordinal] == nil {
				e.Outputs[t.Ordinal] = map[int]kept{}
			}
			e.Outputs[t.Ordinal][a.Number] = k
		}
	}
}

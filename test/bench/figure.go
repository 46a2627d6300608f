package main

import (
	"fmt"
	"slices"
)

// figure is one thing measured several times.
type figure struct {
	Bench   string   `json:"bench"`
	Name    string   `json:"name"`
	Unit    string   `json:"unit"`
	Samples []sample `json:"samples"`
	// NeedsQuiet: times are worth little when others are at work, CPU times too: caches are shared. Memory is not.
	NeedsQuiet bool   `json:"needsQuiet,omitempty"`
	Gate       *gate  `json:"gate,omitempty"`
	Note       string `json:"note,omitempty"`
}

// sample is one value, and whether the machine was quiet just before it was taken.
type sample struct {
	Value float64 `json:"value"`
	Quiet bool    `json:"quiet"`
}

// gate is what a figure should be at most. It is shown; nothing fails for it.
type gate struct {
	Most  float64 `json:"most"`
	Worst bool    `json:"worst,omitempty"` // holds for the worst sample, not the median
}

func atMost(most float64) *gate     { return &gate{Most: most} }
func neverAbove(most float64) *gate { return &gate{Most: most, Worst: true} }

// enoughQuiet is how many quiet samples settle a figure that needs them.
const enoughQuiet = 3

func (f figure) quietSamples() []sample {
	return slices.DeleteFunc(slices.Clone(f.Samples), func(s sample) bool { return !s.Quiet })
}

// settled reports whether the figure can be believed.
func (f figure) settled() bool { return !f.NeedsQuiet || len(f.quietSamples()) >= enoughQuiet }

// sorted are the samples that count: of a figure that needs quiet only the quiet ones, if there are enough.
func (f figure) sorted() []float64 {
	counted := f.Samples
	if f.NeedsQuiet && f.settled() {
		counted = f.quietSamples()
	}
	values := make([]float64, len(counted))
	for i, s := range counted {
		values[i] = s.Value
	}
	slices.Sort(values)
	return values
}

func (f figure) min() float64 { return slices.Min(f.sorted()) }
func (f figure) max() float64 { return slices.Max(f.sorted()) }

func (f figure) median() float64 {
	v := f.sorted()
	n := len(v)
	return (v[(n-1)/2] + v[n/2]) / 2
}

// verdict is the gate in words.
func (f figure) verdict() string {
	if f.Gate == nil {
		return ""
	}
	value, of := f.median(), ""
	if f.Gate.Worst {
		value, of = f.max(), "max "
	}
	met := "not met"
	switch {
	case !f.settled():
		met = "not settled"
	case value <= f.Gate.Most:
		met = "met"
	}
	return fmt.Sprintf("gate %s≤ %s, %s", of, number(f.Gate.Most), met)
}

// quiet tells how many samples of a figure that needs quiet had it.
func (f figure) quiet() string {
	if !f.NeedsQuiet {
		return ""
	}
	return fmt.Sprintf("%d of %d", len(f.quietSamples()), len(f.Samples))
}

// number has three digits that mean something.
func number(v float64) string {
	switch {
	case v >= 100 || v <= -100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10 || v <= -10:
		return fmt.Sprintf("%.1f", v)
	case v >= 1 || v <= -1:
		return fmt.Sprintf("%.2f", v)
	default:
		return fmt.Sprintf("%.3f", v)
	}
}

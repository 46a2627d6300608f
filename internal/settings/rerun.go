package settings

import (
	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/catalog"
)

// Standing is what is known of a test from the runs before.
type Standing uint8

// What is known of a test: nothing, or how it stands after the last run that selected it.
const (
	Unknown Standing = iota
	HasPassed
	HasFailed
	HasNotRun
)

// Before is what a rerun knows of the runs before it: of each test that any of them selected, by binary id and name.
type Before struct {
	Tests map[string]map[string]Standing
}

// Learn adds how a test stands after a run that selected it; what the runs before that one said no longer counts.
func (b *Before) Learn(binary, name string, s Standing) {
	if b.Tests == nil {
		b.Tests = map[string]map[string]Standing{}
	}
	if b.Tests[binary] == nil {
		b.Tests[binary] = map[string]Standing{}
	}
	b.Tests[binary][name] = s
}

// again tells which tests a rerun does not leave out. Outstanding is nextest's rule: what is not known to have passed
// is run again, new tests with it.
func (b *Before) again(spec *v1alpha1.Rerun) func(binary, name string) bool {
	if b == nil || spec == nil {
		return func(string, string) bool { return true }
	}
	return func(binary, name string) bool {
		switch s := b.Tests[binary][name]; spec.Tests {
		case v1alpha1.RerunFailed:
			return s == HasFailed
		case v1alpha1.RerunNotRun:
			return s == HasNotRun
		default:
			return s != HasPassed
		}
	}
}

// outstanding is how many tests that have not passed yet a run does not select.
func (b *Before) outstanding(cat *catalog.Catalog, reasons []Reason) int {
	if b == nil {
		return 0
	}
	n := 0
	for _, tests := range b.Tests {
		for _, s := range tests {
			if s != HasPassed {
				n++
			}
		}
	}
	for i, why := range reasons {
		t := cat.Tests[i]
		if s := b.Tests[cat.Binaries[t.Binary].ID][t.Name]; why == Selected && s != HasPassed && s != Unknown {
			n--
		}
	}
	return n
}

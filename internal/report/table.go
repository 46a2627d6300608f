package report

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"time"
)

// WriteResultNames writes the binary id and the name of a test a line.
func WriteResultNames(w io.Writer, results []Result) error {
	for _, r := range results {
		if _, err := fmt.Fprintf(w, "%s %s\n", Line(r.Binary), Line(r.Name)); err != nil {
			return err
		}
	}
	return nil
}

// Orders are the orders that results can be brought into, beside that of the catalog.
var Orders = []string{"name", "duration", "memory", "cpu"}

// Sort brings results into an order: by name, or the largest first. What is alike stays in the order of the catalog.
func Sort(results []Result, by string) {
	slices.SortStableFunc(results, func(a, b Result) int {
		switch by {
		case "name":
			return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.Binary, b.Binary))
		case "duration":
			return cmp.Compare(b.DurationUs, a.DurationUs)
		case "memory":
			return cmp.Compare(b.PeakRSSKiB, a.PeakRSSKiB)
		case "cpu":
			return cmp.Compare(b.CPUUs, a.CPUUs)
		}
		return 0
	})
}

// Table says how results are laid out.
type Table struct {
	Wide      bool // CPU, memory, class and node too
	NoHeaders bool
}

// Write writes a line a test, for people. The test stands last but one, for it may be long, and pods are alike.
func (t Table) Write(w io.Writer, results []Result) error {
	head := []string{"OUTCOME", "DURATION", "ATTEMPTS", "BINARY", "TEST", "POD"}
	if t.Wide {
		head = []string{"OUTCOME", "DURATION", "CPU", "MEMORY", "ATTEMPTS", "CLASS", "BINARY", "TEST", "POD", "NODE"}
	}
	var rows [][]string
	if !t.NoHeaders {
		rows = append(rows, head)
	}
	for _, r := range results {
		word, tries := r.Outcome, fmt.Sprint(r.Attempts)
		if r.Flaky {
			word += " (flaky)"
		}
		took, binary, name, pod := tookIn(r), Line(r.Binary).s, Line(r.Name).s, Line(r.Pod).s
		row := []string{word, took, tries, binary, name, pod}
		if t.Wide {
			cpu := time.Duration(r.CPUUs) * time.Microsecond
			row = []string{
				word, took, cpuTime(cpu), memory(r.PeakRSSKiB), tries, Line(r.Class).s, binary, name, pod, Line(r.Node).s,
			}
		}
		rows = append(rows, row)
	}
	_, err := io.WriteString(w, aligned(rows))
	return err
}

// tookIn is a dash for a test that was never started.
func tookIn(r Result) string {
	if r.Attempts == 0 {
		return "-"
	}
	return took(r.Duration())
}

func took(d time.Duration) string { return fmt.Sprintf("%.3fs", d.Seconds()) }

// cpuTime is a dash if it is not known.
func cpuTime(d time.Duration) string {
	if d == 0 {
		return "-"
	}
	return took(d)
}

// memory is an amount as Kubernetes writes it, a dash if it is not known.
func memory(kib uint64) string {
	const mebi, gibi = 1 << 10, 1 << 20
	switch {
	case kib == 0:
		return "-"
	case kib < mebi:
		return fmt.Sprintf("%dKi", kib)
	case kib < gibi:
		return fmt.Sprintf("%.1fMi", float64(kib)/mebi)
	}
	return fmt.Sprintf("%.2fGi", float64(kib)/gibi)
}

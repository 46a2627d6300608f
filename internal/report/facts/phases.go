package facts

import "time"

// Phase is a part of a pod's life.
type Phase struct {
	Name     string // pending, starting or running
	From, To time.Time
}

// Phases are the parts of a pod's life whose beginning is known, until the run's end at the latest.
func (p *Pod) Phases(end time.Time) []Phase {
	marks := []Phase{
		{"pending", p.Created, p.Scheduled}, {"starting", p.Scheduled, p.Started}, {"running", p.Started, p.Finished},
	}
	var phases []Phase
	for i, m := range marks {
		if m.From.IsZero() {
			continue
		}
		for _, next := range marks[i:] {
			if m.To.IsZero() {
				m.To = next.To
			}
		}
		if m.To.IsZero() {
			m.To = end
		}
		if m.To.After(m.From) {
			phases = append(phases, m)
		}
	}
	return phases
}

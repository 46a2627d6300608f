package controllers

import (
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/wire"
)

// lastWords are what a reporter left in its termination message: rows that no collector acknowledged, and attempts that
// were running. What cannot be read tells nothing: its tests have no verdict, and run again.
func lastWords(message string) ([]outcome.Row, []plan.Held) {
	w, err := wire.ParseLastWords([]byte(message))
	if err != nil {
		return nil, nil
	}
	var lost []plan.Held
	for _, h := range w.Lost {
		lost = append(lost, plan.Held{Ordinal: h.Ordinal, Attempt: h.Attempt, Started: true})
	}
	return w.Rows, lost
}

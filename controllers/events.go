package controllers

import (
	"time"

	"github.com/podtest/podtest/api/v1alpha1"
)

// maxNote is the longest note that the events API takes.
const maxNote = 1024

// tell records an event of a run: something that has happened, once, after it was written down.
func (r *TestRunReconciler) tell(run *v1alpha1.TestRun, kind, reason, action, note string) {
	r.Events.Eventf(run, nil, kind, reason, action, "%s", cut(note, maxNote))
}

func seconds(n int32) time.Duration { return time.Duration(n) * time.Second }

package manifest

import (
	"fmt"
	"time"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/plan"
)

// SetCounts has a run's status show its numbers.
func SetCounts(st *v1alpha1.TestRunStatus, c plan.Counts) {
	st.Tests = v1alpha1.TestCounts{
		Listed: int64(c.Selected + c.NotSelected), Selected: int64(c.Selected), NotSelected: int64(c.NotSelected),
		Passed: int64(c.Passed), Failed: int64(c.Failed), Flaky: int64(c.Flaky), TimedOut: int64(c.TimedOut),
		Crashed: int64(c.Crashed), OOMKilled: int64(c.OOMKilled), Skipped: int64(c.Skipped),
		Unsuccessful: int64(c.Failed + c.TimedOut + c.Crashed + c.OOMKilled),
		Pending:      int64(c.Pending), Running: int64(c.Running), Retried: int64(c.Retried),
		Interrupted: int64(c.Interrupted), Discarded: int64(c.Discarded),
	}
	st.Workers = v1alpha1.WorkerCounts{
		Starting: int32(c.WorkersStarting), Running: int32(c.WorkersRunning),
		Finished: int32(c.WorkersFinished), Lost: int32(c.WorkersLost),
	}
	st.Progress = fmt.Sprintf("%d/%d", c.Selected-c.Pending, c.Selected)
}

// Duration is d for people: tenths below a minute, seconds above.
func Duration(d time.Duration) string {
	if d < 0 {
		d = 0
	}
	if d < time.Minute {
		return d.Round(100 * time.Millisecond).String()
	}
	return d.Round(time.Second).String()
}

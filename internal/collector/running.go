package collector

import (
	"cmp"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podtest/podtest/api/v1alpha1"
)

// shownRunning is how many tests that run a TestRun's status shows.
const shownRunning = 16

// begins notes that an attempt of this worker has begun: now, unless it is known to have begun before. What an earlier
// leader has written of it holds; what it had no room for begins when its reporter announces it to this leader.
func (l *ledger) begins(a attempt) {
	if l.held[a].IsZero() {
		l.held[a] = l.of.beganAt(l, a)
	}
}

func (r *Run) beganAt(l *ledger, a attempt) time.Time {
	for _, t := range r.run.Status.Running {
		if t.Ordinal == int64(a.ordinal) && t.Attempt == int32(a.number) && t.Pod == l.podName() {
			return t.StartTime.Time
		}
	}
	return r.now()
}

// running is an attempt that runs.
type running struct {
	attempt
	began time.Time
	pod   string
}

func byStart(a, b running) int {
	return cmp.Or(
		a.began.Compare(b.began), cmp.Compare(a.ordinal, b.ordinal), cmp.Compare(a.number, b.number),
		cmp.Compare(a.pod, b.pod),
	)
}

// Running are the tests that run and began first, at most 16, longest first. None do when the run has its verdict.
func (r *Run) Running() []v1alpha1.RunningTest {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.frozen {
		return nil
	}
	var first []running
	for _, l := range r.ledgers {
		if l.sealed || l.end != nil {
			continue
		}
		for a, began := range l.held {
			if !began.IsZero() {
				first = insert(first, running{a, began, l.podName()}, shownRunning, byStart)
			}
		}
	}
	var shown []v1alpha1.RunningTest
	for _, t := range first {
		shown = append(shown, v1alpha1.RunningTest{
			Ordinal: int64(t.ordinal), Attempt: int32(t.number), Test: r.shownName(t.ordinal), Pod: t.pod,
			StartTime: metav1.NewMicroTime(t.began.Truncate(time.Microsecond)),
		})
	}
	return shown
}

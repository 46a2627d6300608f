package collector

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
)

// Close records how a batch's worker ended, with rows that came another way (its termination message), and those that
// follow from the end (State.Judge), in one write, then tells the State. What the seal told as lost is added to the
// end, and if there was no seal, whatever had begun. Closing a closed batch does nothing.
func (r *Run) Close(
	ctx context.Context, batch string, pod v1alpha1.BatchPod, end plan.End, late []outcome.Row,
) error {
	l, err := r.prepareEnd(batch, pod, end, late)
	if err != nil || l == nil {
		return err
	}
	return l.save(ctx)
}

func (r *Run) prepareEnd(
	batch string, pod v1alpha1.BatchPod, end plan.End, late []outcome.Row,
) (*ledger, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.ledgers[batch]
	switch {
	case r.dropped:
		return nil, errReopened
	case l == nil:
		return nil, fmt.Errorf("batch %s is not known", batch)
	case l.ended:
		return nil, nil
	}
	if pod.UID != "" || l.pod == nil {
		l.pod = &pod
	}
	failures := len(r.failures.all)
	r.takeLate(l, late)
	end.Lost = l.lost(end.Lost)
	end.Message = l.message(end)
	if !r.frozen {
		r.takeLate(l, r.state.Judge(l.index, end))
	}
	l.end = storedEnd(end)
	l.cancelPoll()
	l.touch(false)
	r.tell(true, failures == 0 && len(r.failures.all) > 0)
	return l, nil
}

// takeLate records rows that did not come by the collector. Those that did as well are not counted twice.
func (r *Run) takeLate(l *ledger, rows []outcome.Row) {
	if r.frozen || len(rows) == 0 {
		return
	}
	known := l.known()
	for _, row := range rows {
		if !known[attemptOf(row)] {
			known[attemptOf(row)] = true
			r.result(l, row, "")
		}
	}
}

// message is what is to be said of an end: what is known of the pod, and what the reporter said of its runner.
func (l *ledger) message(end plan.End) string {
	if l.seal == nil || l.seal.Died == "" || strings.Contains(end.Message, l.seal.Died) ||
		end.Cause == plan.Finished || end.Cause == plan.RunEnded {
		return end.Message
	}
	if end.Message == "" {
		return l.seal.Died
	}
	return end.Message + ": " + l.seal.Died
}

func storedEnd(e plan.End) *v1alpha1.BatchEnd {
	stored := &v1alpha1.BatchEnd{Cause: string(e.Cause), Message: cut(e.Message, maxExcerpt)}
	for _, h := range e.Lost {
		stored.Lost = append(stored.Lost, v1alpha1.LostAttempt{Ordinal: int64(h.Ordinal), Attempt: int32(h.Attempt)})
	}
	return stored
}

func endOf(stored *v1alpha1.BatchEnd) plan.End {
	e := plan.End{Cause: plan.Cause(stored.Cause), Message: stored.Message}
	for _, l := range stored.Lost {
		e.Lost = append(e.Lost, plan.Held{Ordinal: uint32(l.Ordinal), Attempt: uint16(l.Attempt), Started: true})
	}
	return e
}

func byAttempt(a, b plan.Held) int {
	return cmp.Or(cmp.Compare(a.Ordinal, b.Ordinal), cmp.Compare(a.Attempt, b.Attempt))
}

package collector

import (
	"slices"

	"github.com/podtest/podtest/api/v1alpha1"
	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
)

// merge takes in what another leader has stored of the batch: the union of both, by attempt, where what is stored
// wins. All messages up to a stored acked are in the stored rows, so the higher of the two numbers holds for the union.
// It is false if the other leader has ended the batch without something that this one has counted: then this
// memory of the run is not to be trusted. Call with the lock held.
func (l *ledger) merge(live *v1alpha1.TestBatch, rows []outcome.Row) (clean bool) {
	ours := l.rows
	mine, theirs := keysOf(ours), keysOf(rows)
	l.rows = slices.Clone(rows)
	for _, row := range rows {
		if !mine[attemptOf(row)] {
			l.adopt(row)
		}
	}
	extra := 0
	for _, row := range ours {
		if !theirs[attemptOf(row)] {
			l.rows = append(l.rows, row)
			extra++
		}
	}
	end := live.Status.End
	l.mergeRest(&live.Status)
	l.stored = kept(live)
	if end != nil {
		l.conclude(end)
		return extra == 0
	}
	return true
}

// adopt tells the State of a row that another leader has recorded.
func (l *ledger) adopt(row outcome.Row) {
	r := l.of
	delete(l.held, attemptOf(row))
	if at := slices.IndexFunc(l.refused, func(x outcome.Row) bool { return attemptOf(x) == attemptOf(row) }); at >= 0 {
		l.refused = slices.Delete(l.refused, at, at+1)
		l.discarded--
	}
	if !r.frozen && r.state.Report(l.index, row, r.now()) == plan.Accepted {
		r.note(l, row, "")
	}
}

func (l *ledger) mergeRest(s *v1alpha1.TestBatchStatus) {
	l.unread = false
	l.received = max(l.received, s.Acked)
	l.discarded = max(l.discarded, s.Discarded)
	l.sealed = l.sealed || s.Sealed
	if s.Pod != nil {
		l.pod = s.Pod.DeepCopy()
	}
	known := map[[2]int64]bool{}
	failures := slices.Clone(s.Failures)
	for _, f := range failures {
		known[[2]int64{f.Ordinal, int64(f.Attempt)}] = true
	}
	for _, f := range l.failures {
		if !known[[2]int64{f.Ordinal, int64(f.Attempt)}] && len(failures) < maxFailures {
			failures = append(failures, f)
		}
	}
	l.failures = failures
}

func keysOf(rows []outcome.Row) map[attempt]bool {
	keys := make(map[attempt]bool, len(rows))
	for _, row := range rows {
		keys[attemptOf(row)] = true
	}
	return keys
}

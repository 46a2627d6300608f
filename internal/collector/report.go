package collector

import (
	"context"

	"github.com/podtest/podtest/internal/outcome"
	"github.com/podtest/podtest/internal/plan"
	"github.com/podtest/podtest/internal/wire"
)

// report takes in what a reporter tells. What is acknowledged is durable; with Wait, all of it.
func (r *Run) report(ctx context.Context, c Caller, req wire.Report) (wire.ReportReply, error) {
	if err := checkMessages(req.Messages); err != nil {
		return wire.ReportReply{}, err
	}
	l, err := r.takeAll(c, req)
	if err != nil {
		return wire.ReportReply{}, err
	}
	if req.Wait {
		if err := l.save(ctx); err != nil {
			return wire.ReportReply{}, err
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return wire.ReportReply{Acked: l.acked()}, nil
}

func checkMessages(messages []wire.Message) error {
	for i, m := range messages {
		switch {
		case m.Seq < 1 || (i > 0 && m.Seq != messages[i-1].Seq+1):
			return badRequest("messages are numbered from 1, one by one")
		case m.Kind == wire.KindStarted:
		case m.Kind == wire.KindResult && m.Row != nil:
		case m.Kind == wire.KindSeal && m.Seal != nil:
		default:
			return badRequest("a message of an unknown kind, or with nothing in it")
		}
	}
	return nil
}

func (r *Run) takeAll(c Caller, req wire.Report) (*ledger, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	l, err := r.enter(c, req.Epoch)
	if err != nil {
		return nil, err
	}
	if len(req.Messages) > 0 && req.Messages[0].Seq > l.received+1 {
		l.unread = true // another leader may have written what came before
		return nil, errGap
	}
	refused, failed := l.discarded, len(r.failures.all)
	var n news
	for _, m := range req.Messages {
		if m.Seq > l.received {
			r.take(l, m, &n)
		}
	}
	if n.record || n.urgent {
		l.touch(n.urgent)
	}
	r.tell(n.rouse || l.discarded != refused, failed == 0 && len(r.failures.all) > 0)
	return l, nil
}

// news is what messages have brought: work for others, rows to be written, the end of a ledger.
type news struct{ rouse, record, urgent bool }

// take takes one message in.
func (r *Run) take(l *ledger, m wire.Message, n *news) {
	l.received = m.Seq
	l.version++
	switch m.Kind {
	case wire.KindStarted:
		r.started(l, m.Started)
	case wire.KindResult:
		r.result(l, *m.Row, m.Excerpt)
		n.rouse = n.rouse || !m.Row.Outcome.Good()
		select {
		case l.nudge <- struct{}{}:
		default:
		}
		n.record = true
	case wire.KindSeal:
		l.close(m.Seal)
		if l.sealed {
			r.state.Sealed(l.index, r.now())
		}
		n.urgent = true
	}
}

// tell has waiting workers answered anew if that may help, and the reconciler look again. Call with the lock held.
func (r *Run) tell(rouse, urgent bool) {
	done := r.state.Counts().Pending == 0
	if r.state.TakeRouse() || rouse || done {
		r.rouse()
	}
	if urgent || done {
		r.runs.notices.now(r.name())
		return
	}
	r.runs.notices.soon(r.name())
}

func (r *Run) started(l *ledger, told []wire.Held) {
	for _, h := range told {
		l.begins(attempt{h.Ordinal, h.Attempt})
	}
	if !r.frozen {
		r.state.Started(l.index, heldOf(told), r.now())
	}
}

// result records a row, or counts it as discarded.
func (r *Run) result(l *ledger, row outcome.Row, excerpt string) {
	delete(l.held, attemptOf(row))
	took := plan.Duplicate
	switch {
	case r.frozen:
	case len(l.rows) >= maxRows:
		took = plan.Unknown
	default:
		took = r.state.Report(l.index, row, r.now())
	}
	if took != plan.Accepted {
		l.refuse(row)
		results.WithLabelValues("discarded").Inc()
		return
	}
	results.WithLabelValues(row.Outcome.String()).Inc()
	l.add(row, excerpt)
	r.note(l, row, excerpt)
}

// note keeps a verdict that the row has brought for the run's status.
func (r *Run) note(l *ledger, row outcome.Row, excerpt string) {
	final, ok := r.state.Verdict(row.Ordinal)
	if !ok {
		return
	}
	r.slowest.add(final)
	if !final.Outcome.Good() {
		r.failures.add(failed{row: final, pod: l.podName(), message: cut(excerpt, maxExcerpt)})
	}
}

// close takes in a seal. One that does not agree with the ledger leaves it open: the worker's end will be a bad one.
func (l *ledger) close(s *wire.Seal) {
	if l.sealed {
		return
	}
	l.seal = s
	if trouble := l.verify(s); trouble != "" {
		log.Info("seal does not agree with the ledger", "batch", l.batch.Name, "in", trouble,
			"sent", s.Count, "rows", len(l.rows), "discarded", l.discarded)
		return
	}
	l.sealed = true
	if l.spool != nil {
		l.spool.hurry()
	}
}

func (l *ledger) podName() string {
	if l.pod != nil {
		return l.pod.Name
	}
	return l.batch.Name
}

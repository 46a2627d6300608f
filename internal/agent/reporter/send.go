package reporter

import (
	"context"
	"time"

	"github.com/podtest/podtest/internal/wire"
)

// sendResults sends what is new until the book is closed and all of it acknowledged.
func (r *reporter) sendResults(ctx context.Context) error {
	var pause pause
	for {
		if err := r.book.awaitDue(ctx); err != nil {
			return err
		}
		if r.book.settled() {
			return nil
		}
		last, acked, err := r.sendBatch(ctx)
		if err != nil {
			return err
		}
		r.book.answered(last, acked)
		if err := r.repeat(ctx, acked < last, &pause); err != nil {
			return err
		}
	}
}

// sendBatch sends one batch; last is the number of its last message.
func (r *reporter) sendBatch(ctx context.Context) (last, acked int64, err error) {
	var reply wire.ReportReply
	err = r.session.call(ctx, wire.PathReport, func(epoch string) any {
		messages, wait := r.book.batch()
		if len(messages) > 0 {
			last = messages[len(messages)-1].Seq
		}
		return wire.Report{Version: wire.Version, Epoch: epoch, Wait: wait, Messages: messages}
	}, &reply)
	return last, reply.Acked, err
}

// repeat sends again, after a pause, what should have been durable and is not.
func (r *reporter) repeat(ctx context.Context, missing bool, p *pause) error {
	if _, final := r.book.batch(); !final || !missing {
		return nil
	}
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-time.After(p.next()):
	}
	r.book.again()
	return nil
}

// bringCatalog brings all parts of a catalog, from the first one again if the collector changes meanwhile, and tells
// the runner when it is stored.
func (r *reporter) bringCatalog(ctx context.Context, n *runner, parts []wire.Catalog) {
	for i := 0; i < len(parts); {
		began := ""
		err := r.session.call(ctx, wire.PathCatalog, func(epoch string) any {
			if began != "" && began != epoch {
				i = 0
			}
			began = epoch
			part := parts[i]
			part.Epoch = epoch
			return part
		}, nil)
		if err != nil {
			return
		}
		i++
	}
	_ = n.send(wire.ToRunner{Done: &wire.Done{}})
}
